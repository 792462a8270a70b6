"""What all after-sales share: which goods, why, what shows it, how it is settled, and what is told of it."""

import asyncio
import re
from abc import abstractmethod
from typing import Any, TypeVar

from rasa_sdk.events import EventType, SlotSet

from actions.answers import corrects, declines, wishes
from actions.backend.contract import (
    AfterSale,
    AfterSaleItem,
    AfterSaleRequest,
    Allowed,
    Item,
    Order,
    Part,
    Refused,
    Variant,
)
from actions.cards import return_card
from actions.job import Job, JobForm, Step, Work
from actions.order_choice import TOPIC_TURNS, best_fitting, without_service_words
from actions.shop import ask_shop, shop
from actions.turn import HUMAN, UNSURE, Turn
from actions.wording import button, day, money, wording

T = TypeVar("T")

SHOWN_BY_PICTURES = {"quality", "damaged", "wrong_item"}  # reasons that nobody believes unseen
SHOP_AT_FAULT = {*SHOWN_BY_PICTURES, "missing", "not_received"}
NOTE = 200  # characters of the shopper's own words that go along
PICTURES = 9  # that go along
# What an intent tells of the reason by itself.
REASON_OF = {"quality_complaint": "quality"}
# Goods of which another one is chosen after such a refusal.
OTHER_VARIANT = {"out_of_stock", "other_price"}


def reason_said(turn: Turn) -> str | None:
    """Why, as the message says it."""
    return turn.entity("reason") or REASON_OF.get(turn.intent)


def told(items: list[Item] | list[AfterSaleItem]) -> str:
    """Goods as the shopper is told of them: ``跑鞋 月光白 38``, with the number where it is more than one."""
    form = wording()["after_sale_item"]
    return "、".join(title(each) + (form.format(qty=each.qty) if each.qty > 1 else "") for each in items)


def title(item: Item | AfterSaleItem) -> str:
    """One piece of it: ``跑鞋 月光白 38``."""
    return f"{item.name} {item.spec}".strip()


def allows(can: dict[str, Allowed], kind: str) -> bool:
    """Whether the shop does not forbid ``kind`` of after-sales from the first."""
    return kind not in can or can[kind].allowed


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
            bought = _item(work, parts[0]["sku"]).qty
            if bought == 1 or self._all(work):
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
            item = _item(work, parts[0]["sku"])
            work.job.offered = {}
            counts = [_choice(str(n), wording()["pieces"].format(qty=n), "quantity") for n in _counts(item)]
            work.tell("utter_after_sales_how_many", *counts, item=title(item), bought=str(item.qty))
            return
        possible = self._possible(work)
        work.job.offered = {item.sku: title(item) for item in possible}
        buttons = [_choice(item.sku, title(item)) for item in possible]
        if not self.single:
            buttons.append(_choice("all", wording()["buttons"]["all_items"]))
        work.tell("utter_after_sales_which", *buttons)

    def accepts(self, turn: Turn) -> bool:
        goods = (turn.slot("job") or {}).get("offered") or {}
        words = without_service_words(turn.text)
        return (
            super().accepts(turn)
            or bool(turn.entity("quantity"))
            or any(word in turn.text for word in wording()["all_items"])
            or bool(words and any(set(words) <= set(each) for each in goods.values()))
        )

    def _possible(self, work: Work) -> list[Item]:
        items = work.order.items
        fit = [item for item in items if any(allows(item.can, kind) for kind in self.kinds)]
        return fit or items

    def _all(self, work: Work) -> bool:
        return any(word in work.text for word in wording()["all_items"])

    def _chosen(self, work: Work) -> list[Item]:
        items, turn = self._possible(work), work.turn
        chosen = turn.entity("choice")
        if chosen == "all" or (self._all(work) and not self.single and len(items) > 1):
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
        return []


