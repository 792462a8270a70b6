"""affirm: a typed yes. To the offer of a human it means the human."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.human_agent import hand_over
from actions.turn import Turn, TurnAction


class ActionAffirm(TurnAction):
    """Hands over after a yes to that offer; otherwise asks what it is about."""

    def name(self) -> str:
        return "action_affirm"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if turn.offered_human:
            return await hand_over(say, turn)
        say.utter_message(response="utter_affirm")
        return []
