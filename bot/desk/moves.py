"""What may be done with the open conversation: the buttons in its head, and the menu beside them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from nicegui.element import Element

from bot.conversations import audits, guests, ownership
from bot.conversations.models import Conversation
from bot.handoff import queue

from . import questions
from .at_work import at_work
from .context import Context
from .elements import button, el

Action = Callable[[Conversation], Awaitable[None]]


@dataclass(frozen=True)
class Standing:
    """How this member of staff stands to the open conversation."""

    conversation: Conversation
    mine: bool
    guest: bool
    supervisor: bool

    @property
    def kind(self) -> str:
        """Of its owner."""
        return ownership.kind(self.conversation.owner)

    @property
    def others(self) -> bool:
        """Whether a colleague serves it."""
        return self.kind == "agent" and not self.mine

    @property
    def speaks(self) -> bool:
        """Whether she may answer the shopper."""
        return self.mine or self.guest


# Name, style and who may; those of the style "item" are in the menu.
MOVES: tuple[tuple[str, str, Callable[[Standing], bool]], ...] = (
    ("take", "primary", lambda s: s.kind in ("bot", "queue")),
    ("leave", "quiet", lambda s: s.guest),
    ("take_over", "quiet", lambda s: s.others and s.supervisor),
    ("transfer", "quiet", lambda s: s.mine),
    ("hand_back", "quiet", lambda s: s.mine),
    ("close", "quiet", lambda s: s.mine),
    ("invite", "item", lambda s: s.mine),
    ("ask_rating", "item", lambda s: s.mine),
    ("make_ticket", "item", lambda s: s.speaks or s.supervisor),
    ("assign", "item", lambda s: s.supervisor and (s.others or s.kind == "queue")),
    ("put_back", "item", lambda s: s.supervisor and s.others),
)


class Moves:
    """The buttons; made inside the head.

    Args:
        act: makes of an action on the open conversation the handler that does it.
        taken: called when the agent has taken a conversation.
    """

    def __init__(
        self,
        ctx: Context,
        act: Callable[[Action], Callable[[], Awaitable[None]]],
        taken: Callable[[], object],
    ) -> None:
        self._ctx = ctx
        self._taken = taken
        self._buttons: dict[str, Element] = {}
        t = ctx.t
        for name, style, _ in MOVES:
            if style != "item":
                self._build(name, style, act)
        self._more = button("⋯", "quiet menu-button", aria_label=t("more"), title=t("more"))
        self._more.props["data-testid"] = "more"
        self._more.on("click", js_handler="(event) => desk.menu(event.currentTarget)")
        with el("div", "menu", popover="auto", role="menu"):
            for name, style, _ in MOVES:
                # On a phone the head has no room: there all are in the menu.
                if style != "primary":
                    self._build(name, "item" if style == "item" else "item also", act)

    def _build(self, name: str, style: str, act: Callable[[Action], Callable[[], Awaitable[None]]]) -> None:
        again = style == "item also"
        testid = name.replace("_", "-") + ("-item" if again else "")
        made = button(self._ctx.t(name), style, data_testid=testid, hidden=True)
        made.on("click", act(partial(self._do, name)), args=[])
        self._buttons[testid] = made

    def show(self, standing: Standing) -> None:
        """Show what may be done now."""
        items = False
        for name, style, may in MOVES:
            allowed = may(standing)
            items = items or (allowed and style != "primary")
            for testid in (name.replace("_", "-"), f"{name.replace('_', '-')}-item"):
                if made := self._buttons.get(testid):
                    # Hidden in the browser only: who presses a moment too late is told why nothing happens.
                    made.props["hidden"] = not allowed
                    made.update()
        self._more.props["hidden"] = not items
        self._more.update()

    async def _do(self, name: str, conversation: Conversation) -> None:
        done: bool = await getattr(self, f"_{name}")(conversation)
        if done:
            note = partial(audits.note, self._ctx.desk.store, self._ctx.me, name)
            await asyncio.to_thread(note, conversation=conversation.id)

    async def _take(self, conversation: Conversation) -> bool:
        store, staff = self._ctx.desk.store, self._ctx.staff
        await asyncio.to_thread(queue.claim, store, conversation.id, staff.id, staff.display_name)
        await self._now_hers()
        return True

    async def _take_over(self, conversation: Conversation) -> bool:
        store, staff = self._ctx.desk.store, self._ctx.staff
        if await questions.sure(self._ctx, "take_over") is None:
            return False
        await asyncio.to_thread(store.assign, conversation.id, staff.id, staff.id, staff.display_name)
        await self._now_hers()
        return True

    async def _now_hers(self) -> None:
        await asyncio.to_thread(at_work, self._ctx)
        self._taken()
        self._ctx.js("desk.focus()")

    async def _leave(self, conversation: Conversation) -> bool:
        await asyncio.to_thread(guests.leave, self._ctx.desk.store, conversation.id, self._ctx.staff.id)
        return True

    async def _transfer(self, conversation: Conversation) -> bool:
        return await questions.transfer(self._ctx, conversation)

    async def _hand_back(self, conversation: Conversation) -> bool:
        return await questions.hand_back(self._ctx, conversation)

    async def _close(self, conversation: Conversation) -> bool:
        return await questions.close(self._ctx, conversation)

    async def _invite(self, conversation: Conversation) -> bool:
        return await questions.invite(self._ctx, conversation)

    async def _ask_rating(self, conversation: Conversation) -> bool:
        await asyncio.to_thread(self._ctx.desk.store.ask_rating, conversation.id, self._ctx.staff.id)
        self._ctx.tell("rating_asked")
        return True

    async def _make_ticket(self, conversation: Conversation) -> bool:
        return await questions.make_ticket(self._ctx, conversation)

    async def _assign(self, conversation: Conversation) -> bool:
        return await questions.assign(self._ctx, conversation)

    async def _put_back(self, conversation: Conversation) -> bool:
        return await questions.put_back(self._ctx, conversation)
