"""Tells waiters in this process that a conversation has grown.

A notification is only a hint: whoever waits reads the log from its own cursor. Hints within the process are
immediate; what other processes append is found by a short poll of the log's growing ids, or told by Redis.
"""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .hints import Hints
from .models import Event, Message, Note
from .store import GROWING, Store

EVERY = "*"
POLL_SECONDS = 0.15
POLL_SECONDS_BESIDE_HINTS = 1.0
RECENT = 1000  # ids below the newest among which a transaction may still be open
OPEN_SECONDS = 60.0  # a transaction that is open for longer is told by the waiters' own looking again

log = structlog.get_logger()


class Grown(asyncio.Event):
    """Set when there may be news; ``seq``: what the waiter has read already, of which it need not be told."""

    seq = 0


class Watcher:
    """Waiters by conversation id, or ``EVERY`` for all of them."""

    def __init__(self, store: Store, hints: Hints | None = None, poll_seconds: float = POLL_SECONDS) -> None:
        self._hints = hints
        self._poll_seconds = poll_seconds
        self._store = store
        self._waiters: dict[str, set[Grown]] = defaultdict(set)

    @contextmanager
    def waiting(self, conversation_id: str = EVERY) -> Iterator[Grown]:
        """An event that is set whenever the conversation may have grown; the waiter clears it."""
        grown = Grown()
        self._waiters[conversation_id].add(grown)
        try:
            yield grown
        finally:
            self._waiters[conversation_id].discard(grown)
            if not self._waiters[conversation_id]:
                del self._waiters[conversation_id]

    def hint(self, conversation_id: str) -> None:
        """The conversation has grown (call from the event loop)."""
        self._wake(conversation_id)
        if self._hints:
            self._hints.publish(conversation_id)

    def _wake(self, conversation_id: str, seq: float = math.inf) -> None:
        """Tell those who have not read as far as ``seq``."""
        for key in (conversation_id, EVERY):
            for grown in self._waiters.get(key, ()):
                if grown.seq < seq:
                    grown.set()

    async def run(self) -> None:
        """Poll the log, and listen to other processes' hints, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            if self._hints:
                tasks.create_task(self._hints.run(self._wake))

    async def _poll(self) -> None:
        """A database that cannot be read is tried again."""
        growth = Growth(self._store)
        while True:
            with suppress(SQLAlchemyError):
                for conversation_id, seq in (await asyncio.to_thread(growth.look)).items():
                    self._wake(conversation_id, seq)
            told = self._hints and self._hints.alive
            await asyncio.sleep(POLL_SECONDS_BESIDE_HINTS if told else self._poll_seconds)


class Growth:
    """The conversations that grow, from look to look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables = [_Table(store, table) for table in GROWING]
        self._grown: dict[str, float] = {}

    def look(self) -> dict[str, float]:
        """Conversations with rows that the last look did not see, and how far they reach.

        By ``seq``; what has none, as a change of owner, reaches beyond all.
        """
        # Kept, so that nothing is lost should the database be away between two tables.
        for table, newest in zip(self._tables, self._store.heads(), strict=True):
            for conversation_id, seq in table.look(newest):
                self._grown[conversation_id] = max(seq, self._grown.get(conversation_id, 0))
        grown, self._grown = self._grown, {}
        return grown


class _Table:
    """A table of growing ids, of which a smaller one may appear after a greater.

    PostgreSQL gives an id before the transaction commits. So an id that is passed over is looked for until
    it is there, or so late that its transaction must have been undone.
    """

    def __init__(self, store: Store, table: type[Message | Event | Note]) -> None:
        self._store, self._table = store, table
        self._head: int | None = None
        self._missing: dict[int, float] = {}

    def look(self, newest: int) -> Collection[tuple[str, float]]:
        if self._head is None or newest < self._head:  # the first look, or a database that was restored
            self._head, self._missing = max(0, newest - RECENT), {}
        if newest == self._head and not self._missing:
            return ()
        found = self._store.grown(self._table, self._head, self._missing)
        newest = max(newest, *found, 0)
        at = time.monotonic()
        passed = range(max(self._head, newest - RECENT) + 1, newest)
        since = {id: at for id in passed} | self._missing
        self._missing = {id: t for id, t in since.items() if id not in found and at - t < OPEN_SECONDS}
        self._head = newest
        return found.values()


async def wait(grown: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most ``seconds`` and clear it; whether it was set."""
    try:
        await asyncio.wait_for(grown.wait(), seconds)
    except TimeoutError:
        return False
    grown.clear()
    return True
