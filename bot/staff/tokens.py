"""Keys to the desk API: each acts for one account, as far as that account's role reaches."""

import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from .models import Account, ApiToken
from .names import canonical
from .sessions import Staff
from .store import UnknownAccount

# The prefix lets scanners find a token that has slipped into a repository.
PREFIX = "guitai_"
FORM = re.compile(PREFIX + r"[\w-]{43}", re.ASCII)
LABEL_LIMIT = 64
USE_NOTED_EVERY = timedelta(minutes=1)


class UnknownToken(Exception):
    """There is no token of this number."""


class Tokens:
    """The API tokens of one installation; of each only a digest is kept. Public methods are transactions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(read=True)

    def make(self, name: str, label: str = "", days: int | None = None) -> tuple[ApiToken, str]:
        """A new token for the account of this name, told this once; without ``days`` it has no end.

        Raises:
            UnknownAccount: nobody has this name.
        """
        token, at = PREFIX + secrets.token_urlsafe(32), datetime.now(UTC)
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            account = session.scalar(select(Account).where(Account.name == canonical(name)))
            if account is None:
                raise UnknownAccount(name)
            made = ApiToken(
                account_id=account.id,
                label=label[:LABEL_LIMIT],
                digest=_digest(token),
                created_at=at,
                expires_at=at + timedelta(days=days) if days else None,
            )
            session.add(made)
        return made, token

    def listed(self) -> list[tuple[ApiToken, Account]]:
        """All tokens with their accounts, the oldest first."""
        query = select(ApiToken, Account).join(Account, Account.id == ApiToken.account_id)
        with Session(self._reader, expire_on_commit=False) as session:
            return [(row[0], row[1]) for row in session.execute(query.order_by(ApiToken.id))]

    def of(self, account_id: int) -> list[ApiToken]:
        """An account's tokens, the oldest first."""
        hers = select(ApiToken).where(ApiToken.account_id == account_id)
        with Session(self._reader, expire_on_commit=False) as session:
            return list(session.scalars(hers.order_by(ApiToken.id)))

    def revoke(self, token_id: int, account_id: int | None = None) -> None:
        """End the token, if it is of this account (None: of whichever). Raises UnknownToken."""
        gone = delete(ApiToken).where(ApiToken.id == token_id).returning(ApiToken.id)
        if account_id is not None:
            gone = gone.where(ApiToken.account_id == account_id)
        with Session(self._engine) as session, session.begin():
            if session.scalar(gone) is None:
                raise UnknownToken(token_id)

    def holder(self, token: str) -> Staff | None:
        """For whom the token acts; None where it is none, has ended or was revoked."""
        if not FORM.fullmatch(token):
            return None
        query = select(ApiToken, Account).join(Account, Account.id == ApiToken.account_id)
        with Session(self._reader, expire_on_commit=False) as session:
            # Looked up by digest: how long that takes tells nothing of the token.
            this = (ApiToken.digest == _digest(token)) & Account.disabled_at.is_(None)
            found = session.execute(query.where(this)).one_or_none()
        if found is None:
            return None
        key, account, at = found[0], found[1], datetime.now(UTC)
        if key.expires_at and key.expires_at <= at:
            return None
        if key.last_used_at is None or at - key.last_used_at >= USE_NOTED_EVERY:
            self._note_use(key.id, at)
        return Staff(account.id, account.name, account.display_name, account.role, token=key.id)

    def _note_use(self, token_id: int, at: datetime) -> None:
        with Session(self._engine) as session, session.begin():
            session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=at))


def _digest(token: str) -> str:
    # 256 random bits cannot be guessed from their digest: no salt, no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()