class ReasonStep(Step):
    """Why.

    Args:
        codes: of REASONS, those that count here; the likeliest first.
        shown: how many of them are offered as buttons.
        otherwise: what holds where nothing is said; without, it is asked for.
    """

    name = "reason"

    def __init__(self, *codes: str, shown: int = 0, otherwise: str | None = None) -> None:
        self.codes = codes
        self.shown = shown or len(codes)
        self.otherwise = otherwise

    async def take(self, work: Work) -> None:
        values, turn = work.job.values, work.turn
        if text := work.job.early.get("text"):
            values["note"] = text[:NOTE]
        said = work.entity("reason") or REASON_OF.get(turn.intent)
        if said in self.codes:
            values[self.name] = said
        elif values.get(self.name) not in self.codes:
            values.pop(self.name, None)
            if self.otherwise or work.asked == self.name:
                code = self.otherwise or self._in_other_words(turn)
                if code:
                    values[self.name] = code
                if not self.otherwise and turn.text:
                    values["note"] = turn.text[:NOTE]

    async def ask(self, work: Work) -> None:
        reasons = wording()["reasons"]
        work.job.offered = {}
        buttons = [_choice(code, reasons[code], "reason") for code in self.codes[: self.shown]]
        work.tell("utter_after_sales_why", *buttons)

    def accepts(self, turn: Turn) -> bool:
        return reason_said(turn) in self.codes

    def _in_other_words(self, turn: Turn) -> str | None:
        """A reason that is none of the usual ones, or none of the shop's business."""
        spoken = len(without_service_words(turn.text)) >= 2
        return "other" if "other" in self.codes and (declines(turn) or spoken) else None


class EvidenceStep(Step):
    """Pictures, for the reasons that need them."""

    name = "evidence"
    why = "utter_evidence_why"
    stuck = "utter_evidence_stuck"

    async def take(self, work: Work) -> None:
        sent = [*work.turn.pictures, *(pictures_before(work.turn) if not work.asked else [])]
        if sent:
            kept = work.job.values.get(self.name, [])
            work.job.values[self.name] = list(dict.fromkeys([*kept, *sent]))[:PICTURES]

    def lacks(self, work: Work) -> bool:
        values = work.job.values
        return _needs_pictures(values) and not values.get(self.name)

    async def ask(self, work: Work) -> None:
        work.tell("utter_evidence_ask")

    def accepts(self, turn: Turn) -> bool:
        return bool(turn.pictures)


def pictures_before(turn: Turn) -> list[str]:
    """Pictures that were sent before it was said what is wrong."""
    since = turn.turns_since("evidence")
    return list(turn.slot("evidence") or []) if since is not None and since <= TOPIC_TURNS else []


class SolutionStep(Step):
    """How it shall be settled, among what the shop would agree to.

    Args:
        kinds: of after-sales, in the order in which they are offered.
    """

    name = "solution"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    async def take(self, work: Work) -> None:
        values = work.job.values
        if said := self._said(work):
            values[self.name] = said
        elif self.name not in values and _settled(work):
            possible = await self.possible(work)
            if len(possible) == 1:
                values[self.name] = possible[0]

    async def ask(self, work: Work) -> None:
        work.job.offered = {}
        buttons = [_choice(kind, wording()["solutions"][kind]) for kind in await self.possible(work)]
        work.tell("utter_after_sales_solution", *buttons, button("human", HUMAN))

    def accepts(self, turn: Turn) -> bool:
        return super().accepts(turn) or self._named(turn.text) is not None

    async def possible(self, work: Work) -> list[str]:
        """What the shop would agree to.

        Raises:
            Refused: to nothing.
        """
        ruled_out = work.job.values.get("ruled_out", [])
        kinds = [kind for kind in self.kinds if kind not in ruled_out]
        answers = await asyncio.gather(*(self._would(work, kind) for kind in kinds))
        possible = [kind for kind, refusal in zip(kinds, answers, strict=True) if not refusal]
        if not possible:
            raise next((answer for answer in answers if answer), Refused("", wording()["no_solution"]))
        return possible

    async def others(self, work: Work) -> list[str]:
        """What can be done instead."""
        try:
            return await self.possible(work)
        except Refused:
            return []

    async def _would(self, work: Work, kind: str) -> Refused | None:
        """Why not, if not."""
        cans = [work.order.can, *(_item(work, part["sku"]).can for part in work.job.values["items"])]
        for can in cans:
            if not allows(can, kind):
                return Refused(can[kind].cause or "", can[kind].reason or "")
        if kind == "exchange":
            # What it shall be exchanged for is not known yet.
            one = len(work.job.values["items"]) == 1
            return None if one else Refused("several", wording()["exchange_one"])
        try:
            await work.ask(shop().request_after_sale, request_of(work, kind), key="", dry_run=True)
        except Refused as refused:
            return refused
        return None

    def _said(self, work: Work) -> str | None:
        chosen = work.turn.entity("choice")
        if chosen in self.kinds:
            return chosen
        return next((kind for text in reversed(work.heard) if (kind := self._named(text))), None)

    def _named(self, text: str) -> str | None:
        for kind, words in wording()["solution_words"].items():
            if any(word in text for word in words):
                wished = "resend" if kind == "exchange" and kind not in self.kinds else kind
                if wished in self.kinds:
                    return str(wished)
        return None


