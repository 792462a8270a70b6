"""inform: a value without a question. Of a picture it is asked what is wrong."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.after_sales import PICTURES, pictures_before
from actions.turn import HUMAN, Turn, TurnAction
from actions.wording import button


class ActionPicture(TurnAction):
    """Keeps a picture for the job that comes of it, and asks what is wrong."""

    def name(self) -> str:
        return "action_picture"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        say.utter_message(
            response="utter_picture",
            buttons=[
                button("quality", "/quality_complaint"),
                button("wrong_or_missing", "/wrong_or_missing_item"),
                button("human", HUMAN),
            ],
        )
        kept = list(dict.fromkeys([*pictures_before(turn), *turn.pictures]))
        return [SlotSet("evidence", kept[-PICTURES:])]
