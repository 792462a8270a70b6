"""faq: a question that none of the written answers fits."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Turn, TurnAction
from actions.wording import faq_title, human_offer

TOPICS = 2  # offered at most


class ActionNearestTopics(TurnAction):
    """Says what holds in general, and offers the nearest written answers and a human."""

    def name(self) -> str:
        return "action_nearest_topics"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        titles = [(faq_title(topic), topic) for topic in turn.faq_topics_of(turn.intent)]
        topics = [{"title": title, "payload": f"/faq/{topic}"} for title, topic in titles if title]
        say.utter_message(
            response=f"utter_unanswered_{turn.intent}",
            buttons=[*topics[:TOPICS], *human_offer()],
        )
        return []