class VariantStep(Step):
    """What an exchange shall bring: another variant of the same product, one that is there."""

    name = "variant"

    def lacks(self, work: Work) -> bool:
        return _exchanged(work) and self.name not in work.job.values

    async def take(self, work: Work) -> None:
        values, turn = work.job.values, work.turn
        if not _exchanged(work):
            return
        texts = [*values.pop("wished", []), *work.heard]
        if not values.get("items"):
            values["wished"] = texts
            return
        if (own := values["items"][0]["sku"]) != values.get("variant_of"):
            values.pop(self.name, None)
            values["variant_of"] = own
        variants = await self._variants(work)
        chosen = turn.entity("choice")
        if named := [variant for variant in variants if variant.sku == chosen != own]:
            self._choose(values, named[0], variants)
            return
        for text in reversed(texts):
            found = self._wanted(work, text, variants)
            there = [variant for variant in found if self._there(work, variant)]
            if len(there) == 1:
                self._choose(values, there[0], variants)
            elif found and not there:
                values.pop(self.name, None)
                values["not_there"] = found[0].spec
            if found:
                return

    async def ask(self, work: Work) -> None:
        values = work.job.values
        there = [variant for variant in await self._variants(work) if self._there(work, variant)]
        if not there:
            raise Refused("out_of_stock", wording()["no_other_variant"])
        work.job.offered = {variant.sku: variant.spec for variant in there}
        buttons = [_choice(variant.sku, variant.spec) for variant in there]
        item = title(_item(work, _own(work)))
        if spec := values.pop("not_there", None):
            work.tell("utter_exchange_request_not_there", *buttons, button("human", HUMAN), spec=spec)
        else:
            work.tell("utter_exchange_request_which", *buttons, item=item)

    def accepts(self, turn: Turn) -> bool:
        offered = (turn.slot("job") or {}).get("offered") or {}
        tokens = {token for spec in offered.values() for token in spec.split()}
        return (
            super().accepts(turn)
            or bool(turn.entity("size") or turn.entity("colour") or _steps_in(turn.text))
            or any(_says(turn.text, token) for token in tokens)
        )

    def _choose(self, values: dict[str, Any], variant: Variant, variants: list[Variant]) -> None:
        own = next((each for each in variants if each.sku == values["variant_of"]), None)
        values[self.name] = variant.sku
        values["other_size"] = own is not None and _colours(own) == _colours(variant)

    async def others(self, work: Work) -> list[str]:
        """What can be had instead."""
        return [variant.sku for variant in await self._variants(work) if self._there(work, variant)]

    async def _variants(self, work: Work) -> list[Variant]:
        """All of the product."""
        product = await ask_shop(work.turn, shop().product, _item(work, _own(work)).product)
        return list(product.variants)

    def _there(self, work: Work, variant: Variant) -> bool:
        wanted = work.job.values["items"][0]["qty"] or 1
        ruled_out = work.job.values.get("ruled_out", [])
        return variant.stock >= wanted and variant.sku not in [_own(work), *ruled_out]

    def _wanted(self, work: Work, text: str, variants: list[Variant]) -> list[Variant]:
        """What the words name: by the whole of it, by size, by colour, or as "大一码"."""
        own = next((variant for variant in variants if variant.sku == _own(work)), None)
        others = [variant for variant in variants if variant.sku != _own(work)]
        if own and (steps := _steps_in(text)):
            kin = [v for v in variants if _colours(v) == _colours(own)]
            place = kin.index(own) + steps
            return [kin[place]] if 0 <= place < len(kin) else []
        colours = set(wording()["colour_characters"]) & set(text)
        scored = []
        for variant in others:
            tokens = variant.spec.split()
            score = sum(2 for token in tokens if _says(text, token))
            score += bool(colours & set("".join(_colours(variant))))
            # "换个黑的" keeps the size, "换40的" the colour.
            same = sum(token in own.spec.split() for token in tokens) if own and score else 0
            scored.append((score + same / 10, variant))
        best = max((score for score, _ in scored), default=0)
        return [variant for score, variant in scored if score == best] if best >= 1 else []


class AfterSaleForm(JobForm):
    """A job that ends in a request for after-sales."""

    kinds: tuple[str, ...]
    """What it may come to, of AFTER_SALES."""
    instead: tuple[tuple[str, str, str], ...] = (
        ("pending_payment", "cancel", "cancel_order"),
        ("paid", "cancel", "cancel_order"),
        ("shipped", "logistics", "logistics_track"),
        ("already", "progress", "refund_status"),
        ("out_of_stock", "return", "return_request"),
    )

    @abstractmethod
    def kind(self, work: Work) -> str:
        """What it comes to, all being known."""

    def may(self, order: Order) -> Allowed | None:
        cans = [order.can.get(kind) for kind in self.kinds]
        return next((can for can in cans if can is None or can.allowed), cans[0])

    async def write(self, work: Work, *, key: str, dry_run: bool) -> AfterSale:
        request = request_of(work, self.kind(work))
        sale: AfterSale = await work.ask(shop().request_after_sale, request, key=key, dry_run=dry_run)
        return sale

    def pays_fen(self, would: AfterSale) -> int:
        return would.refund_fen

    def propose(self, work: Work, would: AfterSale, *buttons: dict[str, str]) -> None:
        work.tell(f"utter_after_sales_propose_{would.kind}", *buttons, **facts(would))

    def conclude(self, work: Work, done: AfterSale) -> None:
        work.tell(f"utter_after_sales_done_{done.kind}", card=return_card(done), **facts(done))

    def digresses(self, turn: Turn) -> bool:
        # "质量有问题", "不想要了" or "换货吧" are wishes of their own elsewhere.
        answers = (step for step in self.steps if step.name == turn.slot("requested_slot") != "items")
        if any(step.accepts(turn) for step in answers):
            return False
        if turn.intent in UNSURE:
            # What sounds like a change of mind is asked about rather than overheard.
            likely = next((name for name in turn.ranking if name not in UNSURE), self.intent)
            return likely != self.intent and wishes(turn, likely)
        corrected = corrects(turn) and not wishes(turn, turn.intent)
        return not corrected and super().digresses(turn)

    async def refused(self, work: Work, refused: Refused) -> list[EventType]:
        values = work.job.values
        evidence = _of(EvidenceStep, self.steps)
        variant = _of(VariantStep, self.steps)
        solution = _of(SolutionStep, self.steps)
        if refused.cause == "evidence" and evidence and not values.get("evidence"):
            values["evidence_wanted"] = True
            return await self._request(work, evidence)
        step: VariantStep | SolutionStep | None = None
        if refused.cause in OTHER_VARIANT and variant and values.get("variant"):
            step = variant
        elif solution and values.get("solution"):
            step = solution
        if step:
            values["ruled_out"] = [*values.get("ruled_out", []), values.pop(step.name)]
            if await step.others(work):
                work.tell("utter_after_sales_not_so", reason=refused.reason)
                return await self._request(work, step)
        return await super().refused(work, refused)

    def end(self, job: Job, outcome: str) -> list[EventType]:
        return [*super().end(job, outcome), SlotSet("evidence", None)]


