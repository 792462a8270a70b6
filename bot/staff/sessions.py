"""Who is signed in: what the signed cookie says, checked against the account as it is now."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Request

from .models import Account
from .sign_ins import LASTS
from .store import Accounts

__all__ = ["LASTS", "NotAllowed", "Role", "Staff", "begin", "current", "require"]

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
    sign_in: int | None = None
    """The browser's sign-in; None where a token acts for her."""
    must_change: bool = False
    """Whether she has to choose a password before anything else."""

    def may(self, role: Role) -> bool:
        """Whether this account does what ``role`` does; each role includes those below it."""
        return _RANK.get(self.role, 0) >= _RANK[role]


def begin(
    session: MutableMapping[str, Any],
    accounts: Accounts,
    account: Account,
    address: str = "",
    device: str = "",
) -> bool:
    """Sign in whose password was just checked; whether she is. What the session held before is forgotten."""
    former = session.get("key")
    begun = accounts.sign_ins.begin(account, address, device, former if isinstance(former, str) else None)
    session.clear()
    if begun:
        session["key"] = begun.key
    return begun is not None


def current(session: MutableMapping[str, Any], accounts: Accounts) -> Staff | None:
    """Who is signed in; None after 12 hours, after the sign-in's end, or when the account is disabled."""
    key = session.get("key")
    found = accounts.sign_ins.holder(key) if isinstance(key, str) else None
    if found is None:
        return None
    sign_in, account = found
    return Staff(
        account.id,
        account.name,
        account.display_name,
        account.role,
        sign_in=sign_in.id,
        must_change=account.must_change,
    )


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
