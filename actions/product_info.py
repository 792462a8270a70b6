"""product_info: what the catalogue says of a product; what it does not say, nobody makes up."""

import re

from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Detail, ProductDetail
from actions.cards import product_card
from actions.products import Asked, ProductAction, stock_line
from actions.turn import Turn
from actions.wording import human_offer, lines, money, wording


class ActionProductInfo(ProductAction):
    """Tells the lines that were asked for, else what is known and that a colleague knows the rest."""

    question = "product_info"

    def name(self) -> str:
        return "action_product_info"

    def tell(
        self, say: CollectingDispatcher, turn: Turn, asked: Asked, product: ProductDetail
    ) -> dict[str, str]:
        # 不锈钢 in the name of a thing asks nothing about its material.
        names = {product.name, asked.entities.get("product", product.name)}
        texts = [re.sub("|".join(map(re.escape, names)), "", text) for text in asked.texts]
        text = next((text for text in texts if _topics(text)), "") or texts[0]
        topics = _topics(text)
        details = [*product.specs, *_of_variants(product)]
        wanted = [each for each in details if each.name in text or any(each.name in t for t in topics)]
        general = asked.says("introduce") or not any(texts)
        if wanted:
            what = "told"
        elif general:
            what = "about"
        else:
            what = "lacking" if topics else "other"
        say.utter_message(
            response=f"utter_product_info_{what}",
            name=product.name,
            summary=product.summary or product.name,
            details=lines(f"{each.name}：{each.value}" for each in wanted or details),
            buttons=human_offer() if what in {"lacking", "other"} else [],
            json_message={"card": product_card(product, stock_line(product))},
        )
        return {}


def _topics(text: str) -> list[list[str]]:
    """The names that the details asked for may have in the catalogue."""
    kinds = wording()["details"]
    return [kind["names"] for kind in kinds if any(word in text.lower() for word in kind["words"])]


def _of_variants(product: ProductDetail) -> list[Detail]:
    """What a shopper asks for like the details, though the shop keeps it otherwise."""
    prices = sorted({variant.price_fen for variant in product.variants} or {product.price_fen})
    price = money(prices[0]) if len(prices) == 1 else f"{money(prices[0])}–{money(prices[-1])}"
    found = [Detail(wording()["price"], price)]
    if specs := "、".join(variant.spec for variant in product.variants if variant.spec):
        found.append(Detail(wording()["variants"], specs))
    return found
