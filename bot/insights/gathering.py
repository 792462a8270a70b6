"""Keeps the tables of services: reads what has changed in the log, conversation by conversation.

A conversation that changes is read from the beginning of its last known service, however long it is. What
changes a conversation sets its ``updated_at``, so each pass reads on from where the last one ended, and once
more what was changed shortly before: another transaction may have been committed late.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, case, delete, false, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from bot.conversations.models import Conversation, Event, Message
from bot.conversations.steps import now
from bot.conversations.store import UNSURE, Store

from .folding import READ_LIMIT, Facts, services, who
from .models import Gathered, Reading, Service

BATCH = 100
LOOK_SECONDS = 10
# Longer than a transaction lasts, and two machines' clocks differ.
LATE = timedelta(seconds=60)

log = structlog.get_logger()


async def watch(store: Store, retention_days: int) -> None:
    """Gather for ever; what is older than ``retention_days`` (0: nothing) is dropped."""
    while True:
        try:
            await asyncio.to_thread(gather, store)
            if retention_days:
                await asyncio.to_thread(expire, store, now() - timedelta(days=retention_days))
        except SQLAlchemyError as error:
            log.error("insights.not_gathered", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


def gather(store: Store) -> int:
    """Bring the tables up to the log as it is now; how many conversations were looked at."""
    count, begun = 0, now()
    with store.reading() as session:
        place = (session.scalars(select(Gathered.until)).one() - LATE, "")
    while batch := _changed(store, place):
        place = batch[-1]
        count += len(batch)
        _gather(store, [conversation_id for _, conversation_id in batch], min(place[0], begun))
    with store.writing() as session:
        _reached(session, begun)
    return count


def until(store: Store) -> datetime:
    """What the shoppers and the desk did before this moment is in the figures."""
    with store.reading() as session:
        return session.scalars(select(Gathered.until)).one()


def expire(store: Store, before: datetime) -> None:
    """Drop the services that began before this moment, as the log drops what was said then."""
    while True:
        with store.writing() as session:
            session.get_one(Gathered, 1, with_for_update=True)
            query = select(Service.conversation_id).where(Service.began_at < before).distinct().limit(BATCH)
            ids = session.scalars(query).all()
            if not ids:
                return
            _lock(session, ids)
            for table in (Reading, Service):
                old = (table.began_at < before) & table.conversation_id.in_(ids)
                session.execute(delete(table).where(old))


def _changed(store: Store, place: tuple[datetime, str]) -> list[tuple[datetime, str]]:
    at, id = place
    behind = (Conversation.updated_at > at) | ((Conversation.updated_at == at) & (Conversation.id > id))
    query = (
        select(Conversation.updated_at, Conversation.id)
        .where(Conversation.updated_at >= at, behind, Conversation.last_seq > 0)
        .order_by(Conversation.updated_at, Conversation.id)
        .limit(BATCH)
    )
    with store.reading() as session:
        return [(row[0], row[1]) for row in session.execute(query)]


def _gather(store: Store, ids: Sequence[str], reached: datetime) -> None:
    with store.reading() as session:
        customers = {
            row[0]: who(*row)
            for row in session.execute(
                select(Conversation.id, Conversation.customer_id).where(Conversation.id.in_(ids))
            )
        }
        known = _known(session, ids)
        messages, events = _messages(session, ids), _events(session, ids)
    found = {id: services(messages[id], events[id], known.get(id)) for id in customers}
    with store.writing() as session:
        _reached(session, reached)
        kept = _locked(session, ids, customers)
        _put(session, {id: facts for id, facts in found.items() if id in kept}, customers)


def _known(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Of each conversation the last service: number and first seq."""
    last = select(Service.conversation_id, func.max(Service.number)).where(Service.conversation_id.in_(ids))
    query = select(Service.conversation_id, Service.number, Service.first_seq).where(
        tuple_(Service.conversation_id, Service.number).in_(last.group_by(Service.conversation_id))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def _messages(session: Session, ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
    intent = Message.understanding["intent"].as_string()
    earlier = aliased(Service)
    last = (
        select(earlier.conversation_id, func.max(earlier.first_seq).label("seq"))
        .where(earlier.conversation_id.in_(ids))
        .group_by(earlier.conversation_id)
        .subquery()
    )
    query = (
        select(
            Message.conversation_id,
            Message.seq,
            Message.at,
            Message.sender,
            Message.reply_to,
            intent.label("intent"),
            Message.understanding[("faq", "topic")].as_string().label("topic"),
            case((intent.in_(UNSURE), func.substr(Message.text, 1, READ_LIMIT))).label("text"),
        )
        .outerjoin(last, last.c.conversation_id == Message.conversation_id)
        .where(Message.conversation_id.in_(ids), Message.seq >= func.coalesce(last.c.seq, 0))
        .order_by(Message.conversation_id, Message.seq)
    )
    return _grouped(session.execute(query))


def _events(session: Session, ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
    last = (
        select(Service.conversation_id, func.max(Service.number).label("number"))
        .where(Service.conversation_id.in_(ids))
        .group_by(Service.conversation_id)
        .subquery()
    )
    query = (
        select(
            Event.conversation_id,
            Event.id,
            Event.at,
            Event.move,
            Event.from_owner,
            Event.to_owner,
            Event.reason,
        )
        .outerjoin(last, last.c.conversation_id == Event.conversation_id)
        .where(Event.conversation_id.in_(ids), Event.id >= func.coalesce(last.c.number, 0))
        .order_by(Event.conversation_id, Event.id)
    )
    return _grouped(session.execute(query))


def _grouped(rows: Iterable[Row[Any]]) -> Mapping[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.conversation_id].append(row)
    return found


def _reached(session: Session, until: datetime) -> None:
    """Also locks the row, so that of several gatherers one writes at a time."""
    gathered = session.get_one(Gathered, 1, with_for_update=True)
    gathered.until = max(gathered.until, until)


def _locked(session: Session, ids: Sequence[str], customers: Mapping[str, str]) -> set[str]:
    """Those that were not erased meanwhile.

    Their shoppers' other conversations are locked with them, in the order in which an erasure locks.
    """
    theirs = session.scalars(
        select(Service.conversation_id).where(Service.who.in_(customers.values())).distinct()
    )
    return _lock(session, {*ids, *theirs}) & set(customers)


def _lock(session: Session, ids: Iterable[str]) -> set[str]:
    query = select(Conversation.id).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    return set(session.scalars(query.with_for_update()))


def _put(session: Session, found: Mapping[str, Sequence[Facts]], customers: Mapping[str, str]) -> None:
    for table in (Reading, Service):
        anew = [
            (table.conversation_id == id) & (table.number >= facts[0].number)
            for id, facts in found.items()
            if facts
        ]
        session.execute(delete(table).where(or_(false(), *anew)))
    rows = [each.row(id, customers[id]) for id, facts in found.items() for each in facts]
    if rows:
        session.execute(insert(Service), rows)
    readings = [row for id, facts in found.items() for each in facts for row in each.readings(id)]
    if readings:
        session.execute(insert(Reading), readings)
    # A visitor who signed in has become a customer.
    earlier = (
        select(Service.conversation_id, Service.who).where(Service.conversation_id.in_(found)).distinct()
    )
    for conversation_id, before in session.execute(earlier).all():
        if before != customers[conversation_id]:
            hers = Service.conversation_id == conversation_id
            session.execute(update(Service).where(hers).values(who=customers[conversation_id]))
    _link(session, {customers[id] for id in found})


def _link(session: Session, shoppers: Iterable[str]) -> None:
    """Note with each service of these shoppers when the next began."""
    later = aliased(Service)
    following = (
        select(func.min(later.began_at))
        .where(later.who == Service.who, later.began_at > Service.began_at)
        .scalar_subquery()
    )
    session.execute(
        update(Service)
        .where(Service.who.in_(shoppers))
        .values(next_at=following)
        .execution_options(synchronize_session=False)
    )
