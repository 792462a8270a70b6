"""affirm: a yes outside of a form. To the offer of a human it means the human."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.human_agent import hand_over
from actions.turn import Turn, TurnAction


class ActionAffirm(TurnAction):
    """Hands over after a yes to that offer; says that a job done is done; else asks what it is about."""

    def name(self) -> str:
        return "action_affirm"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if turn.offered_human:
            return await hand_over(say, turn)
        job = turn.slot("job") or {}
        shown = turn.entity("proposal")
        if job.get("outcome") == "done" and (shown == job["key"] or turn.turns_since("job") == 1):
            say.utter_message(response="utter_done_already")
        elif shown:
            undecided = shown == job.get("key") and job.get("failures")
            say.utter_message(response="utter_left_undecided" if undecided else "utter_nothing_to_confirm")
        else:
            say.utter_message(response="utter_affirm")
        return []
