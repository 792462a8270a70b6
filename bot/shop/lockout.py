"""Guessing is counted and locked: phone tails of one order, and numbers that are not the asker's."""

from datetime import datetime, timedelta
from math import ceil
from typing import NoReturn

from sqlalchemy import case, delete, func, or_, select

from bot.problems import Problem
from bot.shop import clock
from bot.shop.database import Session, insert
from bot.shop.models import Miss, VerificationTries
from bot.shop.scope import Scope

MISSES = 10
MISSES_TIME = timedelta(minutes=15)


def count_try(session: Session, no: str, now: datetime, limit: int, span: timedelta) -> timedelta | None:
    """Count one try for ``no`` and give None, or, if it is locked, count nothing and give the time left.

    ``limit`` tries lock the number until ``span`` after the last of them; older tries are forgotten.
    Tries made at the same moment are counted one after the other, because the count is the first statement
    of its transaction and holds the row until the commit.
    """
    over = VerificationTries.last_at <= now - span
    first = insert(session, VerificationTries).values(order_no=no, tries=1, last_at=now)
    counted = session.scalar(
        first.on_conflict_do_update(
            index_elements=[VerificationTries.order_no],
            set_={"tries": case((over, 1), else_=VerificationTries.tries + 1), "last_at": now},
            where=or_(over, VerificationTries.tries < limit),
        ).returning(VerificationTries.tries)
    )
    session.execute(delete(VerificationTries).where(over))
    if counted is not None:
        return None
    last = session.scalar(select(VerificationTries.last_at).where(VerificationTries.order_no == no))
    return last + span - now if last else timedelta(0)


def forget_tries(session: Session, no: str) -> None:
    """Begin the count for ``no`` anew."""
    session.execute(delete(VerificationTries).where(VerificationTries.order_no == no))


def refuse_guesser(session: Session, scope: Scope) -> None:
    """Raise Problem 429 ``too-many-misses`` while ``scope`` has asked for too much that is not its own."""
    now = clock.now()
    recent = (Miss.scope == scope.name, Miss.at > now - MISSES_TIME)
    number, oldest = session.execute(select(func.count(), func.min(Miss.at)).where(*recent)).one()
    if number <= MISSES:
        return
    seconds = ceil((oldest + MISSES_TIME - now).total_seconds())
    raise Problem(
        429,
        "too-many-misses",
        "Too many numbers were asked for that are not this customer's; try again later.",
        {"Retry-After": str(max(1, seconds))},
    )


def missed(session: Session, scope: Scope, number: str, answer: Problem) -> NoReturn:
    """Note that ``scope`` asked for ``number`` in vain, and raise ``answer``, or 429 if it was one too many.

    The same number asked for again counts once. What the session has not committed is given up.
    """
    session.rollback()
    now = clock.now()
    session.execute(
        insert(session, Miss)
        .values(scope=scope.name, number=number, at=now)
        .on_conflict_do_update(index_elements=[Miss.scope, Miss.number], set_={"at": now})
    )
    session.execute(delete(Miss).where(Miss.at <= now - MISSES_TIME))
    session.commit()
    refuse_guesser(session, scope)
    raise answer
