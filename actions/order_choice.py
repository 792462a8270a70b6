"""Which order the shopper means: what every capability that needs an order shares.

A signed-in customer chooses among her own orders, a visitor proves one (see visitors.py).

While a form is active its validation takes the message first. It
* takes a value from it, or counts a failed attempt (the questions offer a human after the second), or
* raises ``ActionExecutionRejection``, so that the rules answer a message about something else.
"""

import re
from abc import abstractmethod
from collections.abc import Sequence

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.answers import corrects
from actions.backend.contract import Actor, Customer, Locked, NotFound, Order, OrderPage
from actions.cards import kept
from actions.naming import best_fitting, pointed, without_service_words
from actions.order_questions import MORE, OTHER, leave, locked, need, shown_orders
from actions.shop import ask_shop, shop
from actions.turn import UNSURE, Turn, TurnAction
from actions.visitors import prove
from actions.wording import CHINA, says

LATEST = "latest"  # value of the entity `ordinal`: "上次买的那件"
SHOWN = 5  # orders offered at once
SEARCHED = 20  # recent orders among which product words choose

# Beside the form's own, these name an order too, but to ask something else of it.
ORDER_INTENTS = {"order_status", "logistics_track"}


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
        found = await prove(say, turn, asked, failed)
        if isinstance(found, list):
            return found
        return [*found.events, *await self._found(say, turn, found.visitor, found.order, True)]

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
            except Locked as error:
                return locked(say, error.retry_after)
        if ordinal == MORE:
            first = int((turn.slot("order_choices") or {}).get("first", 0)) + SHOWN
            return self._ask(customer, offered, 0, first if first < len(offered) else 0)
        if ordinal == OTHER:
            return self._ask(customer, offered, 0)
        named = best_fitting(
            turn.text, turn.entity("product"), [(o, f"{_goods(o)} {o.no}") for o in page.items]
        )
        named = _of_day(turn, named or page.items) or named
        if ordinal == LATEST and named:
            named = named[:1]  # "上次买的那件羽绒服": of these the newest
        elif ordinal:
            ordered = pointed(ordinal, shown if asked or ordinal.isdigit() else offered)
            if ordered:
                return await self._found(say, turn, customer, ordered, page.total > 1)
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
        no = turn.known("order_no")
        if not no or not turn.lately("order_no"):
            return None
        try:
            return await self._order(turn, customer, no, page)
        except NotFound:
            return None

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
        return need("order_no", failed, SlotSet("order_choices", choices), SlotSet("order_no", None))


def _only_a_value(turn: Turn) -> bool:
    """Whether the message is nothing but a value, whatever intent it was taken for."""
    words = without_service_words(turn.text)
    if words:
        return any(set(words) <= set(_goods(order)) for order in shown_orders(turn))
    return bool(re.search(r"\d", turn.text)) or turn.entity("ordinal") is not None


def _of_day(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those of ``orders`` that were placed or received on the day named: "昨天收到的那件"."""
    named = (turn.entity("time") or "")[:10]
    received = says("received", turn.text)
    if not named or not (received or says("placed", turn.text)):
        return []
    days = [(order, order.delivered_at if received else order.placed_at) for order in orders]
    return [order for order, at in days if at and at.astimezone(CHINA).date().isoformat() == named]


def _goods(order: Order) -> str:
    return " ".join(f"{item.name} {item.spec}" for item in order.items).lower()


def _bare_number(turn: Turn, asked: str | None) -> str | None:
    """``2`` as an answer to the question which order."""
    said = re.fullmatch(r"(?:是|就|选|那|第)*([1-9])(?:号|个|单|笔|款)?(?:吧|的|那个)*", turn.text)
    return said[1] if asked and said else None
