"""Conversations that a stock Rasa has stored, written into our engine's memory.

Each is split into its turns, which go one after the other through a store in memory, as if they were just
being spoken; what that has made of them is written to ours in one transaction.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, UserUttered, deserialise_events
from rasa.shared.exceptions import RasaException
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    insert,
    inspect,
    select,
)
from sqlalchemy import event as on
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from bot.engine.tracker_store import TurnStore, turns

logger = logging.getLogger(__name__)

_PAGE = 500
# As bot/engine/channel.py takes them.
_LONGEST_ID = 128
# One engine takes over what was there, the others wait so many seconds for it.
_PATIENCE = 3600
# What can be wrong with an event; that a store is away is another matter.
_BROKEN = (AttributeError, LookupError, RasaException, RecursionError, TypeError, ValueError)

_stock = Table(
    "events",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("sender_id", String),
    Column("type_name", String),
    Column("data", Text),
)
_of_conversation = turns.c.conversation_id == bindparam("conversation")
_known = select(turns.c.number).where(_of_conversation).limit(1)
_rows = select(turns).where(_of_conversation).order_by(turns.c.number)


class Source(Protocol):
    """What a stock Rasa has stored."""

    def conversations(self) -> AsyncIterator[str]:
        """Give the ids of all conversations."""

    async def events(self, conversation: str) -> list[Event]:
        """Return all events of a conversation in their order."""


class SqlSource:
    """The table of a stock SQLTrackerStore, which is only read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_there(self) -> bool:
        """Whether the database has that table."""
        tables = inspect(self._connection)
        if not tables.has_table(_stock.name):
            return False
        columns = {column["name"] for column in tables.get_columns(_stock.name)}
        return columns >= set(_stock.columns.keys())

    async def conversations(self) -> AsyncIterator[str]:
        id_ = _stock.c.sender_id
        page = select(id_).distinct().order_by(id_).limit(_PAGE)
        found = self._connection.execute(page).scalars().all()
        while found:
            for conversation in found:
                yield conversation
            found = self._connection.execute(page.where(id_ > found[-1])).scalars().all()

    async def events(self, conversation: str) -> list[Event]:
        # As stock does: several events may have the same time.
        stored = select(_stock.c.data).where(_stock.c.sender_id == conversation).order_by(_stock.c.id)
        return deserialise_events([json.loads(data) for data in self._connection.execute(stored).scalars()])


class RasaSource:
    """Any store, by Rasa's own class for it."""

    def __init__(self, store: TrackerStore) -> None:
        self._store = store

    async def conversations(self) -> AsyncIterator[str]:
        # Redis' store tells its keys as they are, and asked for one it puts the prefix before it again.
        prefix = getattr(self._store, "key_prefix", "")
        for key in await self._store.keys():
            yield str(key).removeprefix(prefix)

    async def events(self, conversation: str) -> list[Event]:
        tracker = await self._store.retrieve_full_tracker(conversation)
        return list(tracker.events) if tracker else []


@dataclass
class Imported:
    """How many conversations and turns were written, were there already, were left out."""

    conversations: int = 0
    turns: int = 0
    known: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        return (
            f"{self.conversations} conversations of {self.turns} turns imported,"
            f" {self.known} were there already, {self.left_out} left out"
        )


async def import_from(
    source: Source,
    store: TurnStore,
    begin: Callable[[], AbstractContextManager[Connection]],
    tell: Callable[[str], None],
) -> Imported:
    """Write into the memory what it does not have of ``source``, conversation by conversation.

    ``store``: knows the model's domain and how far its policies look back; ``begin`` begins a transaction in
    its database. ``tell`` is told each second how far it is, and which conversations cannot be read.
    """
    aside = TurnStore("sqlite://", store.domain)
    aside.looks_back = store.looks_back
    done, told_at = Imported(), time.monotonic()
    async for conversation in source.conversations():
        if time.monotonic() - told_at >= 1:
            tell(f"{done} …")
            told_at = time.monotonic()
        with begin() as connection:
            if connection.execute(_known, {"conversation": conversation}).first():
                done.known += 1
                continue
        try:
            _check_id(conversation)
            rows = await _spoken_again(aside, conversation, await source.events(conversation))
        except _BROKEN as error:
            tell(f"The conversation {conversation!r} is left out: it cannot be read ({_why(error)}).")
            done.left_out += 1
            continue
        if not rows:
            continue
        try:
            with begin() as connection:
                connection.execute(insert(turns), rows)
        except IntegrityError:  # somebody has written there meanwhile
            done.known += 1
            continue
        done.conversations += 1
        done.turns += len(rows)
    return done


async def take_over(store: TurnStore) -> None:
    """Import what our engine stored as a stock Rasa does, before it had a memory of its own, and delete that.

    It always lay in the data folder's SQLite file. In one transaction, so that of several engines one does
    it, and none answers before it is done.
    """
    url = store.database.url
    if url.get_backend_name() != "sqlite":
        return
    database = _locked(url)
    with database.begin() as connection:
        source = SqlSource(connection)
        if not source.is_there():
            return
        done = await import_from(source, store, lambda: nullcontext(connection), logger.warning)
        if done.left_out and not done.conversations and not done.known:
            # Rather our fault than that of all conversations.
            logger.error("The former memory, table `events` of %r, is kept: nothing of it can be read.", url)
            return
        _stock.drop(connection)
    _empty_log(database)
    logger.info("The former memory was taken over and deleted: %s.", done)


async def _spoken_again(aside: TurnStore, conversation: str, events: list[Event]) -> list[dict[str, Any]]:
    """Return the rows that saving turn by turn makes of the events."""
    try:
        for turn in _turns(events):
            tracker, _ = await aside.read(conversation, "")
            for event in turn:
                tracker.update(event, aside.domain)
            await aside.save(tracker)
        with aside.database.connect() as connection:
            return [dict(row) for row in connection.execute(_rows, {"conversation": conversation}).mappings()]
    finally:
        await aside.forget(conversation)


def _turns(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Split before what each message begins with: itself, or the session that begins for it."""
    ids: set[str] = set()
    turn: list[Event] = []
    has_message = False
    for event in events:
        is_message = isinstance(event, UserUttered)
        is_start = isinstance(event, ActionExecuted) and event.action_name == ACTION_SESSION_START_NAME
        if has_message and (is_message or is_start):
            yield turn
            turn, has_message = [], False
        if is_message:
            has_message = True
            event.message_id = _usable(event.message_id, ids)
        turn.append(event)
    if turn:
        yield turn


def _usable(message_id: Any, taken: set[str]) -> str | None:
    """The id, unless it is none or another message's, and note that it is taken."""
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _LONGEST_ID or message_id in taken:
        return None
    taken.add(message_id)
    return message_id


def _check_id(conversation: str) -> None:
    if not 0 < len(conversation) <= _LONGEST_ID or not conversation.isprintable():
        raise ValueError(f"its id must have 1 to {_LONGEST_ID} printable characters")


def _why(error: Exception) -> str:
    # A message of Rasa's or Python's may hold what a shopper said.
    return str(error) if str(error).startswith("its id") else type(error).__name__


def _locked(url: URL) -> Engine:
    """Transactions that exclude all others from their beginning."""
    by_hand = {"timeout": _PATIENCE, "isolation_level": None}
    database = create_engine(url, future=True, hide_parameters=True, poolclass=NullPool, connect_args=by_hand)

    @on.listens_for(database, "connect")
    def overwrite(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA secure_delete=ON")

    @on.listens_for(database, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return database


def _empty_log(database: Engine) -> None:
    with closing(database.raw_connection()) as connection:
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
