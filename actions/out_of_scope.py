"""out_of_scope: what the bot is unsure of or cannot do. It asks back once, then hands over."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.human_agent import hand_over
from actions.inform import ActionProductNamed, goes_on
from actions.turn import HUMAN, UNSURE, Turn, TurnAction
from actions.wording import button, faq_title, wording

READINGS = 3  # offered at most


class ActionAskBack(TurnAction):
    """First unsure turn: the likeliest readings as buttons, and a human. The second: a human."""

    def name(self) -> str:
        return "action_ask_back"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if turn.intent != "out_of_scope" and goes_on(turn):
            return await ActionProductNamed().act(say, turn)
        if _unsure_before(turn):
            return await hand_over(say, turn)
        human = button("human", HUMAN)
        told = _tell_settled(say, turn)
        if turn.intent == "out_of_scope":
            say.utter_message(response="utter_out_of_scope")
        elif readings := likely_readings(turn):
            say.utter_message(response="utter_ask_back", buttons=[*readings, human])
        else:
            say.utter_message(response="utter_ask_rephrase", buttons=[human])
        return told


def _tell_settled(say: CollectingDispatcher, turn: Turn) -> list[EventType]:
    """What is unclear after an agent was there may well be about what was settled: it is told once."""
    if not turn.settled or turn.slot("settled_told") == turn.settled:
        return []
    say.utter_message(response="utter_settled", settled=turn.settled)
    return [SlotSet("settled_told", turn.settled)]


def likely_readings(turn: Turn) -> list[dict[str, str]]:
    """Buttons for the two or three likeliest readings of the message."""
    titles = wording()["readings"]
    buttons: list[dict[str, str]] = []
    for intent in turn.ranking:
        if intent == "faq":
            # Two topics where a question is the likeliest of all, else one: it shall not crowd the rest out.
            topics = turn.faq_topics[: 1 if buttons else 2]
            asked = [(faq_title(topic), f"/faq/{topic}") for topic in topics]
            buttons += [{"title": title, "payload": payload} for title, payload in asked if title]
        elif intent in titles:
            buttons.append({"title": titles[intent], "payload": f"/{intent}"})
    return buttons[:READINGS]


def _unsure_before(turn: Turn) -> bool:
    """Whether the shopper's message before was unsure too and nobody took over then."""
    for event in turn.events_before:
        if event["event"] == "user" and event["parse_data"]["intent"]["name"] not in UNSURE:
            return False
        if event["event"] == "bot" and "handoff" in ((event.get("data") or {}).get("custom") or {}):
            return False
    return bool(turn.events_before)
