"""Who looked at what, and who did what: kept apart from what it was about."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .models import Audit
from .steps import now

if TYPE_CHECKING:
    from .store import Store

PAGE = 50
AT_ONCE = 1000  # rows read or deleted in one transaction
WHO_LIMIT = 500
RETAIN_SECONDS = 3600.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Wanted:
    """Which rows are looked for; None: whichever."""

    by: str | None = None
    actions: Collection[str] | None = None
    since: datetime | None = None


def add(session: Session, by: str, action: str, **detail: Any) -> None:
    """Keep in this transaction that ``by`` (``agent:ID``) did ``action``."""
    session.add(Audit(at=now(), by=by, action=action, detail=detail or None))


def note(store: Store, by: str, action: str, **detail: Any) -> None:
    """Keep that ``by`` (``agent:ID``) did ``action``; the detail holds ids, never what they stand for."""
    with store.writing() as session:
        add(session, by, action, **detail)


def latest(store: Store, limit: int = 100) -> list[Audit]:
    """The last that was kept, newest first."""
    return found(store, Wanted(), limit=limit)


def found(store: Store, wanted: Wanted, before: int | None = None, limit: int = PAGE) -> list[Audit]:
    """The newest rows that are wanted, of those older than the row ``before``.

    What it costs does not grow with what is kept: each part is read from an index, from its end.
    """
    with store.reading() as session:
        which = [] if before is None else [Audit.id < before]
        if wanted.since is not None:
            # Numbers grow as time does.
            first = select(Audit.id).where(Audit.at >= wanted.since).order_by(Audit.at, Audit.id).limit(1)
            since = session.scalar(first)
            if since is None:
                return []
            which.append(Audit.id >= since)
        if wanted.by is not None:
            which.append(Audit.by == wanted.by)
        query = select(Audit).where(*which).order_by(Audit.id.desc()).limit(limit)
        if wanted.actions is None:
            return list(session.scalars(query))
        ids: list[int] = []
        newest = select(Audit.id).where(*which).order_by(Audit.id.desc()).limit(limit)
        for action in wanted.actions:
            ids += session.scalars(newest.where(Audit.action == action))
        ids = sorted(ids, reverse=True)[:limit]
        rows = session.scalars(select(Audit).where(Audit.id.in_(ids)).order_by(Audit.id.desc()))
        return list(rows)


def all_found(store: Store, wanted: Wanted, limit: int) -> Iterator[Audit]:
    """As ``found``, up to many rows, a portion at a time."""
    before, left = None, limit
    while rows := found(store, wanted, before, min(AT_ONCE, left)):
        yield from rows
        before, left = rows[-1].id, left - len(rows)


def everybody(store: Store) -> list[str]:
    """All who are named as having done something, each once."""
    names: list[str] = []
    with store.reading() as session:
        # From one to the next in the index: to look for them all at once would read all of it.
        last = session.scalar(select(func.min(Audit.by)))
        while last is not None and len(names) < WHO_LIMIT:
            names.append(last)
            last = session.scalar(select(func.min(Audit.by)).where(Audit.by > last))
    return names


async def retain(store: Store, days: int) -> None:
    """Delete what is older than ``days``, every hour for ever; 0: keep everything."""
    while days:
        pause = RETAIN_SECONDS
        try:
            if await asyncio.to_thread(expire, store, now() - timedelta(days=days)):
                pause = 0.2
        except SQLAlchemyError as error:
            log.error("audit.not_expired", error=type(error).__name__)
        await asyncio.sleep(pause)


def expire(store: Store, before: datetime) -> int:
    """Delete some of what is older; how many rows."""
    with store.reading() as session:
        old = select(Audit.id).where(Audit.at < before).order_by(Audit.at).limit(AT_ONCE)
        ids = session.scalars(old).all()
    if ids:
        with store.writing() as session:
            session.execute(delete(Audit).where(Audit.id.in_(ids)))
    return len(ids)
