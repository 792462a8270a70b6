"""Staff accounts in the database; each public method is one transaction."""

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from . import passwords
from .models import Account, ApiToken

FIRST_ACCOUNTS = (
    ("agent", "xiaowang", "小王"),
    ("agent", "xiaoli", "小李"),
    ("supervisor", "supervisor", "主管"),
    ("admin", "admin", "管理员"),
)
PASSWORD_LIMIT = 128


class UnknownAccount(Exception):
    """There is no account of this name."""


class NameTaken(Exception):
    """Another account has this name."""


def canonical(name: str) -> str:
    """The one spelling of a name: what no account can have reaches neither database nor rate limit."""
    return unicodedata.normalize("NFKC", name).replace("\0", "").strip().lower()[:32]


class Accounts:
    """The staff of one installation."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, role: str, name: str, display_name: str, password: str) -> Account:
        """A new account. Raises NameTaken."""
        account = Account(
            name=name,
            display_name=display_name,
            role=role,
            password_hash=passwords.hashed(password),
            valid_from=datetime.now(UTC),
        )
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                session.add(account)
        except IntegrityError:
            raise NameTaken(name) from None
        return account

    def listed(self) -> list[Account]:
        """All accounts, by id."""
        with Session(self._engine) as session:
            return list(session.scalars(select(Account).order_by(Account.id)))

    def set_role(self, name: str, role: str) -> Account:
        """The account has this role from its next page on. Raises UnknownAccount."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            account = session.scalar(select(Account).where(Account.name == canonical(name)))
            if account is None:
                raise UnknownAccount(name)
            account.role = role
            return account

    def account(self, account_id: int) -> Account | None:
        with Session(self._engine) as session:
            return session.get(Account, account_id)

    def check(self, name: str, password: str) -> Account | None:
        """The account, if name and password belong together. An unknown name takes as long as a known one."""
        name = canonical(name)
        with Session(self._engine, expire_on_commit=False) as session:
            account = session.scalar(select(Account).where(Account.name == name))
        nobody = passwords.nobody()
        fits = len(password) <= PASSWORD_LIMIT and passwords.verified(
            account.password_hash if account else nobody, password
        )
        return account if account and fits else None

    def sign_out(self, account_id: int) -> None:
        """End every sign-in of this account."""
        with Session(self._engine) as session, session.begin():
            if account := session.get(Account, account_id):
                account.valid_from = datetime.now(UTC)

    def renew_password(self, name: str) -> str:
        """A new password for the account, told this once; its sign-ins and API tokens end.

        Raises:
            UnknownAccount: nobody has this name.
        """
        password = secrets.token_urlsafe(12)
        password_hash = passwords.hashed(password)
        with Session(self._engine) as session, session.begin():
            account = session.scalar(select(Account).where(Account.name == name))
            if account is None:
                raise UnknownAccount(name)
            account.password_hash, account.valid_from = password_hash, datetime.now(UTC)
            session.execute(delete(ApiToken).where(ApiToken.account_id == account.id))
        return password

    def display_names(self) -> Mapping[int, str]:
        """How shoppers and colleagues see each member of staff, by account id."""
        with Session(self._engine) as session:
            rows = session.execute(select(Account.id, Account.display_name))
            return {row[0]: row[1] for row in rows}

    def names(self) -> set[str]:
        with Session(self._engine) as session:
            return set(session.scalars(select(Account.name)))


def ensure_accounts(accounts: Accounts) -> list[dict[str, Any]]:
    """Create the first accounts that are missing.

    Returns:
        ``{role, name, display_name, password}`` of the accounts made now: the only time a password is known.
    """
    made = []
    known = accounts.names()
    for role, name, display_name in FIRST_ACCOUNTS:
        if name in known:
            continue
        password = secrets.token_urlsafe(12)
        accounts.add(role, name, display_name, password)
        made.append({"role": role, "name": name, "display_name": display_name, "password": password})
    return made
