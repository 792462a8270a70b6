"""What all calls share: their session, parameters and documented problems."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Security
from starlette.concurrency import run_in_threadpool

from bot.problems import Problem
from bot.settings import Settings
from bot.shop import auth, schemas
from bot.shop.database import Session, is_local
from bot.shop.scope import Scope
from bot.shop.texts import Refusal

PICTURES = "/static/pictures"

SERVICE = [Security(auth.service_token)]


# What waits for nothing is async: all else costs a thread.


async def open_session(request: Request) -> AsyncIterator[Session]:
    session = request.app.state.database()
    try:
        yield session
    finally:
        if is_local(session):
            session.close()  # a file: the way through a thread would take longer
        else:
            await run_in_threadpool(session.close)


async def pictures(request: Request) -> str:
    """Absolute address of the pictures, so that other sites can show them."""
    settings: Settings = request.app.state.settings
    return settings.shop.rstrip("/") + PICTURES


Db = Annotated[Session, Depends(open_session)]
Pictures = Annotated[str, Depends(pictures)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
PageNo = Annotated[int, Query(ge=1, le=10_000, description="From 1.")]
PageSize = Annotated[int, Query(ge=1, le=100)]
Only = Annotated[
    str | schemas.Sometimes, Query(max_length=40, description="May only be the acting customer.")
]
OfOrder = Annotated[
    schemas.Number | schemas.Sometimes, Query(alias="order", description="Only of this order.")
]


def not_found(what: str) -> Problem:
    """What doesn't exist, and what exists for others only, look the same."""
    return Problem(404, "not-found", f"There is no such {what}, or not for this customer.")


def only_herself(customer: str | None, scope: Scope) -> None:
    """Raise 404 if ``customer`` is named and not the acting one."""
    if customer is not None and customer != scope.customer:
        raise not_found("customer")


def permission(why: Refusal | None) -> schemas.Permission:
    """Allowed, unless there is a refusal."""
    if why is None:
        return schemas.Permission(allowed=True)
    return schemas.Permission(allowed=False, reason=why.reason, cause=why.cause)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the problems that a call may answer."""
    said = {
        401: "Service token or acting customer missing, wrong or expired.",
        403: "Order number and phone do not belong together, or there is no such order.",
        404: "Not there, or not for this customer.",
        409: "The shop's rules forbid it now; nothing was changed.",
        422: "The request is not valid, or its idempotency key is missing or was used for something else.",
        429: "Locked after too many wrong tries; see Retry-After.",
        503: "The shop's database does not answer.",
    }
    models = {409: schemas.Forbidden, 422: schemas.InvalidRequest}
    return {s: {"model": models.get(s, schemas.ProblemDetail), "description": said[s]} for s in statuses}


ALWAYS = problems(401, 422)
