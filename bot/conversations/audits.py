"""Who looked at what, and who did what: kept apart from what it was about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .models import Audit
from .steps import now

if TYPE_CHECKING:
    from .store import Store


def note(store: Store, by: str, action: str, **detail: Any) -> None:
    """Keep that ``by`` (``agent:ID``) did ``action``; the detail holds ids, never what they stand for."""
    with store.writing() as session:
        session.add(Audit(at=now(), by=by, action=action, detail=detail or None))


def latest(store: Store, limit: int = 100) -> list[Audit]:
    """The last that was kept, newest first."""
    with store.reading() as session:
        return list(session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit)))
