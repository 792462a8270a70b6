"""The conversations behind a number, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from bot.conversations import ownership
from bot.conversations.models import Handoff, Message, Rating
from bot.conversations.store import Store

from .models import Service
from .numbers import Selection, condition, source
from .periods import Period

AT_ONCE = 50
QUOTED = 160  # characters
EVERY = true()


@dataclass(frozen=True)
class Line:
    """One of those that were counted: a service, a service by people, or a rating."""

    conversation_id: str
    at: datetime
    text: str
    outcome: str | None
    """answered, handed_over, unanswered; of a service by people how it ended, None while it goes on."""
    reason: str | None
    agent: int | None
    seconds: float | None
    """How long the first answer took: the bot's, or people's."""
    score: int | None


def count(
    store: Store,
    selection: Selection,
    period: Period,
    now: datetime,
    also: ColumnElement[bool] = EVERY,
) -> int:
    """How many the list holds, which is the figure. Raises KeyError: there is no such figure.

    Args:
        also: what else those that are counted must be, which the log's own tables do not say.
    """
    table = source(selection)
    query = select(func.count()).select_from(table).where(condition(selection, period, now), also)
    with store.reading() as session:
        return session.scalar(query) or 0


def listed(
    store: Store,
    selection: Selection,
    period: Period,
    now: datetime,
    page: int = 0,
    also: ColumnElement[bool] = EVERY,
) -> list[Line]:
    """``AT_ONCE`` of them, the latest first; of a time, the slowest first. Raises KeyError."""
    table, which = source(selection), condition(selection, period, now) & also
    read = {Service: _services, Handoff: _handoffs, Rating: _ratings}[table]
    with store.reading() as session:
        return read(session, which, selection, page * AT_ONCE)


def _services(session: Session, which: ColumnElement[bool], selection: Selection, offset: int) -> list[Line]:
    order: Any = Service.bot_ms.desc() if selection.figure == "bot_first" else Service.began_at.desc()
    query = select(Service).where(which).order_by(order, Service.conversation_id, Service.number)
    rows = session.scalars(query.offset(offset).limit(AT_ONCE)).all()
    return [
        Line(
            row.conversation_id,
            row.began_at,
            _words(session, row.conversation_id, Message.seq == row.first_seq),
            row.outcome,
            row.reason,
            _agent_of(session, row),
            None if row.bot_ms is None else row.bot_ms / 1000,
            _score(session, row.conversation_id, row.began_at, row.next_at),
        )
        for row in rows
    ]


def _handoffs(session: Session, which: ColumnElement[bool], selection: Selection, offset: int) -> list[Line]:
    query = select(Handoff).where(which)
    if selection.figure == "human_first":
        rows: Sequence[Handoff] = _slowest(session, query, offset)
    else:
        query = query.order_by(Handoff.at.desc(), Handoff.id.desc())
        rows = session.scalars(query.offset(offset).limit(AT_ONCE)).all()
    return [
        Line(
            row.conversation_id,
            row.at,
            _words(session, row.conversation_id, Message.at <= row.at),
            row.outcome,
            row.reason,
            row.agent_id,
            (row.first_answer_at - row.at).total_seconds() if row.first_answer_at else None,
            _score(session, row.conversation_id, row.at, None),
        )
        for row in rows
    ]


def _slowest(session: Session, query: Any, offset: int) -> Sequence[Handoff]:
    """Databases subtract moments each in a way of its own, so it is done here, on ids."""
    times = query.with_only_columns(Handoff.id, Handoff.at, Handoff.first_answer_at)
    waits = [(at - first, id) for id, at, first in session.execute(times)]
    ids = [id for _, id in sorted(waits)[offset : offset + AT_ONCE]]
    found = {row.id: row for row in session.scalars(select(Handoff).where(Handoff.id.in_(ids)))}
    return [found[id] for id in ids]


def _ratings(session: Session, which: ColumnElement[bool], selection: Selection, offset: int) -> list[Line]:
    query = select(Rating).where(which).order_by(Rating.rated_at.desc(), Rating.id.desc())
    return [
        Line(
            row.conversation_id,
            row.rated_at or row.asked_at,
            row.comment[:QUOTED]
            if row.comment
            else _words(session, row.conversation_id, Message.seq <= row.seq),
            None,
            None,
            _number(row.served_by),
            None,
            row.score,
        )
        for row in session.scalars(query.offset(offset).limit(AT_ONCE))
    ]


def _words(session: Session, conversation_id: str, which: ColumnElement[bool]) -> str:
    """The shopper's last words among those; empty where there are none, or they are no longer kept."""
    query = select(func.substr(Message.text, 1, QUOTED)).where(
        Message.conversation_id == conversation_id, Message.sender == "shopper", which
    )
    return session.scalar(query.order_by(Message.seq.desc()).limit(1)) or ""


def _agent_of(session: Session, service: Service) -> int | None:
    """Who had it last."""
    if service.outcome != "handed_over":
        return None
    during = and_(Handoff.conversation_id == service.conversation_id, Handoff.agent_id.is_not(None))
    if service.ended_at:
        during &= Handoff.at <= service.ended_at
    query = select(Handoff.agent_id, Handoff.ended_at).where(during).order_by(Handoff.id.desc()).limit(1)
    last = session.execute(query).first()
    return last[0] if last and (last[1] is None or last[1] >= service.began_at) else None


def _score(session: Session, conversation_id: str, since: datetime, until: datetime | None) -> int | None:
    """What the shopper thought of it: the first service rated from here on."""
    hers = (Rating.conversation_id == conversation_id) & (Rating.asked_at >= since)
    if until:
        hers &= Rating.asked_at < until
    return session.scalar(select(Rating.score).where(hers).order_by(Rating.id).limit(1))


def _number(owner: str) -> int | None:
    kind, _, id = owner.partition(":")
    return int(id) if f"{kind}:" == ownership.AGENT_PREFIX else None
