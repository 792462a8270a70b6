"""Which order the shopper means: what every capability that needs an order shares.

A signed-in customer chooses among her own orders; an anonymous visitor proves one order by its number
and the phone's last digits. Until then nothing about any order is said.

While a form is active its validation takes the message first. It
* takes a value from it, or counts a failed attempt (the questions offer a human after the second), or
* raises ``ActionExecutionRejection``, so that the rules answer a message about something else.
"""

import math
import re
import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.answers import corrects
from actions.backend.contract import (
    Actor,
    Customer,
    Locked,
    NotFound,
    Order,
    OrderPage,
    VerificationFailed,
    Visitor,
)
from actions.cards import kept, order_card, restored
from actions.shop import ask_shop, shop
from actions.turn import HUMAN, UNSURE, Turn, TurnAction
from actions.wording import button, order_button, wording

T = TypeVar("T")

SHOWN = 5  # orders offered at once
SEARCHED = 20  # recent orders among which product words choose
TOPIC_TURNS = 3  # for so many messages the order just spoken of stays the topic
ATTEMPTS = 2  # failed attempts after which a human is offered
WRONG_PROOFS = 5  # wrong pairs of order and phone a visitor may name within WRONG_SECONDS
WRONG_SECONDS = 900
TOKEN_MARGIN = timedelta(seconds=30)  # a scoped token this near to its end is not begun with

# Beside the form's own, these name an order too, but to ask something else of it.
ORDER_INTENTS = {"order_status", "logistics_track"}

# Values of the entity `ordinal` that only buttons send.
MORE = "more"
OTHER = "other"


