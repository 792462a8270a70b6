"""What shoppers think of a service that has ended, by bot or human."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import ownership
from .models import Rating
from .steps import locked, now

if TYPE_CHECKING:
    from .store import Store

COMMENT_LIMIT = 500
GIVEN_WITHIN = timedelta(days=7)
CHANGED_WITHIN = timedelta(days=1)


class NothingToRate(Exception):
    """No service has ended lately, or its rating is final."""


def rate(store: Store, conversation_id: str, score: int, comment: str | None = None) -> dict[str, Any]:
    """Give the service that ended last 1 to 5 points, or change them; gives what then stands.

    Raises:
        UnknownConversation, NothingToRate.
    """
    with store.writing() as session:
        locked(session, conversation_id)
        rating = current(session, conversation_id)
        if rating is None:
            raise NothingToRate(conversation_id)
        rating.score, rating.comment = score, comment
        rating.rated_at = rating.rated_at or now()
        shown = public(rating)
    return shown or {}


def given(store: Store, conversation_id: str) -> list[Rating]:
    """The services that were rated, oldest first."""
    rated = (Rating.conversation_id == conversation_id) & Rating.score.is_not(None)
    with store.reading() as session:
        return list(session.scalars(select(Rating).where(rated).order_by(Rating.id)))


def asked(store: Store, conversation_id: str) -> int | None:
    """The ``seq`` of the message that asks for a rating, while none was given."""
    with store.reading() as session:
        rating = current(session, conversation_id)
    return rating.seq if rating and rating.score is None else None


def current(session: Session, conversation_id: str) -> Rating | None:
    """The service that may be rated now: the last to end, while its time runs."""
    last = session.scalar(
        select(Rating).where(Rating.conversation_id == conversation_id).order_by(Rating.id.desc()).limit(1)
    )
    if last is None:
        return None
    ends = last.rated_at + CHANGED_WITHIN if last.rated_at else last.asked_at + GIVEN_WITHIN
    return last if now() < ends else None


def public(rating: Rating | None) -> dict[str, Any] | None:
    """The service as its shopper sees it: ``seq`` of its last message, who served, what she said of it."""
    if rating is None:
        return None
    return {
        "seq": rating.seq,
        "by": ownership.kind(rating.served_by),
        "name": rating.served_name,
        "score": rating.score,
        "comment": rating.comment,
    }
