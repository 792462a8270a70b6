"""Staff accounts in the database; each public method is one transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from . import passwords, sign_ins
from .models import Account, ApiToken
from .names import canonical
from .sign_ins import SignIns

__all__ = ["Accounts", "NameTaken", "UnknownAccount", "canonical", "ensure_accounts"]

FIRST_ACCOUNTS = (
    ("agent", "xiaowang", "小王"),
    ("agent", "xiaoli", "小李"),
    ("supervisor", "supervisor", "主管"),
    ("admin", "admin", "管理员"),
)


class UnknownAccount(Exception):
    """There is no account of this name."""


class NameTaken(Exception):
    """Another account has this name."""


class Accounts:
    """The staff of one installation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sign_ins = SignIns(engine)

    def add(self, role: str, name: str, display_name: str, password: str) -> Account:
        """A new account. Raises NameTaken."""
        account = Account(
            name=name, display_name=display_name, role=role, password_hash=passwords.hashed(password)
        )
        try:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                session.add(account)
        except IntegrityError:
            raise NameTaken(name) from None
        return account

    def listed(self) -> list[Account]:
        """All accounts, by id."""
        with Session(self.engine) as session:
            return list(session.scalars(select(Account).order_by(Account.id)))

    def account(self, account_id: int) -> Account | None:
        with Session(self.engine) as session:
            return session.get(Account, account_id)

    def named(self, name: str) -> Account | None:
        with Session(self.engine) as session:
            return session.scalar(select(Account).where(Account.name == canonical(name)))

    def check(self, name: str, password: str) -> Account | None:
        """The account, if name and password belong together and it is not disabled.

        An unknown name, and one that is disabled, takes as long as a known one.
        """
        name = canonical(name)
        with Session(self.engine, expire_on_commit=False) as session:
            account = session.scalar(select(Account).where(Account.name == name))
        nobody = passwords.nobody()
        fits = len(password) <= passwords.LONGEST and passwords.verified(
            account.password_hash if account else nobody, password
        )
        return account if account and fits and account.disabled_at is None else None

    def sign_out(self, account_id: int) -> None:
        """End every sign-in of this account."""
        with Session(self.engine) as session, session.begin():
            sign_ins.end_all(session, account_id)

    def renew_password(self, name: str) -> str:
        """A new password for the account, told this once; its sign-ins and API tokens end.

        Raises:
            UnknownAccount: nobody has this name.
        """
        password = passwords.made()
        password_hash = passwords.hashed(password)
        with Session(self.engine) as session, session.begin():
            account = session.scalar(select(Account).where(Account.name == canonical(name)))
            if account is None:
                raise UnknownAccount(name)
            renew(session, account, password_hash)
        return password

    def display_names(self) -> Mapping[int, str]:
        """How shoppers and colleagues see each member of staff, by account id."""
        with Session(self.engine) as session:
            rows = session.execute(select(Account.id, Account.display_name))
            return {row[0]: row[1] for row in rows}

    def names(self) -> set[str]:
        with Session(self.engine) as session:
            return set(session.scalars(select(Account.name)))


def renew(session: Session, account: Account, password_hash: str) -> None:
    """The account has this password from now on; its sign-ins and API tokens end."""
    account.password_hash = password_hash
    sign_ins.end_all(session, account.id)
    session.execute(delete(ApiToken).where(ApiToken.account_id == account.id))


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
        password = passwords.made()
        accounts.add(role, name, display_name, password)
        made.append({"role": role, "name": name, "display_name": display_name, "password": password})
    return made
