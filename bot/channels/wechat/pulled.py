"""How far each desk of WeCom's customer service was pulled, and who pulls now: one process at a time."""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.conversations.steps import now
from bot.conversations.store import Store

from .models import Pulled

LEASE = timedelta(seconds=20)  # renewed with each page; two that overlap take in everything once
# What was said before the desk was first heard of was not meant for us; a call may come late.
BEFORE = timedelta(minutes=10)


@dataclass(frozen=True)
class Pull:
    """A desk that this process alone pulls for a while."""

    desk: str
    cursor: str
    token: str
    since: datetime
    """What was said before stays unanswered."""
    asked: int


class Pulls:
    """The desks of one account, as one process sees them. Every method is one transaction."""

    def __init__(self, store: Store, account: str) -> None:
        self._store, self._account = store, account
        self._name = f"{os.getpid()}:{secrets.token_hex(8)}"

    def ask(self, desk: str, token: str) -> None:
        """There are messages at this desk, says a call with this token."""
        asked = update(Pulled).where(self._one(desk)).values(asked=Pulled.asked + 1, token=token)
        fresh = Pulled(account=self._account, desk=desk, token=token, since=now() - BEFORE, asked=1)
        try:
            with self._store.writing() as session:
                if not session.execute(asked).rowcount:  # type: ignore[attr-defined]
                    session.add(fresh)
        except IntegrityError:  # another process has just added it
            with self._store.writing() as session:
                session.execute(asked)

    def ask_all(self) -> None:
        """There may be messages at any desk: calls were missed."""
        with self._store.writing() as session:
            mine = Pulled.account == self._account
            session.execute(update(Pulled).where(mine).values(asked=Pulled.asked + 1))

    def claim(self) -> Pull | None:
        """Take a desk that has messages and that nobody pulls; None where there is none."""
        at = now()
        free = or_(
            Pulled.lease_until.is_(None),
            Pulled.lease_until < at,
            Pulled.lease_until > at + 2 * LEASE,  # written by a clock that was ahead
        )
        due = (Pulled.account == self._account) & (Pulled.asked > Pulled.done) & free
        with self._store.reading() as session:
            if session.scalar(select(Pulled.desk).where(due).limit(1)) is None:
                return None
        with self._store.writing() as session:
            # By lot, so that a desk that cannot be pulled keeps back no other.
            query = select(Pulled).where(due).order_by(func.random()).limit(1)
            row = session.scalar(query.with_for_update(skip_locked=True))
            if row is None:
                return None  # another process was faster
            row.lease_by, row.lease_until = self._name, at + LEASE
            return Pull(row.desk, row.cursor, row.token, row.since, row.asked)

    def passed(self, pull: Pull, cursor: str) -> bool:
        """All up to ``cursor`` is taken in; whether this process may go on."""
        return self._keep(pull, cursor=cursor, lease_until=now() + LEASE)

    def end(self, pull: Pull) -> None:
        """There are no more messages than those that came since the desk was claimed."""
        self._keep(pull, done=pull.asked, lease_by=None, lease_until=None)

    def let_go(self, pull: Pull) -> None:
        """Not all was pulled: anybody may try again."""
        self._keep(pull, lease_by=None, lease_until=None)

    def _keep(self, pull: Pull, **values: object) -> bool:
        mine = self._one(pull.desk) & (Pulled.lease_by == self._name)
        with self._store.writing() as session:
            done = session.execute(update(Pulled).where(mine).values(**values))
            return bool(done.rowcount)  # type: ignore[attr-defined]

    def _one(self, desk: str) -> ColumnElement[bool]:
        return (Pulled.account == self._account) & (Pulled.desk == desk)
