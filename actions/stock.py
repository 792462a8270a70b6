"""stock: what can be had, by size and colour."""

import re
from collections.abc import Sequence

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Product, ProductDetail, Variant
from actions.cards import product_card
from actions.naming import colours, says_token
from actions.products import Asked, ProductAction, product_topic, stock_line
from actions.recommend_product import ActionRecommendProduct, wants_more
from actions.turn import Turn
from actions.wording import human_offer, lines, wording

FEW = 5  # pieces, of which the number is told
LINES = 12

_SIZE = re.compile(r"[XSML]+|\d{2,3}(?:\.5)?")


class ActionStock(ProductAction):
    """Tells how much is there of what was asked for, and what there is instead."""

    question = "stock"
    about_goods = True

    def name(self) -> str:
        return "action_stock"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if product_topic(turn).get("question") == "recommend_product" and wants_more(turn):
            return await ActionRecommendProduct().act(say, turn)
        return await super().act(say, turn)

    def tell(
        self, say: CollectingDispatcher, turn: Turn, asked: Asked, product: ProductDetail
    ) -> dict[str, str]:
        named = _named(asked, product.variants)
        there = [variant for variant in product.variants if variant.stock]
        pieces = _pieces(asked)
        shown = [product_card(product, stock_line(product))]
        buttons = []
        if named is None:
            what, told = ("no_such" if there else "gone"), there
        elif len(named) > 1 and any(variant.stock for variant in named):
            what, told = "several", named
        elif named[0].stock >= max(pieces, 1):
            what, told = ("few" if named[0].stock <= FEW else "there"), named
        elif named[0].stock and len(named) == 1:
            what, told = "short", named
        else:
            what, told = ("gone_others" if there else "gone"), there
        if not there:
            shown = [_card(other) for other in product.similar if other.in_stock] or shown
            buttons = human_offer()
        first = named[0] if named else product.variants[0] if product.variants else None
        spec = first.spec if first and named and len(named) == 1 else ""
        say.utter_message(
            response=f"utter_stock_{what}",
            name=f"{product.name} {spec}".strip(),
            count=str(first.stock if first else 0),
            details=lines(f"{v.spec or product.name}：{_stock(v)}" for v in told[:LINES]),
            buttons=buttons,
            json_message={"cards": shown},
        )
        return {}


def _named(asked: Asked, variants: Sequence[Variant]) -> list[Variant] | None:
    """Those that size and colour name; all where none is named, None where there is no such one."""
    left = list(variants)
    for named in (_sizes(asked, left), _coloured(asked, left)):
        if named is not None:
            left = [variant for variant in left if variant in named]
    return left or None


def _sizes(asked: Asked, variants: Sequence[Variant]) -> list[Variant] | None:
    if size := asked.entities.get("size"):
        return [variant for variant in variants if size in variant.spec.split()]
    tokens = {token for v in variants for token in v.spec.split() if _SIZE.fullmatch(token)}
    for text in asked.texts:
        if said := {token for token in tokens if says_token(text, token)}:
            return [variant for variant in variants if said & set(variant.spec.split())]
    return None


def _coloured(asked: Asked, variants: Sequence[Variant]) -> list[Variant] | None:
    tokens = {token for variant in variants for token in colours(variant)}
    for text in asked.texts:
        if said := {token for token in tokens if len(token) > 1 and token in text}:
            return [variant for variant in variants if said & set(colours(variant))]
    if colour := asked.entities.get("colour"):
        chars = set(colour) - set("色深浅")
        return [variant for variant in variants if chars & set("".join(colours(variant)))]
    return None


def _stock(variant: Variant) -> str:
    level = "gone" if not variant.stock else "few" if variant.stock <= FEW else "there"
    return str(wording()["stock"][level].format(count=variant.stock))


def _pieces(asked: Asked) -> int:
    said = re.match(r"\d+", asked.entities.get("quantity", ""))
    return int(said[0]) if said else 0


def _card(product: Product) -> dict[str, object]:
    return product_card(product, stock_line(product))
