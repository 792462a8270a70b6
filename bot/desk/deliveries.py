"""How far the shoppers' screens have what agents said: looked up for all pages of this process together."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import reached
from bot.conversations.store import Store

EVERY = 0.5  # seconds

log = structlog.get_logger()


class Deliveries:
    """Tells the pages that wait for a delivery. At rest it asks nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, set[Callable[[int], object]]] = defaultdict(set)
        self._any = asyncio.Event()

    @contextmanager
    def waiting(self, conversation_id: str, heard: Callable[[int], object]) -> Iterator[None]:
        """Call ``heard`` with how far the conversation has been delivered, again and again."""
        self._waiting[conversation_id].add(heard)
        self._any.set()
        try:
            yield
        finally:
            self._waiting[conversation_id].discard(heard)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    async def run(self) -> None:
        """Look for ever."""
        while True:
            if not self._waiting:
                self._any.clear()
                await self._any.wait()
            try:
                found = await asyncio.to_thread(reached.of, self._store, list(self._waiting))
            except SQLAlchemyError as error:
                log.warning("deliveries.not_read", error=type(error).__name__)
            else:
                for conversation_id, seq in found.items():
                    for heard in list(self._waiting.get(conversation_id, ())):
                        heard(seq)
            await asyncio.sleep(EVERY)