class ValidateOrderForm(TurnAction):
    """Validation of a form that needs an order; a subclass names the form and its intent."""

    intent: str

    @property
    @abstractmethod
    def form(self) -> str:
        """The form's name in domain.yml; abstract, so that only what names one is an action."""

    def name(self) -> str:
        return f"validate_{self.form}"

    def offered(self, orders: list[Order]) -> list[Order]:
        """Those of a customer's orders that the question is about; all, when it fits none."""
        return orders

    async def choosable(self, turn: Turn, customer: Customer, orders: list[Order]) -> list[Order]:
        """As ``offered``, where the shop must be asked for that."""
        return self.offered(orders)

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        asked = None if self.starting(turn) else turn.slot("requested_slot")
        if asked and turn.digressed:
            return [SlotSet("requested_slot", asked)]  # a digression was answered: ask again
        if asked and self.digresses(turn):
            raise ActionExecutionRejection(self.form)
        return await self.find_order(say, turn, asked)

    def starting(self, turn: Turn) -> bool:
        """Whether this message began the form."""
        return any(
            event["event"] == "active_loop" and event["name"] == self.form for event in turn.events_now
        )

    def digresses(self, turn: Turn) -> bool:
        """Whether the message is about something else than the order asked for."""
        if turn.intent == "affirm":
            return turn.offered_human
        if turn.intent in {self.intent, "inform", *UNSURE}:
            return False
        return turn.intent in ORDER_INTENTS or not _only_a_value(turn)

    async def find_order(self, say: CollectingDispatcher, turn: Turn, asked: str | None) -> list[EventType]:
        """Find the order and go on with ``chosen``, or ask for what is lacking, ``asked`` the last time."""
        failed = int(turn.slot("order_attempts") or 0) if asked else 0
        if turn.customer:
            return await self._choose(say, turn, turn.customer, asked, failed)
        return await self._verify(say, turn, asked, failed)

    async def chosen(
        self, say: CollectingDispatcher, turn: Turn, actor: Actor, order: Order, several: bool
    ) -> list[EventType]:
        """What follows when ``order`` is found: the form ends, and its answering action tells of it.

        ``several``: the shopper may have meant another one.
        """
        return [SlotSet("order", {**kept(order), "several": several}), SlotSet("requested_slot", None)]

    async def _found(
        self, say: CollectingDispatcher, turn: Turn, actor: Actor, order: Order, several: bool
    ) -> list[EventType]:
        topic = [SlotSet("order_no", order.no), SlotSet("order_attempts", 0)]
        return [*topic, *await self.chosen(say, turn, actor, order, several)]

    async def _choose(
        self, say: CollectingDispatcher, turn: Turn, customer: Customer, asked: str | None, failed: int
    ) -> list[EventType]:
        page = await ask_shop(turn, shop().orders, customer, page_size=SEARCHED)
        if not page.items:
            say.utter_message(response="utter_no_orders")
            return leave()
        offered = await self.choosable(turn, customer, page.items)
        shown = shown_orders(turn)
        no, ordinal = turn.entity("order_no"), turn.entity("ordinal") or _bare_number(turn, asked)

        if no:
            try:
                named_by_no = await self._order(turn, customer, no, page)
                return await self._found(say, turn, customer, named_by_no, page.total > 1)
            except NotFound:
                return self._ask(customer, offered, failed + 1, unknown=True)
            except Locked as locked:
                return self._locked(say, locked.retry_after)
        if ordinal == MORE:
            first = int((turn.slot("order_choices") or {}).get("first", 0)) + SHOWN
            return self._ask(customer, offered, 0, first if first < len(offered) else 0)
        if ordinal == OTHER:
            return self._ask(customer, offered, 0)
        if ordinal:
            ordered = pointed(ordinal, shown if asked or ordinal.isdigit() else offered)
            if ordered:
                return await self._found(say, turn, customer, ordered, page.total > 1)

        named = matching(turn, page.items)
        if len(named) == 1:
            return await self._found(say, turn, customer, named[0], page.total > 1)
        if not asked and not named and corrects(turn) and not self.starting(turn):
            others = [order for order in page.items if order.no != turn.known("order_no")]
            if len(others) == 1:
                return await self._found(say, turn, customer, others[0], True)
            return self._ask(customer, others or offered, 0)
        if not asked and not named and (topic := await self._topic(turn, customer, page, offered)):
            return await self._found(say, turn, customer, topic, page.total > 1)
        if len(page.items) == 1:
            return await self._found(say, turn, customer, page.items[0], page.total > 1)
        if not asked and not named and len(offered) == 1:
            return await self._found(say, turn, customer, offered[0], page.total > 1)
        return self._ask(customer, named or offered, failed + 1 if asked and not named else failed)

    async def _order(self, turn: Turn, customer: Customer, no: str, page: OrderPage) -> Order:
        for order in page.items:
            if order.no == no:
                return order
        return await ask_shop(turn, shop().order, customer, no)

    async def _topic(
        self, turn: Turn, customer: Customer, page: OrderPage, offered: list[Order]
    ) -> Order | None:
        """The order just spoken of, while it is still the topic."""
        no, turns = turn.known("order_no"), turn.turns_since("order_no")
        if not no or turns is None or turns > TOPIC_TURNS:
            return None
        try:
            return await self._order(turn, customer, no, page)
        except NotFound:
            return None

    async def _verify(
        self, say: CollectingDispatcher, turn: Turn, asked: str | None, failed: int
    ) -> list[EventType]:
        no = turn.entity("order_no")
        tail = turn.entity("phone_tail") or (asked == "phone_tail" and _four_digits(turn.text))
        tail = tail or turn.known("phone_tail")
        another = turn.entity("ordinal") == OTHER
        if not another:
            no = no or turn.known("order_no")
        if not no and not another and not asked:
            no = (turn.slot("order_token") or {}).get("order_no")
        if not no:
            missed = asked == "order_no" and not turn.entity("phone_tail")
            return self._need("order_no", failed + missed, SlotSet("order_no", None))

        visitor = visitor_for(turn, no)
        if visitor:
            try:
                order = await ask_shop(turn, shop().order, visitor, no)
                return await self._found(say, turn, visitor, order, True)
            except NotFound:
                pass  # the shop no longer honours the token: prove it anew
        if not tail:
            gave_number = bool(turn.entity("order_no"))
            return self._need(
                "phone_tail", failed + (asked == "phone_tail" and not gave_number), SlotSet("order_no", no)
            )
        wrong = [at for at in turn.slot("wrong_proofs") or [] if at > time.time() - WRONG_SECONDS]
        if len(wrong) >= WRONG_PROOFS:
            return self._locked(say, wrong[0] + WRONG_SECONDS - time.time())
        try:
            proof = await ask_shop(turn, shop().verify, no, tail)
        except VerificationFailed:
            wrong.append(time.time())
            # One sentence, whether the order or the phone is wrong.
            say.utter_message(response="utter_verification_failed")
            return [
                SlotSet("wrong_proofs", wrong),
                *self._need("phone_tail", failed + 1, SlotSet("phone_tail", None), SlotSet("order_no", no)),
            ]
        except Locked as locked:
            return self._locked(say, locked.retry_after)
        visitor = Visitor(proof.token)
        order = await ask_shop(turn, shop().order, visitor, no)
        token = {"order_no": no, "token": proof.token, "expires_at": proof.expires_at.isoformat()}
        return [
            SlotSet("order_token", token),
            SlotSet("phone_tail", None),
            *await self._found(say, turn, visitor, order, True),
        ]

    def _locked(self, say: CollectingDispatcher, seconds: float) -> list[EventType]:
        say.utter_message(response="utter_verification_locked", minutes=str(max(1, math.ceil(seconds / 60))))
        return [*leave(), SlotSet("order_no", None), SlotSet("phone_tail", None)]

    def _ask(
        self,
        customer: Customer,
        orders: Sequence[Order],
        failed: int,
        first: int = 0,
        *,
        unknown: bool = False,
    ) -> list[EventType]:
        """Have ``action_ask_order_no`` offer ``orders`` from the ``first`` on.

        ``unknown``: because the number given is none of the customer's.
        """
        choices = {
            "customer": customer.id,
            "first": first,
            "more": len(orders) > first + SHOWN,
            "unknown": unknown,
            "orders": [kept(order) for order in orders[first : first + SHOWN]],
        }
        return self._need("order_no", failed, SlotSet("order_choices", choices), SlotSet("order_no", None))

    def _need(self, slot: str, failed: int, *known: EventType) -> list[EventType]:
        return [*known, SlotSet("order_attempts", failed), SlotSet("requested_slot", slot)]


