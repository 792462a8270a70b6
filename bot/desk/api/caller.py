"""Who calls: the guard has read the token already; here its role and its rate count."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPBearer
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.problems import Problem
from bot.staff.sessions import Staff, require

LARGEST = 2**31 - 1  # what the database takes for a number

# Only documents it: the guard lets nobody else through.
documented = HTTPBearer(auto_error=False, scheme_name="ApiToken", description="Made by `bot staff token`.")

Agent = Annotated[Staff, Depends(require("agent"))]
Supervisor = Annotated[Staff, Depends(require("supervisor"))]
ConversationId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$")]
Number = Annotated[int, Path(ge=1, le=LARGEST)]
ShopId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,40}$")]


def limited(per_minute: int) -> Callable[[Request], None]:
    """A dependency that lets each token call so often."""
    calls, allowed = MovingWindowRateLimiter(MemoryStorage()), parse(f"{per_minute}/minute")

    def count(request: Request) -> None:
        if not calls.hit(allowed, str(request.state.staff.token)):
            raise Problem(
                429, "too-many-requests", f"At most {per_minute} calls a minute.", {"Retry-After": "5"}
            )

    return count
