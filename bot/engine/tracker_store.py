"""The engine's memory: one row for each turn of a conversation, written once and never changed.

A turn is stored whole, with the id of its message, or not at all. Of two that answer the same conversation
at once only one can store its turn; the other is told so (``Conflict``), and nothing of it is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import ujson
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    select,
    union_all,
)
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.engine.window import Past, WindowTracker

T = TypeVar("T")

_THREADS = 8
_ID = String(128)
# A turn takes five seconds at most, or is given up.
_IN_TIME = {"connect_timeout": 3, "options": "-c statement_timeout=4s -c lock_timeout=4s"}

metadata = MetaData()
turns = Table(
    # The conversations' log, which may lie in the same database, has a table "turn".
    "engine_turn",
    metadata,
    Column("conversation_id", _ID, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("message_id", _ID),
    Column("events", Text, nullable=False),
    # What the conversation was at the end of this turn, for a window that begins behind it.
    Column("past", Text, nullable=False),
    # The turn that the window of the next one begins with.
    Column("window_begins", Integer, nullable=False),
    UniqueConstraint("conversation_id", "message_id"),
)

_of_conversation = turns.c.conversation_id == bindparam("conversation")
_begins = (
    select(turns.c.window_begins)
    .where(_of_conversation)
    .order_by(turns.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
# The window, the turn before it for its past, and the turn of the message, which may be older. As one
# condition with "or" it would have SQLite look at every turn of the conversation.
_window = union_all(
    select(turns).where(_of_conversation, turns.c.number >= _begins - 1),
    select(turns).where(_of_conversation, turns.c.message_id == bindparam("message")),
).order_by("number")
_last = (
    select(turns.c.number, turns.c.message_id, turns.c.events)
    .where(_of_conversation)
    .order_by(turns.c.number.desc())
    .limit(bindparam("last"))
)
_new = insert(turns)
_all = delete(turns).where(_of_conversation)
_one = delete(turns).where(_of_conversation, turns.c.number == bindparam("turn"))


class Conflict(Exception):
    """Somebody else stored this turn of the conversation first."""

    def __init__(self) -> None:
        super().__init__("The conversation was answered by another process meanwhile; ask again.")


@dataclass(frozen=True)
class LooksBack:
    """How far the policies of a model look back: what a window must hold for them."""

    # Actions besides listening and loops, for the rules.
    answers: int = 0
    # States, for policies that learn from stories.
    states: int = 0
    rule_only_data: dict[str, Any] | None = None


class TurnStore(TrackerStore):
    """Trackers that hold the last turns of a conversation, on SQLite or PostgreSQL."""

    def __init__(
        self, host: str, domain: Domain | None = None, event_broker: EventBroker | None = None
    ) -> None:
        """Open the database ``host`` (an SQLAlchemy address) and make the table where there is none."""
        super().__init__(domain, event_broker)
        self.looks_back = LooksBack()
        self.database = _connect(host)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory")
        try:
            metadata.create_all(self.database)
        except SQLAlchemyError:
            # Of several engines that start at once, one makes the table.
            metadata.create_all(self.database)

    async def read(self, conversation: str, message_id: str) -> tuple[WindowTracker, list[Event]]:
        """Return the conversation's tracker, and the events of the message's turn if it was answered."""
        rows = await self._do(partial(_read, conversation=conversation, message=message_id))
        begins = rows[-1].window_begins if rows else 1
        answered = next((row for row in rows if row.message_id == message_id), None)
        tracker = self._tracker(conversation, [row for row in rows if row.number >= begins - 1], begins)
        return tracker, deserialise_events(ujson.loads(answered.events)) if answered else []

    async def retrieve(self, sender_id: str) -> WindowTracker | None:
        tracker, _ = await self.read(sender_id, "")
        return tracker if tracker.events else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what the tracker says since it was read, as the conversation's next turn.

        Raises:
            Conflict: the conversation has had that turn.
        """
        assert isinstance(tracker, WindowTracker)  # noqa: S101
        back = self.looks_back
        mark = tracker.marks[-1]
        events = list(tracker.events)[mark.index :]
        said = next((event for event in events if isinstance(event, UserUttered)), None)
        row = {
            "conversation_id": tracker.sender_id,
            "number": mark.number,
            "message_id": said.message_id if said else None,
            "events": _json([event.as_dict() for event in events]),
            "past": _json(tracker.left_behind(back.states).stored()),
            "window_begins": tracker.first_needed(back.answers),
        }
        await self._do(partial(_write, row=row))
        tracker.mark(mark.number + 1)

    async def keys(self) -> list[str]:
        """Return the ids of all conversations."""
        ids = select(turns.c.conversation_id).where(turns.c.number == 1)
        return await self._do(lambda connection: list(connection.execute(ids).scalars()))

    async def last_turns(self, conversation: str, last: int) -> list[tuple[str | None, list[dict[str, Any]]]]:
        """Return message id and events (as Rasa writes them) of the ``last`` turns, the oldest first."""
        rows = await self._do(
            lambda connection: connection.execute(_last, {"conversation": conversation, "last": last}).all()
        )
        return [(row.message_id, ujson.loads(row.events)) for row in reversed(rows)]

    async def take_back(self, conversation: str) -> bool:
        """Let the conversation be as it was before its last turn; False where it has none."""
        rows = await self._do(
            lambda connection: connection.execute(_last, {"conversation": conversation, "last": 1}).all()
        )
        for row in rows:
            gone = {"conversation": conversation, "turn": row.number}
            await self._do(lambda connection, gone=gone: connection.execute(_one, gone))
        return bool(rows)

    async def forget(self, conversation: str) -> None:
        """Delete all that is kept of the conversation, also from the disk's free pages and log."""
        await self._do(lambda connection: connection.execute(_all, {"conversation": conversation}))
        if self.database.dialect.name == "sqlite":
            log = self.database.raw_connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if log.fetchone()[0]:
                raise TimeoutError("The log is in use, and what is forgotten still stands in it; ask again.")

    def init_tracker(self, sender_id: str) -> WindowTracker:
        return self._tracker(sender_id, [], 1)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> WindowTracker:
        return self.init_tracker(sender_id)

    def _tracker(self, conversation: str, rows: Iterable[Row], begins: int) -> WindowTracker:
        """Make the tracker of the turns from ``begins`` on, behind the past that the row before tells."""
        tracker = WindowTracker(conversation, self.domain, self.looks_back.rule_only_data)
        last = 0
        for row in rows:
            last = row.number
            if last < begins:
                tracker.begin(Past.load(ujson.loads(row.past)))
                continue
            tracker.mark(last)
            for each in deserialise_events(ujson.loads(row.events)):
                tracker.take(each)
        tracker.mark(last + 1)
        tracker.leave_unknown_loop()
        return tracker

    async def _do(self, work: Callable[[Connection], T]) -> T:
        if self.database.dialect.name == "sqlite":
            # A file in the page cache: the way through a thread would take longer than the work.
            return self._at_once(work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._at_once, work)

    def _at_once(self, work: Callable[[Connection], T]) -> T:
        # Each piece of work is one statement, and so a transaction of its own.
        with self.database.connect() as connection:
            return work(connection)


def _read(connection: Connection, conversation: str, message: str) -> list[Row]:
    rows = connection.execute(_window, {"conversation": conversation, "message": message})
    return list({row.number: row for row in rows}.values())


def _write(connection: Connection, row: dict[str, Any]) -> None:
    try:
        connection.execute(_new, row)
    except IntegrityError as error:
        raise Conflict from error


def _json(value: Any) -> str:
    text: str = ujson.dumps(value, ensure_ascii=False, escape_forward_slashes=False)
    # A half surrogate, which the JSON of a payload can carry, could not be stored.
    return text.encode("utf-8", "replace").decode("utf-8")


def _connect(url: str) -> Any:
    # What shoppers wrote must not come into a log with an error.
    each_statement = {"future": True, "isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    if not url.startswith("sqlite"):
        return create_engine(
            url, **each_statement, pool_size=_THREADS, pool_pre_ping=True, connect_args=_IN_TIME
        )
    # Used by the event loop's thread alone.
    engine = create_engine(url, **each_statement, poolclass=StaticPool, connect_args={"timeout": 5})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA secure_delete=ON")
        # A turn that a power cut takes back is asked for again by the front, whose log is the truth.
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine
