"""What the agent is offered to write: suggested replies over the composer, and canned ones after a ``/``."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Customer, ShopError
from bot.conversations.models import Conversation, Message
from bot.handoff import packet, replies

from . import customers
from .context import Context
from .elements import button, el, text
from .shop_calls import ask

SHOWN = 3
PACKET_MESSAGES = 100  # read for the packet's reply

log = structlog.get_logger()


@dataclass(frozen=True)
class Offer:
    """A reply that may fit: of which ``kind`` (packet, faq, past), and what it is about."""

    kind: str
    title: str
    text: str


class Offers:
    """The bar of suggested replies; made above the composer.

    Args:
        use: called with a reply that is wanted in the composer.
    """

    def __init__(self, ctx: Context, use: Callable[[str], object]) -> None:
        self._ctx = ctx
        self._use = use
        self._conversation: Conversation | None = None
        self._answered: tuple[str, int] | None = None  # for which message something is on show
        self._values: dict[str, str] = {}
        self._values_of: tuple[str, str | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._bar = el("div", "suggestions", data_testid="suggestions", aria_label=ctx.t("suggestions"))
        self._bar.set_visibility(False)

    def show(self, conversation: Conversation, last: Message | None) -> None:
        """Offer replies to the shopper's last words; none where an agent spoke last.

        Args:
            last: the newest message of the shopper or of an agent.
        """
        self._conversation = conversation
        key = (conversation.id, last.seq) if last and last.sender == "shopper" else None
        if key is not None and key == self._answered:
            return
        self._stop()
        self._answered = key
        if key and last:
            self._task = self._ctx.run(self._suggest(conversation, last))

    def hide(self) -> None:
        """The agent does not write here."""
        self._answered = None
        self._stop()

    def _stop(self) -> None:
        if self._task:
            self._task.cancel()
        self._bar.set_visibility(False)

    async def _suggest(self, conversation: Conversation, last: Message) -> None:
        try:
            found = await asyncio.to_thread(self._find, conversation, last)
        except Exception as error:  # without suggestions the desk works on
            log.error("desk.no_suggestions", error=type(error).__name__)
            return
        self._bar.clear()
        self._bar.set_visibility(bool(found))
        with self._bar, el("div", "suggestion-list"):
            for place, offer in enumerate(found, 1):
                one = el("button", "suggestion", type="button", data_testid=f"suggestion-{place}")
                one.props["title"] = offer.text
                one.on("click", lambda _, said=offer.text: self._take(said), args=[])
                with one:
                    text("kbd", f"Alt {place}")
                    text("span", self._ctx.t(f"suggested_{offer.kind}"), "suggestion-kind")
                    text("span", offer.text, "suggestion-text")
        with self._bar:
            away = button(
                "×", "icon-button", aria_label=self._ctx.t("suggestions_away"), data_testid="suggestions-away"
            )
            away.props["title"] = f"{self._ctx.t('suggestions_away')} (Alt+0)"
            away.on("click", lambda: self._bar.set_visibility(False), args=[])

    def _take(self, said: str) -> None:
        self._bar.set_visibility(False)
        self._use(said)

    def _find(self, conversation: Conversation, last: Message) -> list[Offer]:
        desk, agent = self._ctx.desk, self._ctx.staff.display_name
        after = max(0, conversation.last_seq - PACKET_MESSAGES)
        said = desk.store.messages(conversation.id, after, PACKET_MESSAGES)
        found = []
        told = packet.build(conversation, desk.store.events(conversation.id), said, agent=agent)
        spoken = [m for m in said if m.sender == "agent" and told and m.at > told.waiting_since]
        if told and not spoken:
            found.append(Offer("packet", told.reason_text, told.reply))
        values = {"agent": agent, "name": conversation.customer_name or ""}
        if last.text:
            for one in desk.suggestions.for_(last.text, channel=conversation.channel):
                found.append(Offer(one.kind, one.title, replies.fill(one.text, values)))
        return found[:SHOWN]

    async def send_canned(self) -> None:
        """Give the browser the canned replies, filled for the open conversation."""
        conversation = self._conversation
        if conversation is None:
            return
        await self._fill_canned(conversation, {})
        if self._values_of != (conversation.id, conversation.customer_id):
            self._values = await self._order_values(conversation)
            self._values_of = (conversation.id, conversation.customer_id)
        if self._values and self._conversation and self._conversation.id == conversation.id:
            await self._fill_canned(conversation, self._values)

    async def _fill_canned(self, conversation: Conversation, values: Mapping[str, str]) -> None:
        known = {
            "agent": self._ctx.staff.display_name,
            "name": conversation.customer_name or "",
            **values,
        }
        canned = await asyncio.to_thread(replies.canned)
        filled = [
            {"shortcut": one.shortcut, "title": one.title, "text": replies.fill(one.text, known)}
            for one in canned
        ]
        self._ctx.js(f"desk.canned.offer({json.dumps(conversation.id)}, {json.dumps(filled)})")

    async def _order_values(self, conversation: Conversation) -> dict[str, str]:
        """Of the order that the hand-over is about, else of the newest."""
        desk = self._ctx.desk
        try:
            touched = await asyncio.to_thread(customers.touched, desk.store, conversation)
            if conversation.customer_id is None:
                return {"order_no": touched[0]} if touched else {}
            return await ask(customers.order_values, desk.shop, Customer(conversation.customer_id), touched)
        except (ShopError, SQLAlchemyError):
            return {}
