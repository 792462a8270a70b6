"""recommend_product: goods by kind, purpose and budget; else what others like."""

import re
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Product, ProductPage
from actions.cards import product_card
from actions.naming import goods_words
from actions.order_questions import MORE
from actions.products import LONGEST_SEARCH, SEARCHES, SHOWN, product_topic, stock_line
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.wording import button, money, says, wording

ABOUT = 0.3  # by how much "about so much" may differ

_RANGE = re.compile(
    r"(?<!\d)(\d{1,5})\s*[元块]?\s*[-~到至—–]\s*(\d{1,5})(?!\d)\s*(?:[元块内]|以内|之间|左右|$)"
)
_LIMIT = re.compile(r"(?<![\d.])(\d{2,5})\s*[元块]?钱?\s*(?:以内|以下|之内|左右|上下|以上|出头|起)")


class ActionRecommendProduct(TurnAction):
    """Shows a few products at a time, in stock and the most popular first."""

    def name(self) -> str:
        return "action_recommend_product"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        topic = product_topic(turn)
        again = topic.get("question") == "recommend_product"
        if again and wants_more(turn):
            wish, page = topic["wish"], topic["page"] + 1
            found = await _page(turn, wish, page)
            if not found.items:
                say.utter_message(response="utter_recommend_product_no_more")
                return [SlotSet("product_topic", {**topic, "page": 0})]
            what = "more"
        else:
            before = topic["wish"] if again else {}
            what, wish, found = await _find(turn, before)
            page = 1
        more = found.total > page * SHOWN
        say.utter_message(
            response=f"utter_recommend_product_{what}",
            title=wish.get("title", ""),
            budget=_told(wish),
            buttons=[button("other_goods", f'/recommend_product{{"ordinal": "{MORE}"}}')] if more else [],
            json_message={"cards": [product_card(product, stock_line(product)) for product in found.items]},
        )
        kept = {
            "question": "recommend_product",
            "wish": wish,
            "page": page,
            "products": [product.id for product in found.items],
        }
        return [SlotSet("product_topic", kept)]


def wants_more(turn: Turn) -> bool:
    """Whether others are wanted than those just shown."""
    return turn.entity("ordinal") == MORE or says("other_ones", turn.text)


async def _find(turn: Turn, before: dict[str, Any]) -> tuple[str, dict[str, Any], ProductPage]:
    """What fits best: the name of the answer, what was looked for, and its first page."""
    if says("goes_with", turn.text) and (goods := await _going_with_last(turn)):
        return "with_last", {}, ProductPage(goods, 1, SHOWN, len(goods))
    budget, wishes = _budget(turn), _wishes(turn)
    if budget and not wishes and "words" in before:
        # "200以内的" is said of what was looked for before.
        wishes = [{"words": before["words"], "title": before["title"]}]
    for wish in wishes:
        within, dearer = {**wish, **budget}, {**wish, "sort": "price_asc"}
        if (found := await _page(turn, within, 1)).items:
            return "found", within, found
        if budget and (found := await _page(turn, dearer, 1)).items:
            return "over_budget", dearer, found
    if budget and (found := await _page(turn, budget, 1)).items:
        return "in_budget", budget, found
    return ("instead" if wishes else "popular"), {}, await _page(turn, {}, 1)


def _wishes(turn: Turn) -> list[dict[str, Any]]:
    """What the message may name, the plainest first: goods, a kind of goods or a purpose, all its words."""
    named = [(product, product)] if (product := turn.entity("product")) else []
    for looked_for, words in wording()["kinds_of_goods"].items():
        named += [(looked_for, word) for word in [*words, looked_for] if word in turn.text][:1]
    named = named or [
        (word, word) for word in goods_words(turn.text)[:SEARCHES] if len(word) <= LONGEST_SEARCH
    ]
    return [{"words": words, "title": title} for words, title in named]


async def _page(turn: Turn, wish: dict[str, Any], page: int) -> ProductPage:
    asked = {name: value for name, value in wish.items() if name != "title"}
    return await ask_shop(
        turn, shop().products, **{"sort": "popular", **asked}, in_stock=True, page=page, page_size=SHOWN
    )


async def _going_with_last(turn: Turn) -> list[Product]:
    """What is similar to what the customer bought last."""
    if not turn.customer:
        return []
    orders = await ask_shop(turn, shop().orders, turn.customer, page_size=1)
    bought = [item.product for order in orders.items for item in order.items if item.product]
    if not bought:
        return []
    product = await ask_shop(turn, shop().product, bought[0])
    return [other for other in product.similar if other.in_stock][:SHOWN]


def _budget(turn: Turn) -> dict[str, int]:
    """The limits of the price that the message names."""
    if spoken := _RANGE.search(turn.text):
        return {"min_fen": int(spoken[1]) * 100, "max_fen": int(spoken[2]) * 100}
    bare = _LIMIT.search(turn.text)
    said = turn.entity("money") or (str(int(bare[1]) * 100) if bare else "")
    if not said.isdigit():
        return {}
    fen = int(said)
    if says("about_price", turn.text):
        return {"min_fen": round(fen * (1 - ABOUT)), "max_fen": round(fen * (1 + ABOUT))}
    return {"min_fen": fen} if says("least_price", turn.text) else {"max_fen": fen}


def _told(wish: dict[str, Any]) -> str:
    """The limits in words."""
    low, high = wish.get("min_fen"), wish.get("max_fen")
    if low and high:
        return f"{money(low)}–{money(high)}"
    form = wording()["budget"]["most" if high else "least"]
    amount = high or low
    return str(form.format(amount=money(amount))) if amount else ""
