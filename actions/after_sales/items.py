"""Which goods an after-sale is about."""

import re

from actions.after_sales.request import allows, item_of, title
from actions.backend.contract import Item
from actions.job import Step, Work
from actions.naming import best_fitting, number, without_service_words
from actions.turn import Turn
from actions.wording import choice, says, wording

_TAKEN = re.compile(
    r"[退换修坏少缺漏][发寄装给掉]?(?:了|其中)?(?P<n>[1-9一二两俩三四五六七八九])[件个双只条盒台箱袋瓶套包本张]"
)


_CLAUSES = re.compile("[,，。;；!！\\s]")
_PRICE = re.compile(r"(?<![\d.])\d{2,5}(?:\.\d{1,2})?(?![\d.])")


class ItemsStep(Step):
    """Which goods of the order, and how many of them.

    Args:
        kinds: what they must be fit for, one at least.
        single: whether it can be one only.
    """

    name = "items"

    def __init__(self, *kinds: str, single: bool = False) -> None:
        self.kinds = kinds
        self.single = single

    async def take(self, work: Work) -> None:
        values = work.job.values
        items = self._chosen(work)
        before = {part["sku"] for part in work.taken_back.get(self.name, [])}
        if not items and self.name not in values:
            left = [item for item in self._possible(work) if item.sku not in before]
            items = left if len(left) == 1 else []
        if items and [item.sku for item in items] != [part["sku"] for part in values.get(self.name, [])]:
            values[self.name] = [{"sku": i.sku, "qty": i.qty if len(items) > 1 else None} for i in items]
        count = _count(work) or values.get("count")
        if len(parts := values.get(self.name, [])) == 1:
            bought = item_of(work, parts[0]["sku"]).qty
            if says("half", work.text) and bought % 2 == 0:
                count = bought // 2
            if bought == 1 or says("all_items", work.text):
                count = bought
            if count:
                values[self.name] = [{**parts[0], "qty": min(count, bought)}]
        elif count:
            values["count"] = count  # said before it is known of what

    def lacks(self, work: Work) -> bool:
        parts = work.job.values.get(self.name)
        return not parts or parts[0]["qty"] is None

    async def ask(self, work: Work) -> None:
        parts = work.job.values.get(self.name)
        if parts:
            item = item_of(work, parts[0]["sku"])
            work.job.offered = {}
            counts = [choice(str(n), wording()["pieces"].format(qty=n), "quantity") for n in _counts(item)]
            work.tell("utter_after_sales_how_many", *counts, item=title(item), bought=str(item.qty))
            return
        possible = self._possible(work)
        work.job.offered = {item.sku: title(item) for item in possible}
        buttons = [choice(item.sku, title(item)) for item in possible]
        if not self.single:
            buttons.append(choice("all", wording()["buttons"]["all_items"]))
        work.tell("utter_after_sales_which", *buttons)

    def accepts(self, turn: Turn) -> bool:
        goods = (turn.slot("job") or {}).get("offered") or {}
        words = without_service_words(turn.text)
        return (
            super().accepts(turn)
            or bool(turn.entity("quantity"))
            or says("all_items", turn.text)
            or says("half", turn.text)
            or says("keeping", turn.text)
            or bool(words and any(set(words) <= set(each) for each in goods.values()))
        )

    def _possible(self, work: Work) -> list[Item]:
        items = work.order.items
        fit = [item for item in items if any(allows(item.can, kind) for kind in self.kinds)]
        return fit or items

    def _chosen(self, work: Work) -> list[Item]:
        items, turn = self._possible(work), work.turn
        chosen = turn.entity("choice")
        if not chosen and not self.single and (kept := self._kept(work)):
            return [item for item in self._taken(work) if item not in kept]
        if chosen == "all" or (says("all_items", work.text) and not self.single and len(items) > 1):
            return items
        if chosen:
            return [item for item in work.order.items if item.sku == chosen]
        place = turn.entity("ordinal") or (turn.text if re.fullmatch("[1-9]", turn.text) else "")
        if work.asked == self.name and place.isdecimal() and int(place) <= len(items):
            return [items[int(place) - 1]]
        return self._named(work)

    def _named(self, work: Work) -> list[Item]:
        """What the words name: one for each of "T恤和围巾"."""
        goods = [(item, title(item)) for item in work.order.items]
        product = work.entity("product")
        if not self.single:
            clauses = [part for text in work.heard for part in re.split("[和跟与、，,及]", text)]
            fits = [fit for clause in clauses if len(fit := best_fitting(clause, None, goods)) == 1]
            if named := [item for item, _ in goods if [item] in fits]:
                return named
        for text in reversed(work.heard):
            if len(fit := best_fitting(text, product, goods)) == 1:
                return fit
        prices = {round(float(price) * 100) for price in _PRICE.findall(work.turn.text)}
        priced = [item for item, _ in goods if item.price_fen in prices]
        return priced if len(priced) == 1 else []

    def _kept(self, work: Work) -> list[Item]:
        """What shall stay, of "除了围巾都退" or "围巾留着" the scarf."""
        goods = [(item, title(item)) for item in work.order.items]
        clauses = [part for text in work.heard for part in _CLAUSES.split(text) if says("keeping", part)]
        named = [
            best_fitting(part, None, goods) for clause in clauses for part in re.split("[和跟与、]", clause)
        ]
        return [fit[0] for fit in named if len(fit) == 1]

    def _taken(self, work: Work) -> list[Item]:
        """From what the kept ones are taken out: what the rest of the message names, else what was chosen."""
        goods = [(item, title(item)) for item in work.order.items]
        clauses = [part for text in work.heard for part in _CLAUSES.split(text) if not says("keeping", part)]
        fits = [fit for part in clauses if len(fit := best_fitting(part, None, goods)) == 1]
        chosen = {part["sku"] for part in work.job.values.get(self.name, [])}
        return (
            [item for item, _ in goods if [item] in fits]
            or [item for item, _ in goods if item.sku in chosen]
            or self._possible(work)
        )


def _count(work: Work) -> int | None:
    """How many, as this message says it or the one that began the job: of "买了3件只退1件" the one."""
    for text in reversed(work.heard):
        if taken := _TAKEN.search(text):
            return number(taken["n"])
    said = re.match(r"\d+", work.entity("quantity") or "")
    return int(said[0]) or None if said else None


def _counts(item: Item) -> range:
    """The numbers that are offered as buttons."""
    return range(1, min(item.qty, 5) + 1)