class AskOrderNo(TurnAction):
    """Asks a customer which of her orders, a visitor for the order number."""

    def name(self) -> str:
        return "action_ask_order_no"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        failed = int(turn.slot("order_attempts") or 0)
        orders = shown_orders(turn)
        if not orders:
            _ask_for(say, turn, "order_no", failed)
            return []
        choices = turn.slot("order_choices")
        if turn.digressed:
            response, cards = "utter_choose_order_still", False
        elif failed >= ATTEMPTS:
            response, cards = "utter_offer_human", False  # the cards still stand above
        elif choices["unknown"]:
            response, cards = "utter_order_not_found", True
        elif failed:
            response, cards = "utter_choose_order_again", False
        else:
            response, cards = "utter_choose_order", True
        buttons = [
            {"title": order_button(order), "payload": f'/inform{{"order_no": "{order.no}"}}'}
            for order in orders
        ]
        if choices["more"]:
            buttons.append(button("more", f'/inform{{"ordinal": "{MORE}"}}'))
        if response == "utter_offer_human":
            buttons.append(button("human", HUMAN))
        say.utter_message(
            response=response,
            buttons=buttons,
            json_message={"cards": [order_card(order) for order in orders]} if cards else None,
        )
        return []


class AskPhoneTail(TurnAction):
    """Asks a visitor for the last digits of the phone that the order was placed with."""

    def name(self) -> str:
        return "action_ask_phone_tail"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        _ask_for(say, turn, "phone_tail", int(turn.slot("order_attempts") or 0))
        return []


def _ask_for(say: CollectingDispatcher, turn: Turn, slot: str, failed: int) -> None:
    """Ask a visitor for a value; after two failed attempts offer a human as well."""
    if turn.digressed or not failed:
        say.utter_message(response=f"utter_ask_{slot}")
    elif failed < ATTEMPTS:
        say.utter_message(response=f"utter_ask_{slot}_again")
    else:
        say.utter_message(response="utter_offer_human", buttons=[button("human", HUMAN)])


def leave() -> list[EventType]:
    """Ends a form without an order; its answering action then stays silent."""
    return [SlotSet("order", None), SlotSet("order_choices", None), SlotSet("requested_slot", None)]


