"""The right column as a whole: what stands where, and when it is looked at anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import AfterSale, Customer, Order
from bot.conversations import handoffs, past, ratings, tickets
from bot.conversations.models import Conversation, Event, Handoff, Message, Rating, Ticket
from bot.conversations.steps import UnknownConversation
from bot.handoff import packet

from .. import customers, order_actions
from ..context import Context
from ..elements import button, el, text
from . import history
from .action_dialog import ActionDialog
from .after_sales import load_after_sales, load_refunds
from .asking import fill
from .benefits import load_coupons, load_points
from .customer import CustomerBox
from .fold import Fold
from .orders import OrdersBox
from .packet import PacketBox

PACKET_MESSAGES = 300  # read for the packet
LOOK_AGAIN_SECONDS = 5.0  # at what changes without a message: a rating, a ticket


@dataclass(frozen=True)
class Facts:
    """What the log holds of one conversation, read at once."""

    conversation: Conversation
    events: list[Event]
    messages: list[Message]
    ratings: list[Rating]
    tickets: list[Ticket]
    services: list[Handoff]
    may_act: bool

    @property
    def mark(self) -> object:
        """Another one when what changes without a message has changed."""
        rated = [(r.id, r.score, r.comment) for r in self.ratings]
        return rated, [(t.id, t.updated_at) for t in self.tickets], self.may_act


class Sidebar:
    """Shows the facts of the open conversation; made inside the page's root.

    Args:
        use_reply: called with a reply that the agent wants in the composer.
        back: called when a narrow screen goes back to the conversation.
        open_conversation: called with the id of another conversation to be opened.
        open_ticket: called with the id of a ticket to be opened.
    """

    def __init__(
        self,
        ctx: Context,
        use_reply: Callable[[str], object],
        back: Callable[[], object],
        open_conversation: Callable[[str], object],
        open_ticket: Callable[[int], object],
    ) -> None:
        self._ctx = ctx
        self._open_conversation = open_conversation
        self._conversation: Conversation | None = None
        self._pictures: Sequence[str] = ()
        self._mark: object = None
        self._tasks: list[asyncio.Task[None]] = []
        t, names = ctx.t, self._names
        with el("aside", "info-pane") as self._pane:
            self._info = el("div", "info")
            with self._info:
                with el("header", "pane-head narrow-only"):
                    button("‹", "icon-button", aria_label=t("back_to_chat"), data_testid="back-to-chat").on(
                        "click", back, args=[]
                    )
                    text("strong", t("info"))
                self._packet = PacketBox(ctx.desk.shop, t, use_reply)
                self._tickets = history.TicketsBox(t, open_ticket)
                with el("div", "", data_testid="customer"):
                    self._customer = CustomerBox(ctx)
                    self._orders = OrdersBox(ctx, self._act)
                    self._after_sales = Fold(
                        "after-sales", t("after_sales"), load_after_sales(ctx, self._her, self._withdraw)
                    )
                    self._folds = [
                        self._after_sales,
                        Fold("refunds", t("refunds"), load_refunds(ctx, self._her)),
                        Fold("coupons", t("coupons"), load_coupons(ctx, self._her)),
                        Fold("points", t("points"), load_points(ctx, self._her)),
                        Fold("past-conversations", t("past"), self._load_past),
                    ]
                self._history = history.HistoryBox(t, names)

    def clear(self) -> None:
        """No conversation is open."""
        self._stop()
        self._conversation = None
        self._info.set_visibility(False)

    def show(self, conversation: Conversation) -> None:
        """A conversation was opened, or has become a customer's."""
        self._stop()
        self._conversation = conversation
        self._info.set_visibility(True)
        for fold in self._folds:
            fold.show(conversation.customer_id is not None)
        self._tasks = [
            self._ctx.run(self._show_facts(conversation)),
            self._ctx.run(self._customer.show(conversation)),
            self._ctx.run(self._orders.show(conversation)),
            self._ctx.run(self._show_folds()),
            self._ctx.run(self._look_again()),
        ]

    def refresh_facts(self, conversation: Conversation) -> None:
        """The conversation has another owner, or something new is to be said of it."""
        if self._conversation is None or self._conversation.id != conversation.id:
            return
        self._conversation = conversation
        self._tasks.append(self._ctx.run(self._show_facts(conversation)))
        self._tasks = [task for task in self._tasks if not task.done()]

    # -- the log --------------------------------------------------------------------------------------

    async def _show_facts(self, conversation: Conversation) -> None:
        facts = None
        while facts is None:
            try:
                facts = await asyncio.to_thread(self._read, conversation)
            except UnknownConversation:
                return
            except SQLAlchemyError:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        if self._conversation is not conversation:
            return
        ctx = self._ctx
        told = packet.build(
            conversation,
            facts.events,
            facts.messages,
            agent=ctx.staff.display_name,
            language=ctx.t.language,
            queue=facts.services[-1].queue if facts.services else None,
        )
        self._pictures = customers.evidence(facts.messages)
        self._packet.show(told, self._pictures)
        self._show_changing(facts)
        if conversation.customer_id and told:
            await self._packet.compare(conversation.customer_id)

    def _show_changing(self, facts: Facts) -> None:
        self._mark = facts.mark
        self._pane.props["data-may-act"] = "yes" if facts.may_act else "no"
        self._tickets.show(facts.tickets)
        self._history.show(facts.events, facts.ratings, facts.services)

    async def _look_again(self) -> None:
        while conversation := self._conversation:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                facts = await asyncio.to_thread(self._read, conversation, with_messages=False)
            except (SQLAlchemyError, UnknownConversation):
                continue
            if self._conversation is conversation and facts.mark != self._mark:
                self._show_changing(facts)

    def _read(self, conversation: Conversation, with_messages: bool = True) -> Facts:
        store, mine = self._ctx.desk.store, conversation.id
        after = max(0, conversation.last_seq - PACKET_MESSAGES)
        return Facts(
            conversation,
            store.events(mine),
            store.messages(mine, after, PACKET_MESSAGES) if with_messages else [],
            ratings.given(store, mine),
            tickets.of(store, mine),
            handoffs.of(store, mine),
            order_actions.may(store, mine, self._ctx.staff),
        )

    def _names(self) -> dict[str, str]:
        return dict(self._ctx.desk.board.snapshot.names)

    # -- the shop -------------------------------------------------------------------------------------

    def _her(self) -> Customer:
        return Customer((self._conversation and self._conversation.customer_id) or "")

    async def _show_folds(self) -> None:
        await asyncio.gather(*(fold.refresh() for fold in self._folds))

    async def _load_past(self, box: Element) -> None:
        conversation, ctx = self._conversation, self._ctx
        if conversation is None or conversation.customer_id is None:
            return
        find = partial(past.of, ctx.desk.store, conversation.customer_id, conversation.id)

        def show(found: list[past.Past]) -> None:
            history.show_past(found, self._names(), ctx.t, self._open_conversation)

        await fill(box, ctx.t, find, show, "past_failed")

    async def _act(self, order: Order, action: str, done: Callable[[], Awaitable[None]]) -> None:
        async def renew() -> None:
            await done()
            await self._show_folds()

        if conversation := self._conversation:
            await ActionDialog(
                self._ctx, conversation, action, order, order.no, order.no, self._pictures, renew
            ).open()

    async def _withdraw(self, sale: AfterSale) -> None:
        if conversation := self._conversation:
            await ActionDialog(
                self._ctx, conversation, "withdraw", None, sale.order_no, sale.id, (), self._show_folds
            ).open()

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []
