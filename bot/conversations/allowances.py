"""What a channel still lets be sent to a shopper, where that is limited: so many messages until a moment.

Acts of the shopper grant it, each kind of act by itself; what is sent is taken from the one that ends first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from .models import Allowance
from .steps import now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from .store import Store


@dataclass(frozen=True)
class Left:
    """``until`` is None where nothing was ever granted, and past where all has run out."""

    messages: int
    until: datetime | None


def grant(store: Store, conversation_id: str, kind: str, messages: int, span: timedelta) -> None:
    """An act of this kind allows so many messages for so long, whatever was left of the last one."""
    with store.writing() as session:
        row = session.get(Allowance, (conversation_id, kind), with_for_update=True)
        if row is None:
            row = Allowance(conversation_id=conversation_id, kind=kind)
            session.add(row)
        row.left, row.until = messages, now() + span


def left(store: Store, conversation_id: str) -> Left:
    """What may still be sent, and when the last of it runs out."""
    with store.reading() as session:
        rows = session.scalars(select(Allowance).where(Allowance.conversation_id == conversation_id)).all()
    good = [row for row in rows if row.until > now()]
    return Left(sum(row.left for row in good), max((row.until for row in rows), default=None))


def spend(store: Store, conversation_id: str) -> str | None:
    """Take one message from the grant that ends first: its kind; None where nothing is left."""
    with store.writing() as session:
        open_grants = (Allowance.conversation_id == conversation_id) & (Allowance.until > now())
        row = session.scalar(
            select(Allowance)
            .where(open_grants, Allowance.left > 0)
            .order_by(Allowance.until)
            .limit(1)
            .with_for_update()
        )
        if row is None:
            return None
        row.left -= 1
        return row.kind


def give_back(store: Store, conversation_id: str, kind: str) -> None:
    """What was spent was not sent."""
    with store.writing() as session:
        if row := session.get(Allowance, (conversation_id, kind), with_for_update=True):
            row.left += 1


def none_left(store: Store, conversation_id: str) -> None:
    """The channel itself says that no more is taken."""
    with store.writing() as session:
        mine = Allowance.conversation_id == conversation_id
        session.execute(update(Allowance).where(mine).values(left=0))


def move(session: Session, conversation_id: str, to: str) -> None:
    """The shopper goes on in another conversation, which has nothing of its own yet."""
    mine = Allowance.conversation_id == conversation_id
    session.execute(update(Allowance).where(mine).values(conversation_id=to))
