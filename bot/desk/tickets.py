"""The tickets' list in the left column; one ticket is shown by ticket_view.py."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import tickets

from .board import Snapshot, TicketRow, ticket_row
from .context import Context
from .elements import button, el, moment, text
from .ticket_view import TicketView

WHOSE = ("mine", "open", "all")
PANE = "ticket"  # the page's ``data-pane`` while a ticket is shown


class TicketColumn:
    """The list with its choice of whose tickets; made inside the left column.

    Args:
        open_conversation: called with the id of a ticket's conversation.
    """

    def __init__(self, ctx: Context, open_conversation: Callable[[str], object]) -> None:
        self._ctx = ctx
        self._open_conversation = open_conversation
        self._whose = "mine"
        self._before = "list"
        self._board = Snapshot()
        self._every: list[TicketRow] = []
        self._state: tuple[object, ...] = ()
        t = ctx.t
        self._box = el("div", "ticket-list", data_testid="tickets")
        with self._box:
            with el("div", "queue-chips"):
                self._chips = {name: button(t(f"tickets_{name}"), "queue-chip") for name in WHOSE}
            for name, chip in self._chips.items():
                chip.props["data-testid"] = f"tickets-{name}"
                chip.on("click", lambda name=name: self._choose(name), args=[])
            self._rows = el("div", "rows", data_testid="ticket-rows")
            self._empty = text("p", "", "hint rows-empty", data_testid="tickets-empty")

    def build_view(self) -> None:
        """Make the view of one ticket; inside the page's root."""
        self._view = TicketView(self._ctx, self.leave, self._go, self._ctx.desk.board.refresh)

    def set_visibility(self, visible: bool) -> None:
        self._box.set_visibility(visible)

    def show(self, board: Snapshot) -> tuple[int, bool]:
        """Show the tickets as the board knows them; how many are mine, and whether one is overdue."""
        self._board = board
        self._fill()
        if self._whose == "all" and self._box.visible:
            self._ctx.run(self._read_every())
        self._view.news(board.tickets)
        mine = [ticket for ticket in board.tickets if ticket.owner == self._ctx.staff.id]
        now = datetime.now(UTC)
        return len(mine), any(ticket.due and ticket.due < now for ticket in mine)

    def open(self, ticket_id: int) -> None:
        """Show this ticket in place of the conversation."""
        if (pane := self._ctx.root.props["data-pane"]) != PANE:
            self._before, self._ctx.root.props["data-pane"] = pane, PANE
        self._ctx.run(self._open(ticket_id))

    async def _open(self, ticket_id: int) -> None:
        await self._view.open(ticket_id)
        self._fill()

    def leave(self) -> None:
        """Show again what was there before the ticket."""
        if self._ctx.root.props["data-pane"] == PANE:
            self._ctx.root.props["data-pane"] = self._before
        self._view.close()
        self._fill()

    def _go(self, conversation_id: str) -> None:
        self.leave()
        self._open_conversation(conversation_id)

    async def _choose(self, whose: str) -> None:
        self._whose = whose
        if whose == "all":
            await self._read_every()
        self._fill()

    async def _read_every(self) -> None:
        """What is done already is not on the board."""
        try:
            found = await asyncio.to_thread(tickets.listed, self._ctx.desk.store, tickets.STATES)
        except SQLAlchemyError:
            self._ctx.tell("not_now")
            return
        self._every = [ticket_row(ticket) for ticket in found]
        self._fill()

    def _listed(self) -> Sequence[TicketRow]:
        if self._whose == "mine":
            return [ticket for ticket in self._board.tickets if ticket.owner == self._ctx.staff.id]
        return self._board.tickets if self._whose == "open" else self._every

    def _fill(self) -> None:
        for name, chip in self._chips.items():
            chip.props["aria-pressed"] = "true" if name == self._whose else "false"
        listed = list(self._listed())
        state = (self._whose, self._view.ticket_id, listed)
        if state == self._state:
            return
        self._state = state
        self._rows.clear()
        with self._rows:
            for ticket in listed:
                self._show_row(ticket)
        self._empty.set_text(self._ctx.t(f"tickets_{self._whose}_empty"))
        self._empty.set_visibility(not listed)

    def _show_row(self, ticket: TicketRow) -> None:
        t = self._ctx.t
        row = el("button", "ticket-row", type="button", data_testid="ticket-row")
        row.props["data-ticket"] = ticket.number
        row.props["aria-current"] = "true" if ticket.id == self._view.ticket_id else "false"
        row.on("click", lambda: self.open(ticket.id), args=[])
        with row:
            with el("span", "row-line"):
                text("span", ticket.title, "row-name")
                text("span", t(f"ticket_{ticket.state}"), "chip", data_ticket=ticket.state)
            with el("span", "row-line"):
                text("span", ticket.number, "number row-last")
                owner = self._board.names.get(f"agent:{ticket.owner}", t("someone")) if ticket.owner else ""
                text("span", owner or t("ticket_nobody"), "hint")
                if ticket.due and ticket.state in tickets.OPEN_STATES:
                    el("due-time", "", at=ticket.due.isoformat())
                else:
                    moment(ticket.updated_at)
