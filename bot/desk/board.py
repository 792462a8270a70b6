"""The left column's facts, read once for all pages of this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership
from bot.conversations.models import Conversation, Message
from bot.conversations.store import Store
from bot.conversations.watch import Watcher, wait
from bot.handoff import queue
from bot.staff import Accounts

TOGETHER = 0.15  # seconds: what grows within them is read at once
AT_LEAST_EVERY = 15.0  # seconds
HELD_LIMIT = 500
RECENT = 10  # messages among which the shopper's last words are looked for

log = structlog.get_logger()


@dataclass(frozen=True)
class Row:
    """One conversation in a list."""

    id: str
    name: str | None
    channel: str
    owner: str
    owner_since: datetime
    last_seq: int
    last_at: datetime
    last_from: str | None
    last_text: str | None
    position: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """``held`` by owner; ``names`` of staff by owner."""

    waiting: list[Row] = field(default_factory=list)
    waiting_count: int = 0
    held: dict[str, list[Row]] = field(default_factory=dict)
    latest: list[Row] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


class Board:
    """Keeps a snapshot of who waits and who serves whom, and wakes the pages when it changes."""

    def __init__(self, store: Store, accounts: Accounts, watcher: Watcher) -> None:
        self._store = store
        self._accounts = accounts
        self._watcher = watcher
        self._pages: set[asyncio.Event] = set()
        # Why somebody waits and what she said last, by conversation and its last seq.
        self._told: dict[tuple[str, int], tuple[str | None, Message | None]] = {}
        # What each member of staff has seen: account id -> conversation -> seq.
        self._seen: dict[int, dict[str, int]] = {}
        self.snapshot = Snapshot()

    @contextmanager
    def waiting(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever the snapshot is new; the waiter clears it."""
        changed = asyncio.Event()
        self._pages.add(changed)
        try:
            yield changed
        finally:
            self._pages.discard(changed)

    def see(self, account_id: int, conversation_id: str, seq: int) -> None:
        """This member of staff has seen the conversation up to ``seq``."""
        self._seen.setdefault(account_id, {})[conversation_id] = seq

    def unread(self, account_id: int, row: Row) -> bool:
        """Whether the shopper has said something that this member of staff has not seen."""
        seen = self._seen.get(account_id, {}).get(row.id, 0)
        return row.last_from == "shopper" and row.last_seq > seen

    async def run(self) -> None:
        """Follow the log for ever."""
        with self._watcher.waiting() as grown:
            while True:
                try:
                    snapshot = await asyncio.to_thread(self._load)
                except SQLAlchemyError as error:
                    log.error("board.not_read", error=type(error).__name__)
                else:
                    self._publish(snapshot)
                await wait(grown, AT_LEAST_EVERY)
                await asyncio.sleep(TOGETHER)
                grown.clear()

    def _publish(self, snapshot: Snapshot) -> None:
        if snapshot == self.snapshot:
            return
        self.snapshot = snapshot
        held = {row.id for rows in snapshot.held.values() for row in rows}
        for seen in self._seen.values():
            for conversation_id in seen.keys() - held:
                del seen[conversation_id]
        for changed in self._pages:
            changed.set()

    def _load(self) -> Snapshot:
        counts = queue.counts(self._store)
        waiting = queue.waiting(self._store)
        held: dict[str, list[Row]] = {}
        for conversation, last in self._store.owned(list(counts.held), HELD_LIMIT) if counts.held else ():
            held.setdefault(conversation.owner, []).append(_row(conversation, last))
        names = {
            ownership.agent(account_id): name for account_id, name in self._accounts.display_names().items()
        }
        keys = [(w.conversation.id, w.conversation.last_seq) for w in waiting]
        self._told = {key: self._told.get(key) or self._tell(*key) for key in keys}
        queued = {
            w.conversation.id: _row(w.conversation, said or w.last, w.position, reason)
            for w, (reason, said) in zip(waiting, self._told.values(), strict=True)
        }
        return Snapshot(
            waiting=list(queued.values()),
            waiting_count=counts.waiting,
            held=held,
            latest=[
                queued.get(conversation.id) or _row(conversation, last)
                for conversation, last in self._store.owned()
            ],
            names=names,
        )

    def _tell(self, conversation_id: str, last_seq: int) -> tuple[str | None, Message | None]:
        over = queue.handed_over(self._store.events(conversation_id))
        recent = self._store.messages(conversation_id, max(0, last_seq - RECENT), RECENT)
        said = next((m for m in reversed(recent) if m.sender == "shopper"), None)
        return over.reason if over else None, said


def _row(
    conversation: Conversation, last: Message | None, position: int | None = None, reason: str | None = None
) -> Row:
    return Row(
        id=conversation.id,
        name=conversation.customer_name or conversation.customer_id,
        channel=conversation.channel,
        owner=conversation.owner,
        owner_since=conversation.owner_since,
        last_seq=conversation.last_seq,
        last_at=last.at if last else conversation.updated_at,
        last_from=last.sender if last else None,
        last_text=(last.text or "")[:80] if last else None,
        position=position,
        reason=reason,
    )
