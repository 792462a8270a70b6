"""Where each member of staff is signed in: one row for each browser, gone when that has ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Engine, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.conversations import audits, ownership

from .models import Account, SignIn
from .names import canonical

LASTS = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
ADDRESS_LIMIT, DEVICE_LIMIT = 45, 200

log = structlog.get_logger()


class UnknownSignIn(Exception):
    """She is not signed in there (any more)."""


@dataclass(frozen=True)
class Count:
    """In how many browsers somebody is signed in, and when one of them was last heard of."""

    browsers: int
    seen_at: datetime


class SignIns:
    """The sign-ins of one installation. Each public method is one transaction, and kept in the audit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(read=True)

    def begin(
        self, account: Account, address: str = "", device: str = "", instead_of: str | None = None
    ) -> SignIn | None:
        """Sign in whose password was just checked; None where it is no longer hers, or she may not.

        Args:
            instead_of: the key that this browser had; it opens nothing any more.
        """
        at = datetime.now(UTC)
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            known = session.get(Account, account.id, with_for_update=True)
            if known is None or known.disabled_at or known.password_hash != account.password_hash:
                return None
            over = (SignIn.began_at <= at - LASTS) | (SignIn.key == instead_of)
            session.execute(delete(SignIn).where(over))
            begun = SignIn(
                key=secrets.token_urlsafe(24),
                account_id=account.id,
                began_at=at,
                seen_at=at,
                address=address[:ADDRESS_LIMIT],
                device="".join(c for c in device if c.isprintable())[:DEVICE_LIMIT],
            )
            session.add(begun)
            known.last_sign_in_at = at
            audits.add(session, ownership.agent(account.id), "sign_in", address=begun.address)
            return begun

    def holder(self, key: str) -> tuple[SignIn, Account] | None:
        """Who is signed in under this key; None after 12 hours, after its end, or when she is disabled."""
        at = datetime.now(UTC)
        query = select(SignIn, Account).join(Account, Account.id == SignIn.account_id)
        valid = (SignIn.key == key) & (SignIn.began_at > at - LASTS) & Account.disabled_at.is_(None)
        with Session(self._reader, expire_on_commit=False) as session:
            found = session.execute(query.where(valid)).one_or_none()
        if found is None:
            return None
        if at - found[0].seen_at >= SEEN_EVERY:
            self._note_seen(found[0].id, at)
        return found[0], found[1]

    def of(self, account_id: int) -> Sequence[SignIn]:
        """Where she is signed in, the latest first."""
        hers = select(SignIn).where(SignIn.account_id == account_id, _valid())
        with Session(self._reader, expire_on_commit=False) as session:
            return session.scalars(hers.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()

    def counts(self) -> dict[int, Count]:
        """Of each account that is signed in."""
        query = select(SignIn.account_id, func.count(), func.max(SignIn.seen_at)).where(_valid())
        with Session(self._reader) as session:
            rows = session.execute(query.group_by(SignIn.account_id)).all()
        return {row[0]: Count(row[1], row[2]) for row in rows}

    def end(self, by: str, account_id: int, sign_in_id: int, action: str = "session_end") -> None:
        """Sign her out there. Raises UnknownSignIn."""
        this = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == account_id)
        with Session(self._engine) as session, session.begin():
            if session.scalar(this.returning(SignIn.id)) is None:
                raise UnknownSignIn(sign_in_id)
            audits.add(session, by, action, account=account_id)

    def end_all(self, by: str, account_id: int, but: int | None = None) -> int:
        """Sign her out everywhere, or everywhere else; in how many browsers."""
        with Session(self._engine) as session, session.begin():
            ended = end_all(session, account_id, but)
            if ended:
                audits.add(session, by, "sessions_end", account=account_id, number=ended)
        return ended

    def failed(self, name: str, address: str, action: str = "sign_in_failed") -> None:
        """Keep that somebody tried to sign in; what was typed is not kept, as it may be a password."""
        with Session(self._engine) as session, session.begin():
            known = session.scalar(select(Account.id).where(Account.name == canonical(name)))
            audits.add(session, "stranger", action, account=known, address=address[:ADDRESS_LIMIT])

    def _note_seen(self, sign_in_id: int, at: datetime) -> None:
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=at))
        except SQLAlchemyError as error:
            log.warning("sign_in.not_noted", error=type(error).__name__)


def end_all(session: Session, account_id: int, but: int | None = None) -> int:
    """``SignIns.end_all`` as a step of a transaction."""
    hers = delete(SignIn).where(SignIn.account_id == account_id)
    if but is not None:
        hers = hers.where(SignIn.id != but)
    return len(session.scalars(hers.returning(SignIn.id)).all())


def _valid() -> ColumnElement[bool]:
    return SignIn.began_at > datetime.now(UTC) - LASTS
