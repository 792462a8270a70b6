"""What admins do with accounts, and everybody with her own; each public method is one transaction.

Who does it is named as in the audit: ``agent:ID``, or ``cli:UID`` at the terminal. Nothing of anybody is ever
deleted, as the log refers to her: whoever leaves is disabled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from bot.conversations import audits, ownership

from . import names, passwords, sign_ins
from .models import Account, ApiToken, SignIn
from .sessions import Role
from .sign_ins import Count, SignIns, UnknownSignIn
from .store import renew
from .tokens import Tokens, UnknownToken

ROLES: tuple[Role, ...] = get_args(Role)

Why = Literal[
    "unknown",
    "wrong_name",
    "wrong_shown",
    "name_taken",
    "own_account",
    "last_admin",
    "changed",
    "wrong_password",
    "too_short",
    "too_long",
    "too_simple",
    "as_before",
    "not_signed_in",
    "no_token",
]

log = structlog.get_logger()


class NotDone(Exception):
    """Nothing was changed; ``why`` names a sentence of texts.yml (``not_WHY``)."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Person:
    """An account, and where it is in use."""

    account: Account
    signed_in: Count | None
    tokens: int


class People:
    """The staff of one installation.

    Args:
        leave_desk: lets who is disabled (account id, by whom) leave the desk at once, and answers the
            conversations that wait again; None: the worker does, once her desk has been silent for a while.
    """

    def __init__(self, engine: Engine, leave_desk: Callable[[int, str], Sequence[str]] | None = None) -> None:
        self._engine = engine
        self._reader = engine.execution_options(read=True)
        self._leave_desk = leave_desk
        self.sign_ins = SignIns(engine)
        self.tokens = Tokens(engine)

    # -- looking --------------------------------------------------------------------------------------

    def listed(self) -> list[Person]:
        """Everybody: those who may sign in first, by role and number."""
        with Session(self._reader, expire_on_commit=False) as session:
            accounts = session.scalars(select(Account)).all()
            tokens = list(session.scalars(select(ApiToken.account_id)))
        signed_in = self.sign_ins.counts()
        people = [Person(each, signed_in.get(each.id), tokens.count(each.id)) for each in accounts]
        return sorted(people, key=_order)

    def person(self, account_id: int) -> Account:
        """One account. Raises NotDone: unknown."""
        with Session(self._reader, expire_on_commit=False) as session:
            return _known(session.get(Account, account_id))

    def named(self, name: str) -> Account:
        """The account of this name. Raises NotDone: unknown."""
        with Session(self._reader, expire_on_commit=False) as session:
            return _known(session.scalar(select(Account).where(Account.name == names.canonical(name))))

    # -- admins ---------------------------------------------------------------------------------------

    def add(self, by: str, name: str, display_name: str, role: Role) -> tuple[Account, str]:
        """A new account, and the password that she signs in with once: it is told nobody else.

        Raises:
            NotDone: wrong_name, wrong_shown, name_taken.
        """
        known, shown = names.new_name(name), names.shown(display_name)
        if known is None or shown is None:
            raise NotDone("wrong_name" if known is None else "wrong_shown")
        password = passwords.made()
        account = Account(
            name=known,
            display_name=shown,
            role=role,
            password_hash=passwords.hashed(password),
            must_change=True,
        )
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                session.add(account)
                session.flush()
                audits.add(session, by, "account_add", account=account.id, role=role)
        except IntegrityError:
            raise NotDone("name_taken") from None
        return account, password

    def change(
        self,
        by: str,
        account_id: int,
        *,
        display_name: str | None = None,
        role: Role | None = None,
        seen: tuple[str, str] | None = None,
    ) -> Account:
        """Another shown name or role, which counts from her next page on; None: stays.

        Args:
            seen: shown name and role as whoever changes them saw them.

        Raises:
            NotDone: unknown, wrong_shown, own_account (her role), last_admin, changed (since ``seen``).
        """
        shown = None if display_name is None else names.shown(display_name)
        if display_name is not None and shown is None:
            raise NotDone("wrong_shown")
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            account, last_admin = _locked(session, account_id)
            if seen is not None and seen != (account.display_name, account.role):
                raise NotDone("changed")
            if role is not None and role != account.role:
                if by == ownership.agent(account_id):
                    raise NotDone("own_account")
                if last_admin:
                    raise NotDone("last_admin")
                audits.add(session, by, "account_role", account=account_id, was=account.role, role=role)
                account.role = role
            if shown is not None and shown != account.display_name:
                audits.add(session, by, "account_name", account=account_id)
                account.display_name = shown
            return account

    def renew_password(self, by: str, account_id: int) -> str:
        """A new password, told this once, that she must change; her sign-ins and API tokens end.

        Raises:
            NotDone: unknown; own_account: one changes one's own by the old one.
        """
        if by == ownership.agent(account_id):
            raise NotDone("own_account")
        password = passwords.made()
        password_hash = passwords.hashed(password)
        with Session(self._engine) as session, session.begin():
            account, _ = _locked(session, account_id)
            renew(session, account, password_hash)
            account.must_change = True
            audits.add(session, by, "password_reset", account=account_id)
        return password

    def disable(self, by: str, account_id: int) -> int:
        """She is signed out, and nothing opens to her any more; how many conversations of hers wait again.

        Raises:
            NotDone: unknown, own_account, last_admin.
        """
        if by == ownership.agent(account_id):
            raise NotDone("own_account")
        with Session(self._engine) as session, session.begin():
            account, last_admin = _locked(session, account_id)
            if last_admin:
                raise NotDone("last_admin")
            if account.disabled_at is None:
                account.disabled_at = datetime.now(UTC)
                sign_ins.end_all(session, account_id)
                audits.add(session, by, "account_disable", account=account_id)
        if self._leave_desk is None:
            return 0
        try:
            return len(self._leave_desk(account_id, by))
        except SQLAlchemyError as error:
            # Her desk gives no sign of life any more: the worker notices.
            log.error("people.not_left_desk", account=account_id, error=type(error).__name__)
            return 0

    def enable(self, by: str, account_id: int) -> None:
        """She may sign in again, with the password and the API tokens she had. Raises NotDone: unknown."""
        with Session(self._engine) as session, session.begin():
            account, _ = _locked(session, account_id)
            if account.disabled_at is not None:
                account.disabled_at = None
                audits.add(session, by, "account_enable", account=account_id)

    # -- everybody ------------------------------------------------------------------------------------

    def choose_password(self, account_id: int, old: str, new: str, sign_in_id: int | None) -> None:
        """Her own new password; her other sign-ins end, this one and her API tokens stay.

        Raises:
            NotDone: wrong_password (the old one), too_short, too_long, too_simple, as_before; changed:
                somebody gave her another meanwhile.
        """
        account = self.person(account_id)
        if len(old) > passwords.LONGEST or not passwords.verified(account.password_hash, old):
            raise NotDone("wrong_password")
        if weak := passwords.weakness(new, old, account.name, account.display_name):
            raise NotDone(weak)
        password_hash = passwords.hashed(new)
        with Session(self._engine) as session, session.begin():
            now, _ = _locked(session, account_id)
            if now.password_hash != account.password_hash:
                raise NotDone("changed")
            now.password_hash, now.must_change = password_hash, False
            sign_ins.end_all(session, account_id, but=sign_in_id)
            audits.add(session, ownership.agent(account_id), "password_change")

    def end_sign_in(self, by: str, account_id: int, sign_in_id: int) -> None:
        """Sign her out in one browser. Raises NotDone: not_signed_in."""
        try:
            self.sign_ins.end(by, account_id, sign_in_id)
        except UnknownSignIn:
            raise NotDone("not_signed_in") from None

    def revoke_token(self, by: str, account_id: int, token_id: int) -> None:
        """End one of her API tokens. Raises NotDone: no_token."""
        try:
            self.tokens.revoke(token_id, account_id)
        except UnknownToken:
            raise NotDone("no_token") from None
        with Session(self._engine) as session, session.begin():
            audits.add(session, by, "token_revoke", token=token_id, account=account_id)

    def signed_in(self, account_id: int) -> Sequence[SignIn]:
        """Where she is signed in, the latest first."""
        return self.sign_ins.of(account_id)


def _order(person: Person) -> tuple[bool, int, int]:
    account = person.account
    rank = ROLES.index(account.role) if account.role in ROLES else -1
    return account.disabled_at is not None, -rank, account.id


def _known(account: Account | None) -> Account:
    if account is None:
        raise NotDone("unknown")
    return account


def _locked(session: Session, account_id: int) -> tuple[Account, bool]:
    """The account, and whether it is the only admin's who may sign in. Raises NotDone: unknown."""
    # All admins are locked, in one order: of two who disable each other one is refused.
    admins = select(Account).where(Account.role == "admin", Account.disabled_at.is_(None))
    ids = [each.id for each in session.scalars(admins.order_by(Account.id).with_for_update())]
    account = _known(session.get(Account, account_id, with_for_update=True, populate_existing=True))
    return account, ids == [account_id]
