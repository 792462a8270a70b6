"""One ticket in the middle of the page: what it is about, what was done, and what can be done."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from nicegui import events
from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, tickets
from bot.conversations.models import Conversation, Ticket, TicketEvent
from bot.conversations.notices import ZONE
from bot.conversations.steps import UnknownConversation
from bot.handoff.desk_rules import queue_title
from bot.handoff.packet import reason_text

from .at_work import at_work
from .board import TicketRow
from .context import Context
from .elements import button, el, moment, text
from .ticket_history import show_history

NOTE_LIMIT = 500
VALUE = "(event) => emit(event.target.value)"

log = structlog.get_logger()


class TicketView:
    """Shows a ticket and carries out what is done with it; made inside the page's root.

    Args:
        back: leaves the view.
        go: called with the id of the ticket's conversation.
        changed: called after each change.
    """

    def __init__(
        self,
        ctx: Context,
        back: Callable[[], object],
        go: Callable[[str], object],
        changed: Callable[[], object],
    ) -> None:
        self._ctx = ctx
        self._go = go
        self._changed = changed
        self._ticket: Ticket | None = None
        t = ctx.t
        with el("main", "ticket-pane", data_testid="ticket"):
            with el("header", "pane-head"):
                leave = button("‹", "icon-button", aria_label=t("back"), data_testid="ticket-back")
                leave.on("click", back, args=[])
                with el("div", "chat-who"):
                    self._title = text("strong", "", data_testid="ticket-title")
                    self._number = text("span", "", "hint number")
                el("span", "gap")
                go_there = button(t("ticket_conversation"), "quiet", data_testid="ticket-conversation")
                go_there.on("click", self._look, args=[])
                take = button(t("ticket_take_up"), "primary", data_testid="ticket-take")
                take.on("click", self._take_up, args=[])
            with el("div", "ticket-body"):
                self._facts = el("section", "ticket-card", data_testid="ticket-facts")
                self._build_note()
                with el("section", "ticket-card"):
                    text("h2", t("history"))
                    self._history = el("ol", "history", data_testid="ticket-history")

    def _build_note(self) -> None:
        t = self._ctx.t
        form = el("form", "ticket-card ticket-note", data_testid="ticket-form")
        form.on(
            "submit.prevent",
            self._add_note,
            js_handler="(event) => { const said = new FormData(event.target);"
            " emit({text: said.get('note'), tell: said.get('tell') === 'on'}); }",
        )
        with form:
            text("h2", t("ticket_note"))
            el(
                "textarea",
                "composer",
                name="note",
                rows=2,
                maxlength=NOTE_LIMIT,
                required=True,
                placeholder=t("ticket_note_hint"),
                aria_label=t("ticket_note"),
                data_testid="ticket-note",
            )
            with el("div", "ticket-note-foot"):
                with el("label", ""):
                    el("input", "", type="checkbox", name="tell", checked=True, data_testid="ticket-tell")
                    text("span", t("ticket_tell"))
                text("button", t("ticket_note_add"), "primary", type="submit", data_testid="ticket-add")

    # -- showing --------------------------------------------------------------------------------------

    @property
    def ticket_id(self) -> int | None:
        """Which ticket is on show."""
        return self._ticket.id if self._ticket else None

    def close(self) -> None:
        """Nothing is on show any more."""
        self._ticket = None
        self._facts.clear()
        self._history.clear()

    def news(self, listed: Sequence[TicketRow]) -> None:
        """Read the ticket again if one of these tells that it has changed."""
        mine = self._ticket
        if mine and any(row.id == mine.id and row.updated_at != mine.updated_at for row in listed):
            self._ctx.run(self._read_again(mine.id))

    async def open(self, ticket_id: int) -> None:
        """Show this ticket; that it was looked at is kept."""
        if not await self._ctx.signed_in():
            return
        store, me = self._ctx.desk.store, self._ctx.me
        if await self._read(ticket_id):
            await asyncio.to_thread(audits.note, store, me, "ticket_view", ticket=ticket_id)

    async def _read_again(self, ticket_id: int) -> None:
        await self._read(ticket_id)

    async def _read(self, ticket_id: int) -> bool:
        store = self._ctx.desk.store

        def read() -> tuple[Ticket, list[TicketEvent], Conversation, Mapping[int, str]]:
            ticket = tickets.get(store, ticket_id)
            return (
                ticket,
                tickets.events(store, ticket_id),
                store.conversation(ticket.conversation_id),
                self._ctx.desk.accounts.display_names(),
            )

        try:
            ticket, happened, conversation, names = await asyncio.to_thread(read)
        except (tickets.UnknownTicket, UnknownConversation):
            self._ctx.tell("ticket_gone")
            return False
        except SQLAlchemyError as error:
            log.error("desk.ticket_not_read", error=type(error).__name__)
            self._ctx.tell("not_now")
            return False
        self._ticket = ticket
        self._title.set_text(ticket.title)
        self._number.set_text(tickets.number(ticket))
        self._show_facts(ticket, conversation, names)
        show_history(self._history, happened, names, self._ctx.t)
        return True

    def _show_facts(self, ticket: Ticket, conversation: Conversation, names: Mapping[int, str]) -> None:
        t = self._ctx.t
        self._facts.clear()
        with self._facts:
            with el("div", "ticket-chips"):
                text(
                    "span",
                    t(f"ticket_{ticket.state}"),
                    "chip strong",
                    data_ticket=ticket.state,
                    data_testid="ticket-state",
                )
                text("span", queue_title(ticket.queue, t.language), "chip")
                if ticket.reason:
                    text("span", reason_text(ticket.reason, t.language), "chip", data_reason=ticket.reason)
                if ticket.due and ticket.state in tickets.OPEN_STATES:
                    el("due-time", "", at=ticket.due.isoformat(), data_testid="ticket-due")
            if ticket.text:
                text("p", ticket.text, "ticket-text")
            with el("dl", "facts"):
                with el("div"):
                    text("dt", t("customer"))
                    text("dd", conversation.customer_name or conversation.customer_id or t("visitor"))
                with el("div"):
                    text("dt", t("ticket_opened"))
                    with el("dd"):
                        moment(ticket.opened_at)
            with el("div", "ticket-set"):
                states = {state: t(f"ticket_{state}") for state in tickets.STATES}
                self._select("ticket_state", states, ticket.state, self._set_state)
                owners = {"": t("ticket_nobody"), **{str(id): name for id, name in names.items()}}
                self._select("ticket_owner", owners, str(ticket.owner or ""), self._set_owner)
                with el("label", ""):
                    text("span", t("ticket_due"), "hint")
                    due = ticket.due.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if ticket.due else ""
                    field = el("input", "ticket-field", type="datetime-local", value=due)
                    field.props["data-testid"] = "ticket-set-due"
                    field.on("change", self._set_due, js_handler=VALUE)

    def _select(
        self,
        key: str,
        options: Mapping[str, str],
        chosen: str,
        do: Callable[[events.GenericEventArguments], Any],
    ) -> None:
        with el("label", ""):
            text("span", self._ctx.t(key), "hint")
            select: Element = el("select", "ticket-field", data_testid=key.replace("ticket_", "ticket-set-"))
            with select:
                for value, said in options.items():
                    option = text("option", said, value=value)
                    if value == chosen:
                        option.props["selected"] = True
            select.on("change", do, js_handler=VALUE)

    # -- doing ----------------------------------------------------------------------------------------

    async def _set_state(self, event: events.GenericEventArguments) -> None:
        if event.args in tickets.STATES:
            await self._change(state=event.args)

    async def _set_owner(self, event: events.GenericEventArguments) -> None:
        chosen = str(event.args)
        known = await asyncio.to_thread(self._ctx.desk.accounts.display_names)
        if not chosen or (chosen.isdecimal() and int(chosen) in known):
            await self._change(owner=int(chosen) if chosen else None)

    async def _set_due(self, event: events.GenericEventArguments) -> None:
        try:
            due = datetime.fromisoformat(str(event.args)).replace(tzinfo=ZONE) if event.args else None
        except ValueError:
            return
        await self._change(due=due)

    async def _add_note(self, event: events.GenericEventArguments) -> None:
        said = event.args if isinstance(event.args, dict) else {}
        note = str(said.get("text") or "").replace("\0", "").strip()[:NOTE_LIMIT]
        if note and await self._change(note=note, tell=said.get("tell") is True):
            self._ctx.js("document.querySelector('.ticket-note').reset()")

    async def _change(self, **what: Any) -> bool:
        ctx, ticket = self._ctx, self._ticket
        if ticket is None:
            return False

        async def change() -> None:
            store, staff = ctx.desk.store, ctx.staff
            await asyncio.to_thread(tickets.change, store, ticket.id, staff.id, staff.display_name, **what)
            kept = {key: value for key, value in what.items() if key in ("state", "owner")}
            await asyncio.to_thread(
                audits.note, store, ctx.me, "ticket_change", ticket=ticket.id, what=sorted(what), **kept
            )

        done = await ctx.attempt(change, ticket.conversation_id)
        if done:
            ctx.desk.watcher.hint(ticket.conversation_id)
            self._changed()
        await self._read(ticket.id)
        return done

    def _look(self) -> None:
        if self._ticket:
            self._go(self._ticket.conversation_id)

    async def _take_up(self) -> None:
        """The agent goes on with the shopper herself, and with the ticket."""
        ctx, ticket = self._ctx, self._ticket
        if ticket is None:
            return
        store, staff = ctx.desk.store, ctx.staff

        def take() -> None:
            if store.conversation(ticket.conversation_id).owner != ctx.me:
                store.take(ticket.conversation_id, staff.id, staff.display_name)
                at_work(ctx)
            state = "in_progress" if ticket.state == "open" else None
            tickets.change(store, ticket.id, staff.id, staff.display_name, owner=staff.id, state=state)
            audits.note(store, ctx.me, "ticket_take_up", ticket=ticket.id)

        async def take_up() -> None:
            await asyncio.to_thread(take)

        if await ctx.attempt(take_up, ticket.conversation_id):
            ctx.desk.watcher.hint(ticket.conversation_id)
            self._changed()
            self._go(ticket.conversation_id)
