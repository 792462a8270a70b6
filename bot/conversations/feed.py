"""What happens in all conversations, row by row: for readers that follow the whole desk.

PostgreSQL gives an id before the transaction commits, so a smaller id may appear behind a greater one
(decision 12): ids that were passed over are looked for until they are there. A cursor stands before the first
that may still come; whoever goes on from it may be told of a row twice, and misses none.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from . import ownership
from .models import Conversation, Event, Guest, Message, Note, TicketEvent
from .store import Store
from .watch import OPEN_SECONDS

SOURCES: tuple[type[Message | Note | Event | TicketEvent], ...] = (Message, Note, Event, TicketEvent)
PRIVATE = (Message, Note)  # told to those who serve the conversation
RECENT = 200  # ids below the newest among which a transaction may be open when the reading begins
AT_ONCE = 1000

Cursor = tuple[int, ...]
"""An id of each source, all rows up to which were told."""


@dataclass(frozen=True)
class News:
    """A row, and of a private one who may be told: owners, as ``agent:ID``; None: all of the desk."""

    row: Any
    to: frozenset[str] | None


class TooFarBehind(Exception):
    """More has happened since than is told one by one: begin anew."""


class Reader:
    """Follows the sources from now on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heads = list(heads(store))
        self._missing: list[dict[int, float]] = []
        at = time.monotonic()
        for source, head in zip(SOURCES, self._heads, strict=True):
            passed = range(max(0, head - RECENT) + 1, head)
            there = _ids(store, source, max(0, head - RECENT))
            self._missing.append({id: at for id in passed if id not in there})

    @property
    def cursor(self) -> Cursor:
        return tuple(
            min(missing) - 1 if missing else head
            for missing, head in zip(self._missing, self._heads, strict=True)
        )

    def look(self) -> list[News]:
        """What the last look did not see, each source in the order of its ids."""
        which = [
            or_(source.id > head, source.id.in_(missing))
            for source, head, missing in zip(SOURCES, self._heads, self._missing, strict=True)
        ]
        found = _read(self._store, which)
        at = time.monotonic()
        for index, rows in enumerate(found):
            ids = {news.row.id for news in rows}
            head = max(self._heads[index], *ids, 0)
            since = {id: at for id in range(self._heads[index] + 1, head)} | self._missing[index]
            self._missing[index] = {
                id: t for id, t in since.items() if id not in ids and at - t < OPEN_SECONDS
            }
            self._heads[index] = head
        return [news for rows in found for news in rows]


def heads(store: Store) -> Cursor:
    """The newest id of each source."""
    with store.reading() as session:
        return tuple(session.scalar(select(func.max(source.id))) or 0 for source in SOURCES)


def since(store: Store, cursor: Cursor, owner: str) -> list[News]:
    """What has happened behind the cursor, as far as this owner may be told.

    Raises TooFarBehind.
    """
    which: list[ColumnElement[bool]] = []
    guest = select(Guest.conversation_id).where(Guest.agent_id == int(owner.rpartition(":")[2]))
    for source, id in zip(SOURCES, cursor, strict=True):
        hers = or_(Conversation.owner == owner, Conversation.id.in_(guest))
        which.append((source.id > id) & hers if source in PRIVATE else source.id > id)
    found = [news for rows in _read(store, which) for news in rows]
    if len(found) >= AT_ONCE:
        raise TooFarBehind
    return found


def _ids(store: Store, source: Any, after: int) -> set[int]:
    with store.reading() as session:
        return set(session.scalars(select(source.id).where(source.id > after)))


def _read(store: Store, which: Sequence[ColumnElement[bool]]) -> list[list[News]]:
    found: list[Sequence[Any]] = []
    with store.reading() as session:
        for table, condition in zip(SOURCES, which, strict=True):
            source: Any = table
            query = (
                select(source, Conversation.owner)
                .join(Conversation, Conversation.id == source.conversation_id)
                .where(condition)
                .order_by(source.id)
                .limit(AT_ONCE)
            )
            found.append(session.execute(query).all())
        private = {row.conversation_id for rows in found[: len(PRIVATE)] for row, _ in rows}
        guests = _guests(session, private)
    return [
        [News(row, _readers(row, owner, guests) if isinstance(row, PRIVATE) else None) for row, owner in rows]
        for rows in found
    ]


def _guests(session: Session, conversation_ids: Collection[str]) -> dict[str, set[str]]:
    """Who has joined these conversations, as owners."""
    joined: dict[str, set[str]] = {}
    if conversation_ids:
        query = select(Guest).where(Guest.conversation_id.in_(conversation_ids))
        for guest in session.scalars(query):
            joined.setdefault(guest.conversation_id, set()).add(ownership.agent(guest.agent_id))
    return joined


def _readers(row: Any, owner: str, guests: Mapping[str, set[str]]) -> frozenset[str]:
    return frozenset({owner, *guests.get(row.conversation_id, ())})