def request_of(work: Work, kind: str) -> AfterSaleRequest:
    """What the shop is asked for, by what the job knows."""
    values = work.job.values
    return AfterSaleRequest(
        order_no=work.order.no,
        kind=kind,
        items=[Part(part["sku"], part["qty"]) for part in values["items"]],
        reason=values["reason"],
        note=values.get("note", ""),
        evidence=values.get("evidence", []),
        target_sku=values.get("variant") if kind == "exchange" else None,
    )


def facts(sale: AfterSale) -> dict[str, Any]:
    """What the responses about a request say of it."""
    words = wording()
    address = sale.return_address
    return_to = (
        words["return_to"].format(name=address.name, phone=address.phone, text=address.text)
        if address
        else ""
    )
    return dict(
        items=told(sale.items),
        target=told([sale.target]) if sale.target else "",
        kind=sale.kind_text,
        state=sale.state_text,
        reason=sale.reason_text,
        amount=money(sale.refund_fen),
        method=sale.method_text,
        when=day(sale.expected_at) if sale.expected_at else "",
        postage=words["postage"].get(sale.postage_by or "", ""),
        next_step=sale.next_step,
        return_to=return_to,
    )


def _choice(value: str, title: str, entity: str = "choice") -> dict[str, str]:
    return {"title": title, "payload": f'/inform{{"{entity}": "{value}"}}'}


def _item(work: Work, sku: str) -> Item:
    return next(item for item in work.order.items if item.sku == sku)


def _of(kind: type[T], steps: tuple[Step, ...]) -> T | None:
    return next((step for step in steps if isinstance(step, kind)), None)


def _needs_pictures(values: dict[str, Any]) -> bool:
    return values.get("reason") in SHOWN_BY_PICTURES or bool(values.get("evidence_wanted"))


def _settled(work: Work) -> bool:
    """Whether it is known what is wrong with which goods, and shown where it must be."""
    values = work.job.values
    counted = bool(values.get("items")) and values["items"][0]["qty"] is not None
    return counted and "reason" in values and (not _needs_pictures(values) or bool(values.get("evidence")))


def _own(work: Work) -> str:
    return str(work.job.values["items"][0]["sku"])


def _exchanged(work: Work) -> bool:
    """Whether goods are exchanged: in a job that does only this, or as the solution."""
    return work.job.form == "exchange_request_form" or work.job.values.get("solution") == "exchange"


_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "半": 1}
_TAKEN = re.compile(
    r"[退换修坏少缺漏][发寄装给掉]?(?:了|其中)?(?P<n>[1-9一二两俩三四五六七八九])[件个双只条盒台箱袋瓶套包本张]"
)


def _count(work: Work) -> int | None:
    """How many, as this message says it or the one that began the job: of "买了3件只退1件" the one."""
    for text in reversed(work.heard):
        if taken := _TAKEN.search(text):
            return _number(taken["n"])
    said = re.match(r"\d+", work.entity("quantity") or "")
    return int(said[0]) or None if said else None


def _number(char: str) -> int:
    return _DIGITS[char] if char in _DIGITS else int(char)


def _counts(item: Item) -> range:
    """The numbers that are offered as buttons."""
    return range(1, min(item.qty, 5) + 1)


def _says(text: str, token: str) -> bool:
    """Whether the text has this size or colour as a word of its own: M is not in XM."""
    edge = r"[A-Za-z\d.]"
    return bool(re.search(rf"(?<!{edge}){re.escape(token)}(?!{edge})", text, re.IGNORECASE))


def _colours(variant: Variant) -> list[str]:
    """What of the variant's words is no size."""
    return [token for token in variant.spec.split() if not re.search(r"\d|^[XSML]+$", token)]


def _steps_in(text: str) -> int:
    """By how many sizes it shall be larger, or below 0 smaller."""
    for direction, words in ((1, wording()["larger"]), (-1, wording()["smaller"])):
        for word in words:
            if found := re.search(word.replace("N", "([一二两1-3半])"), text):
                return direction * (_number(found[1]) if found.groups() else 1)
    return 0
