"""Tells waiters in this process that a conversation has grown.

A notification is only a hint: whoever waits reads the log from its own cursor. Hints within the process are
immediate; what other processes append is found by a short poll of the log's growing ids.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from .store import Store

EVERY = "*"
log = structlog.get_logger()


class Watcher:
    """Waiters by conversation id, or ``EVERY`` for all of them."""

    def __init__(self, store: Store, poll_seconds: float = 0.15) -> None:
        self._store = store
        self._poll_seconds = poll_seconds
        self._waiters: dict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def waiting(self, conversation_id: str = EVERY) -> Iterator[asyncio.Event]:
        """An event that is set whenever the conversation may have grown; the waiter clears it."""
        grown = asyncio.Event()
        self._waiters[conversation_id].add(grown)
        try:
            yield grown
        finally:
            self._waiters[conversation_id].discard(grown)
            if not self._waiters[conversation_id]:
                del self._waiters[conversation_id]

    def hint(self, conversation_id: str) -> None:
        """The conversation has grown (call from the event loop)."""
        for key in (conversation_id, EVERY):
            for grown in self._waiters.get(key, ()):
                grown.set()

    async def run(self) -> None:
        """Poll the log for ever; a database that cannot be read is tried again."""
        heads: tuple[int, int] | None = None
        while True:
            with suppress(SQLAlchemyError):
                latest = await asyncio.to_thread(self._store.heads)
                if heads is not None and latest != heads:
                    for conversation_id in await asyncio.to_thread(self._store.grown, heads):
                        self.hint(conversation_id)
                heads = latest
            await asyncio.sleep(self._poll_seconds)


async def wait(grown: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most ``seconds`` and clear it; whether it was set."""
    try:
        await asyncio.wait_for(grown.wait(), seconds)
    except TimeoutError:
        return False
    grown.clear()
    return True
