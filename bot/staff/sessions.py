"""Who is signed in: what the signed cookie says, checked against the account as it is now."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import Request

from .models import Account
from .store import Accounts

LASTS = timedelta(hours=12)

Role = Literal["agent", "supervisor", "admin"]
_RANK = {"agent": 1, "supervisor": 2, "admin": 3}


class NotAllowed(Exception):
    """The signed-in account's role does not reach this far."""


@dataclass(frozen=True)
class Staff:
    """A member of staff who is signed in, or for whom an API token acts."""

    id: int
    name: str
    display_name: str
    role: str
    token: int | None = None
    """The API token that acts for her; None where she sits at the page."""

    def may(self, role: Role) -> bool:
        """Whether this account does what ``role`` does; each role includes those below it."""
        return _RANK.get(self.role, 0) >= _RANK[role]


def begin(session: MutableMapping[str, Any], account: Account) -> None:
    """Sign the account in. Whatever the session held before is forgotten."""
    session.clear()
    session["account"] = account.id
    session["at"] = datetime.now(UTC).timestamp()


def current(session: MutableMapping[str, Any], accounts: Accounts) -> Staff | None:
    """Who is signed in; None after 12 hours, after a sign-out, or when the account is gone."""
    account_id, at = session.get("account"), session.get("at")
    if not isinstance(account_id, int) or not isinstance(at, float):
        return None
    began = datetime.fromtimestamp(at, UTC)
    if datetime.now(UTC) - began > LASTS:
        return None
    account = accounts.account(account_id)
    if account is None or began < account.valid_from:
        return None
    return Staff(account.id, account.name, account.display_name, account.role)


def require(role: Role) -> Callable[[Request], Staff]:
    """A dependency for pages and routes: the signed-in member of staff.

    Raises:
        NotAllowed: her role does not reach ``role``. (Nobody unsigned gets past the guard.)
    """

    def signed_in(request: Request) -> Staff:
        staff = getattr(request.state, "staff", None)
        if not isinstance(staff, Staff) or not staff.may(role):
            raise NotAllowed(role)
        return staff

    return signed_in
