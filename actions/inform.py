"""inform: a value without a question. It goes on with the last one about goods; a picture needs one."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.after_sales.reason import PICTURES, pictures_before
from actions.product_info import ActionProductInfo
from actions.products import VALUES, product_topic
from actions.recommend_product import ActionRecommendProduct
from actions.size_recommend import ActionSizeRecommend
from actions.stock import ActionStock
from actions.turn import HUMAN, Turn, TurnAction
from actions.wording import button

FRAGMENT = 20  # characters
QUESTIONS = {"stock": ActionStock, "size_recommend": ActionSizeRecommend}


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


class ActionProductNamed(TurnAction):
    """Goes on with the last question about goods, when what it lacked is said on its own."""

    def name(self) -> str:
        return "action_product_named"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        topic = product_topic(turn)
        question = topic.get("question", "")
        if question == "recommend_product" and turn.entity("money"):
            return await ActionRecommendProduct().act(say, turn)
        if turn.entity("product") or topic.get("asked") or goes_on(turn):
            return await QUESTIONS.get(question, ActionProductInfo)().go_on(say, turn)
        say.utter_message(response="utter_inform")
        return []


def goes_on(turn: Turn) -> bool:
    """Whether the message is little more than a value for the last question about goods."""
    return bool(product_topic(turn) and VALUES & turn.entities.keys() and len(turn.text) <= FRAGMENT)
