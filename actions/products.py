"""Which product the shopper means, and what all questions about goods share."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import NotFound, Product, ProductDetail
from actions.cards import product_card
from actions.naming import best_fitting, goods_words, pointed
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.visitors import actor_for
from actions.wording import choice, human_offer, says, wording

SHOWN = 4  # products offered at once
SEARCHES = 3  # words looked for in the catalogue
LONGEST_SEARCH = 10  # characters; what is longer is a sentence and not the name of goods
# Values that go on with a question about goods.
VALUES = {"product", "size", "colour", "height", "weight", "money", "quantity"}


@dataclass(frozen=True)
class Asked:
    """What is asked about goods, by this message or by the one before that it goes on with."""

    texts: Sequence[str]
    """Newest first."""
    entities: dict[str, str]

    def says(self, kind: str) -> bool:
        """Whether one of the words of ``kind`` in data/wording.yml is said."""
        return any(says(kind, text) for text in self.texts)


class ProductAction(TurnAction):
    """Answers a question about one product, once it is clear which one."""

    question: str
    """The intent."""
    about_goods = False
    """Whether words that fit nothing in the catalogue name goods that the shop does not have."""

    @abstractmethod
    def tell(
        self, say: CollectingDispatcher, turn: Turn, asked: Asked, product: ProductDetail
    ) -> dict[str, str]:
        """Answer about ``product``; returns values that the next question may go on with."""

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        topic = product_topic(turn)
        if not turn.text and topic.get("asked"):
            return await self.go_on(say, turn)
        return await self._answer(say, turn, Asked([turn.text], turn.entities))

    async def go_on(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        """Answer what was asked before, with what this message adds."""
        topic = product_topic(turn)
        texts = [turn.text, *topic.get("texts", [])]
        return await self._answer(say, turn, Asked(texts, topic.get("entities", {}) | turn.entities))

    async def _answer(self, say: CollectingDispatcher, turn: Turn, asked: Asked) -> list[EventType]:
        found = await meant(turn, asked, self.about_goods)
        kept: dict[str, Any] = {
            "question": self.question,
            # The last two: what was asked, and of what.
            "texts": [text for text in asked.texts if text][:2],
            "entities": {name: value for name, value in asked.entities.items() if name in VALUES},
            "products": [product.id for product in found[:SHOWN]],
        }
        if len(found) == 1:
            product = await ask_shop(turn, shop().product, found[0].id)
            kept["entities"] |= self.tell(say, turn, asked, product)
            return [SlotSet("product_topic", kept)]
        times = product_topic(turn).get("asked", 0)
        if found:
            _offer(say, found[:SHOWN])
        elif self.about_goods and goods_words(turn.text):
            say.utter_message(response="utter_product_not_found", buttons=human_offer())
        elif times:
            say.utter_message(response="utter_product_unknown", buttons=human_offer())
        else:
            say.utter_message(response="utter_product_which")
        return [SlotSet("product_topic", {**kept, "asked": times + 1})]


def product_topic(turn: Turn) -> dict[str, Any]:
    """What was asked about goods lately; empty when that is too long ago."""
    return (turn.slot("product_topic") or {}) if turn.lately("product_topic") else {}


async def meant(turn: Turn, asked: Asked, about_goods: bool = False) -> list[Product]:
    """The products that the message may mean: one when it is clear, none when nothing is named."""
    if (name := asked.entities.get("product")) and (found := await _named(turn, name)):
        return found
    ids = product_topic(turn).get("products", [])
    if ids and (ordinal := turn.entity("ordinal")):
        chosen = pointed(ordinal, ids)
        ids = [chosen] if chosen else ids
    elif not (ids and says("this_one", turn.text)):
        words = goods_words(turn.text)
        if found := await _matching(turn, words):
            return found
        if about_goods and words:
            return []
    return await _all(turn, ids or await _ordered(turn))


async def _named(turn: Turn, name: str) -> list[Product]:
    page = await ask_shop(turn, shop().products, words=name)
    exact = [product for product in page.items if product.name == name]
    return exact[:1] or [product for product in page.items if name in product.name] or page.items


async def _matching(turn: Turn, words: list[str]) -> list[Product]:
    """What of the catalogue ``words`` name, by all that the shop knows of it or else by its name."""
    for word in words[:SEARCHES]:
        if len(word) <= LONGEST_SEARCH and (page := await ask_shop(turn, shop().products, words=word)).items:
            return page.items
    if not words:
        return []
    page = await ask_shop(turn, shop().products)
    return best_fitting("".join(words), None, [(product, product.name) for product in page.items])


async def _ordered(turn: Turn) -> list[str]:
    """The goods of the order that is spoken of."""
    no = turn.known("order_no")
    actor = actor_for(turn, no) if no and turn.lately("order_no") else None
    if not no or not actor:
        return []
    try:
        order = await ask_shop(turn, shop().order, actor, no)
    except NotFound:
        return []
    return list(dict.fromkeys(item.product for item in order.items if item.product))


async def _all(turn: Turn, ids: Iterable[str]) -> list[Product]:
    found: list[Product] = []
    for id in ids:
        try:
            found.append(await ask_shop(turn, shop().product, id))
        except NotFound:
            continue  # no longer sold
    return found


def _offer(say: CollectingDispatcher, products: Sequence[Product]) -> None:
    say.utter_message(
        response="utter_product_which_of",
        buttons=[choice(product.name, product.name, "product") for product in products],
        json_message={"cards": [product_card(product, stock_line(product)) for product in products]},
    )


def stock_line(product: Product) -> str:
    """Whether it can be had, as a card shows it."""
    return str(wording()["stock"]["there" if product.in_stock else "gone"])