def shown_orders(turn: Turn) -> list[Order]:
    """The orders last offered to this customer, as they were shown."""
    choices = turn.slot("order_choices")
    # Who speaks may have changed since: one customer's list is never another's.
    if not choices or not turn.customer or choices["customer"] != turn.customer.id:
        return []
    return [restored(order) for order in choices["orders"]]


def visitor_for(turn: Turn, order_no: str) -> Visitor | None:
    """The visitor's right to see this order, if it was proved and still holds."""
    token = turn.slot("order_token")
    if not token or token["order_no"] != order_no:
        return None
    expires = datetime.fromisoformat(token["expires_at"])
    return Visitor(token["token"]) if expires - TOKEN_MARGIN > datetime.now(UTC) else None


def actor_for(turn: Turn, order_no: str) -> Actor | None:
    """Whoever may see this order in the name of the shopper."""
    return turn.customer or visitor_for(turn, order_no)


def chosen_order(turn: Turn) -> tuple[Order, bool] | None:
    """The order that the form found in this turn, and whether the shopper may ask for others."""
    slot = turn.slot("order")
    return (restored(slot), bool(slot["several"])) if slot else None


def matching(turn: Turn, orders: Iterable[Order]) -> list[Order]:
    """Orders that the message names by words of their goods or by a part of their number.

    Returns:
        The best ones: one when it is clear, several when they tie, none when nothing fits.
    """
    return best_fitting(turn.text, turn.entity("product"), [(o, f"{_goods(o)} {o.no}") for o in orders])


def best_fitting(text: str, product: str | None, choices: Iterable[tuple[T, str]]) -> list[T]:
    """Of ``choices``, each with its words, those that ``text`` names best; ``product``: as it names one."""
    digits = re.findall(r"\d{4,}", text)
    words = without_service_words(text)
    product = (product or "").lower()
    scored = []
    for choice, described in choices:
        goods = described.lower()
        score = 10 * any(run in goods for run in digits) + 10 * bool(product and product in goods)
        pairs = {words[i : i + 2] for i in range(len(words) - 1)}
        common = set(words) & set(goods)
        # One character alone says little in a long sentence: most of the words must fit, or a pair.
        if any(pair in goods for pair in pairs) or 2 * len(common) > len(set(words)):
            score += 2 * sum(pair in goods for pair in pairs) + len(common)
        scored.append((score, choice))
    best = max((score for score, _ in scored), default=0)
    return [choice for score, choice in scored if score == best] if best else []


def _goods(order: Order) -> str:
    return " ".join(f"{item.name} {item.spec}" for item in order.items).lower()


def without_service_words(text: str) -> str:
    """What is left of a message to compare with goods."""
    return re.sub(r"[\W\d_]", "", _service_words().sub("", text.lower()))


def _service_words() -> re.Pattern[str]:
    # Longest first, or a short word would cut a longer one in two.
    words = sorted(wording()["service_words"], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def _only_a_value(turn: Turn) -> bool:
    """Whether the message is nothing but a value, whatever intent it was taken for."""
    words = without_service_words(turn.text)
    if words:
        return any(set(words) <= set(_goods(order)) for order in shown_orders(turn))
    return bool(re.search(r"\d", turn.text)) or turn.entity("ordinal") is not None


def _four_digits(text: str) -> str | None:
    """``不好意思，是3036`` as an answer to the question for the phone's last digits."""
    runs = re.findall(r"\d+", text)
    return runs[0] if len(runs) == 1 and len(runs[0]) == 4 else None


def _bare_number(turn: Turn, asked: str | None) -> str | None:
    """``2`` as an answer to the question which order."""
    return turn.text if asked and re.fullmatch(r"[1-9]", turn.text) else None


def pointed(ordinal: str, choices: Sequence[T]) -> T | None:
    """The one of ``choices`` that an entity ``ordinal`` points at."""
    index = {"latest": 0, "last": -1}.get(ordinal, int(ordinal) - 1 if ordinal.isdigit() else None)
    if index is None or not -1 <= index < len(choices) or not choices:
        return None
    return choices[index]
