"""What is kept of people ends: erased when they ask for it, and by itself when it has grown old."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from . import database, steps
from .engine_client import EngineFailed
from .engine_pool import EnginePool
from .models import (
    Attachment,
    Audit,
    Base,
    Conversation,
    Erasure,
    Event,
    Handoff,
    Message,
    Note,
    Rating,
    Ticket,
    TicketEvent,
)
from .steps import now
from .store import Store

# Of one transaction: nobody waits long for the database.
BATCH = 20
OLDEST_MESSAGES = 500
RETAIN_SECONDS = 3600
PAUSE_SECONDS = 0.2
# Only a conversation that is quiet so long loses its old part, as the engine then forgets it whole.
QUIET = timedelta(hours=1)
FORGET_SECONDS = 5
# No turn that was claimed before an erasure is on its way to the engine any longer after this.
SETTLED = timedelta(minutes=2)

# When each row of a conversation that goes on began to be kept.
_AGES: dict[type[Base], Any] = {
    Message: Message.at,
    Event: Event.at,
    Rating: Rating.asked_at,
    Attachment: Attachment.created_at,
    Handoff: Handoff.ended_at,
    Note: Note.at,
    TicketEvent: TicketEvent.at,
    Ticket: Ticket.updated_at,  # never before its last event
}

log = structlog.get_logger()


def of_customer(customer_id: str) -> ColumnElement[bool]:
    """Chooses the conversations of a customer."""
    return Conversation.customer_id == customer_id


def of_id(conversation_id: str) -> ColumnElement[bool]:
    """Chooses one conversation: a visitor has no other name."""
    return Conversation.id == conversation_id


def tables() -> list[Table]:
    """The tables that hold a conversation's rows, in an order in which they may be deleted."""
    return [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if "conversation_id" in table.c and table is not Erasure.__table__
    ]


def audit(session: Session, by: str, action: str, counts: Counter[str]) -> None:
    """Note what was done: how many rows of each table, and nothing that leads to a person."""
    session.add(Audit(at=now(), by=by, action=action, detail=dict(counts)))


