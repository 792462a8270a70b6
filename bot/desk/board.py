"""What all pages of this process show of the desk, read once for all of them."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership, recent, tickets
from bot.conversations.models import Ticket
from bot.conversations.recent import Said
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.conversations.watch import Watcher, wait
from bot.handoff import agents
from bot.staff import Accounts

from .snapshot import Colleague, Row, Snapshot, TicketRow

__all__ = ["Board", "Colleague", "Row", "Snapshot", "TicketRow", "ticket_row"]

TOGETHER = 0.15  # seconds: what grows within them is read at once
REST = 4  # times as long as reading took, so that it leaves the process room for the pages
AT_LEAST_EVERY = 5.0  # seconds: presence and deadlines leave no trace in the log
LIMIT = 2000  # waiting, and held
LATEST = 100
TICKETS = 200

Listed = Any  # a row of what recent.py lists

log = structlog.get_logger()


class Board:
    """Keeps a snapshot of who waits, who serves whom and who is there; wakes the pages when it changes."""

    def __init__(self, store: Store, accounts: Accounts, watcher: Watcher) -> None:
        self.store = store
        self.accounts = accounts
        self.watcher = watcher
        self.snapshot = Snapshot()
        self.loaded = False
        # Readings are numbered: what was written while one is under way shows in the next.
        self.begun = self.done = 0
        self._pages: set[asyncio.Event] = set()
        self._stale = asyncio.Event()
        self._asked = False  # for a reading that is told even if nothing has changed
        # The end of each conversation's log, as of its last seq.
        self._said: dict[str, tuple[int, list[Said]]] = {}
        # Each row beside what it was made of.
        self._rows: dict[str, tuple[tuple[Any, ...], list[Said], Row]] = {}
        # What each member of staff has seen: account id -> conversation -> seq. An answer also tells that
        # what came before it was seen, so that little is unread again after a restart.
        self._seen: dict[int, dict[str, int]] = defaultdict(dict)

    @contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever the snapshot is new; the waiter clears it."""
        changed = asyncio.Event()
        self._pages.add(changed)
        try:
            yield changed
        finally:
            self._pages.discard(changed)

    def refresh(self) -> None:
        """Something has changed that the log does not tell: read again soon."""
        self._asked = True
        self._stale.set()

    def see(self, account_id: int, conversation_id: str, seq: int) -> None:
        """This member of staff has seen the conversation up to ``seq``."""
        self._seen[account_id][conversation_id] = seq

    def unread(self, account_id: int, row: Row) -> int:
        """How much the shopper has said that this member of staff has not seen.

        A conversation that is hers, that she never looked at and never answered in, is at least 1.
        """
        seen = self._seen[account_id].get(row.id)
        count = sum(seq > (seen or 0) for seq in row.unanswered)
        return max(1, count) if seen is None and not row.answered else count

    async def run(self) -> None:
        """Follow the log for ever."""
        with self.watcher.waiting() as grown:
            poked = asyncio.create_task(self._poke(grown))
            try:
                while True:
                    began = time.monotonic()
                    self.begun += 1
                    try:
                        snapshot = await asyncio.to_thread(self._load)
                    except SQLAlchemyError as error:
                        log.error("board.not_read", error=type(error).__name__)
                    else:
                        self.done = self.begun
                        self._publish(snapshot)
                    took = time.monotonic() - began
                    await wait(grown, AT_LEAST_EVERY)
                    await asyncio.sleep(max(TOGETHER, REST * took))
                    grown.clear()
            finally:
                poked.cancel()

    async def _poke(self, grown: asyncio.Event) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            grown.set()

    def _publish(self, snapshot: Snapshot) -> None:
        if self.loaded and snapshot == self.snapshot and not self._asked:
            return
        self.loaded, self._asked = True, False
        self.snapshot = snapshot
        held = {row.id for rows in snapshot.held.values() for row in rows}
        for seen in self._seen.values():
            for conversation_id in seen.keys() - held:
                del seen[conversation_id]
        for changed in self._pages:
            changed.set()

    def _load(self) -> Snapshot:
        with_people = recent.with_people(self.store, LIMIT)
        latest = recent.latest(self.store, LATEST)
        self._read_on([*with_people, *latest])
        waiting: list[Row] = []
        held: dict[str, list[Row]] = defaultdict(list)
        rows: dict[str, Row] = {}
        for each in with_people:
            rows[each.id] = row = self._row(each)
            (waiting if each.taken_at is None else held[each.owner]).append(row)
        for mine in held.values():
            mine.sort(key=lambda row: (row.owner_since, row.id))
        names = self.accounts.display_names()
        open_tickets = [ticket_row(ticket) for ticket in tickets.listed(self.store, limit=TICKETS)]
        return Snapshot(
            waiting=waiting,
            held=dict(held),
            latest=[rows.get(each.id) or self._row(each) for each in latest],
            names={ownership.agent(account_id): name for account_id, name in names.items()},
            agents=self._colleagues(names),
            # The same list as before is compared in no time, by every page.
            tickets=self.snapshot.tickets if open_tickets == self.snapshot.tickets else open_tickets,
        )

    def _read_on(self, conversations: Iterable[Listed]) -> None:
        """Read the ends of those logs that have grown since."""
        known = {c.id: c.last_seq for c in conversations}
        self._said = {id: said for id, said in self._said.items() if id in known}
        self._rows = {id: row for id, row in self._rows.items() if id in known}
        grown = [id for id, seq in known.items() if id not in self._said or self._said[id][0] != seq]
        if grown:
            said = recent.said(self.store, grown)
            self._said |= {id: (known[id], said.get(id, [])) for id in grown}

    def _row(self, listed: Listed) -> Row:
        """The row; what has not changed is not made anew."""
        state, said = tuple(listed), self._said[listed.id][1]
        kept = self._rows.get(listed.id)
        if kept is None or kept[0] != state or kept[1] is not said:
            self._rows[listed.id] = kept = state, said, _row(listed, said)
        return kept[2]

    def _colleagues(self, names: Mapping[int, str]) -> dict[int, Colleague]:
        alive_since = now() - agents.STALE
        return {
            agent.id: Colleague(
                id=agent.id,
                name=names.get(agent.id, agent.name),
                presence=agent.presence,
                since=agent.since,
                alive=agent.seen_at > alive_since,
                capacity=agent.capacity,
                skills=tuple(agent.skills) if agent.skills is not None else None,
            )
            for agent in agents.all(self.store)
        }


def _row(listed: Listed, said: list[Said]) -> Row:
    last = said[-1] if said else None
    shoppers = [s for s in said if s.sender == "shopper"]
    if listed.handoff_id and listed.first_answer_at is None and shoppers:
        last = shoppers[-1]  # who waits for a human is told by her own words
    spoken = max((s.seq for s in said if s.sender != "shopper"), default=0)
    return Row(
        id=listed.id,
        name=listed.customer_name or listed.customer_id,
        channel=listed.channel,
        owner=listed.owner,
        owner_since=listed.owner_since,
        level=listed.customer_level,
        last_seq=listed.last_seq,
        last_at=last.at if last else listed.updated_at,
        last_from=last.sender if last else None,
        last_text=last.text if last else None,
        unanswered=tuple(s.seq for s in shoppers if s.seq > spoken),
        mood=listed.mood,
        queue=listed.queue,
        reason=listed.reason,
        waits_since=listed.handed_over_at,
        answered=listed.first_answer_at is not None,
        due=listed.answer_due,
        warned=bool(listed.warned),
        breached=bool(listed.breached),
        breaches=listed.breaches or 0,
    )


def ticket_row(ticket: Ticket) -> TicketRow:
    """The ticket as lists show it."""
    return TicketRow(
        id=ticket.id,
        number=tickets.number(ticket),
        title=ticket.title,
        state=ticket.state,
        queue=ticket.queue,
        owner=ticket.owner,
        due=ticket.due,
        updated_at=ticket.updated_at,
    )