class Privacy:
    """The data of people in one installation: rows in the log, pictures in ``data_dir``, the engine's memory.

    The engine is asked to forget by ``tell_engine``, for as long as it takes until it has.
    """

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._pictures = data_dir / "attachments"

    def erase(self, which: ColumnElement[bool], by: str, action: str = "erase") -> Counter[str]:
        """Delete the conversations ``which`` chooses with all that belongs to them; how many rows of what."""
        total: Counter[str] = Counter()
        while counts := self._erase_some(which, by, action):
            total += counts
        if total:
            self._wipe()
        return total

    def erase_again(self, conversation_ids: Sequence[str], by: str) -> Counter[str]:
        """Erase what a backup has brought back, also in the engine, whether or not the log holds it."""
        total: Counter[str] = Counter()
        for start in range(0, len(conversation_ids), BATCH):
            ids = conversation_ids[start : start + BATCH]
            total += self.erase(Conversation.id.in_(ids), by, "erase_again")
            with self._store.writing() as session:
                for conversation_id in ids:
                    steps.forget(session, conversation_id)
        return total

    def erased(self) -> list[str]:
        """The conversations that were erased and that a backup may bring back."""
        with self._store.reading() as session:
            return list(session.scalars(select(Erasure.conversation_id).where(~Erasure.goes_on)))

    async def retain(self, days: int) -> None:
        """Delete what is older than ``days``, every hour for ever; 0: keep everything."""
        while days:
            pause: float = RETAIN_SECONDS
            try:
                if await asyncio.to_thread(self.expire, now() - timedelta(days=days)):
                    pause = PAUSE_SECONDS
            except (OSError, SQLAlchemyError) as error:
                log.error("privacy.not_expired", error=type(error).__name__)
            await asyncio.sleep(pause)

    def expire(self, before: datetime) -> Counter[str]:
        """Delete some of what is older; how many rows of what, empty where nothing is left to delete."""
        counts = self._erase_some(Conversation.updated_at < before, "worker", "expire")
        counts = counts or self._expire_parts(before)
        if counts:
            self._wipe()
            return counts
        with self._store.writing() as session:
            # What a backup of that time brings back is old enough to be deleted again.
            session.execute(delete(Erasure).where(Erasure.at < before, Erasure.next_at.is_(None)))
        return counts

    async def tell_engine(self, engines: EnginePool) -> None:
        """Let the engine forget what was erased, for ever; while it is down, it is asked again."""
        while True:
            try:
                for conversation_id in await asyncio.to_thread(self._to_be_forgotten):
                    forgotten = await _forgets(engines, conversation_id)
                    await asyncio.to_thread(self._told, conversation_id, forgotten)
            except SQLAlchemyError as error:
                log.error("privacy.not_told", error=type(error).__name__)
            await asyncio.sleep(FORGET_SECONDS)

    def _erase_some(self, which: ColumnElement[bool], by: str, action: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        with self._store.writing() as session:
            query = select(Conversation.id).where(which).order_by(Conversation.id).limit(BATCH)
            ids = session.scalars(query.with_for_update()).all()
            if not ids:
                return counts
            pictures = session.scalars(select(Attachment.id).where(Attachment.conversation_id.in_(ids))).all()
            for table in tables():
                counts[table.name] = _rows(session, table, table.c.conversation_id.in_(ids))
            table = Base.metadata.tables[Conversation.__tablename__]
            counts[table.name] = _rows(session, table, table.c.id.in_(ids))
            for conversation_id in ids:
                steps.forget(session, conversation_id)
            audit(session, by, action, +counts)
        self._unlink(pictures)
        return +counts

    def _expire_parts(self, before: datetime) -> Counter[str]:
        counts: Counter[str] = Counter()
        with self._store.writing() as session:
            # Messages are numbered as they come, so the first are the oldest.
            oldest = session.execute(
                select(Message.conversation_id, Message.at).order_by(Message.id).limit(OLDEST_MESSAGES)
            )
            aged = {conversation_id for conversation_id, at in oldest if at < before}
            quiet = Conversation.id.in_(aged) & (Conversation.updated_at < now() - QUIET)
            query = select(Conversation.id).where(quiet).order_by(Conversation.id).limit(BATCH)
            ids = session.scalars(query.with_for_update()).all()
            if not ids:
                return counts
            old = (Attachment.created_at < before) & Attachment.conversation_id.in_(ids)
            pictures = session.scalars(select(Attachment.id).where(old)).all()
            for kind, age in _AGES.items():
                table = Base.metadata.tables[kind.__tablename__]
                counts[table.name] = _rows(session, table, table.c.conversation_id.in_(ids) & (age < before))
            for conversation_id in ids:
                steps.forget(session, conversation_id, goes_on=True)
            audit(session, "worker", "expire", +counts)
        self._unlink(pictures)
        return +counts

    def _to_be_forgotten(self) -> Sequence[str]:
        due = select(Erasure.conversation_id).where(Erasure.next_at <= now())
        with self._store.reading() as session:
            return session.scalars(due.order_by(Erasure.next_at).limit(BATCH)).all()

    def _told(self, conversation_id: str, forgotten: bool) -> None:
        """Once more later: a turn that was on its way to the engine may bring the conversation back."""
        with self._store.writing() as session:
            erasure = session.get_one(Erasure, conversation_id, with_for_update=True)
            settled = erasure.goes_on or erasure.at < now() - SETTLED
            again = SETTLED if forgotten else timedelta(seconds=FORGET_SECONDS)
            erasure.next_at = None if forgotten and settled else now() + again

    def _unlink(self, pictures: Sequence[str]) -> None:
        for name in pictures:
            (self._pictures / name).unlink(missing_ok=True)

    def _wipe(self) -> None:
        with self._store.reading() as session:
            database.wipe(session.get_bind().engine)


async def _forgets(engines: EnginePool, conversation_id: str) -> bool:
    try:
        await engines.forget(conversation_id)
    except EngineFailed as error:
        log.error("privacy.not_forgotten", error=str(error))
        return False
    return True


def _rows(session: Session, table: Table, which: ColumnElement[bool]) -> int:
    """Delete the rows; how many they were."""
    return session.execute(delete(table).where(which)).rowcount  # type: ignore[attr-defined, no-any-return]
