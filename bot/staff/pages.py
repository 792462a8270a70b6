"""Signing in and out, and the page of those who may not."""

import asyncio
import hmac
import secrets
from contextlib import suppress
from functools import partial
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership

from . import account_page, sessions
from .people import People
from .plain import page, place, said
from .sessions import Staff
from .sign_ins import UnknownSignIn
from .store import Accounts, canonical

# A stranger must not lock out a colleague who signs in from elsewhere.
TRIES_BY_NAME_AND_ADDRESS = parse("8/10 minutes")
TRIES_BY_NAME = parse("100/10 minutes")
TRIES_BY_ADDRESS = parse("40/10 minutes")
# So many that failed are kept in the audit, of all together: who guesses must not fill it.
KEPT = parse("60/10 minutes")
KEPT_REFUSED = parse("1/10 minutes")
# Each check takes 64 MiB and a core for a moment.
CHECKS_AT_ONCE = 4

log = structlog.get_logger()


def create_router(accounts: Accounts, people: People) -> APIRouter:
    """``/sign-in``, ``/sign-out`` and ``/account``."""
    router = APIRouter(include_in_schema=False)
    tries = MovingWindowRateLimiter(MemoryStorage())
    checks = asyncio.Semaphore(CHECKS_AT_ONCE)
    router.include_router(account_page.create_router(people, checks))

    async def keep_failed(name: str, address: str, action: str) -> None:
        if not tries.hit(KEPT, "kept"):
            return
        try:
            await asyncio.to_thread(accounts.sign_ins.failed, name, address, action)
        except SQLAlchemyError as error:
            log.error("sign_in.not_kept", error=type(error).__name__)

    @router.get("/sign-in")
    def show(request: Request, next: str = "/desk") -> Response:
        if request.state.staff:
            return RedirectResponse(place(next), 303)
        return _form(request, next)

    @router.post("/sign-in")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
        token: Annotated[str, Form(max_length=200)] = "",
        next: Annotated[str, Form(max_length=1000)] = "/desk",
    ) -> Response:
        known = str(request.session.get("form", ""))
        if not known or not hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
            return _form(request, next, name, "expired", 403)
        address = request.client.host if request.client else ""
        key = canonical(name)
        # Counted before the check: many at once must not all pass.
        if not (
            tries.hit(TRIES_BY_ADDRESS, address)
            and tries.hit(TRIES_BY_NAME_AND_ADDRESS, key, address)
            and tries.hit(TRIES_BY_NAME, key)
        ):
            log.warning("sign_in.too_many_tries", address=address)
            if tries.hit(KEPT_REFUSED, key, address):
                await keep_failed(name, address, "sign_in_blocked")
            return _form(request, next, name, "too_many", 429)
        async with checks:
            account = await asyncio.to_thread(accounts.check, name, password)
        device = request.headers.get("user-agent", "")
        begin = partial(sessions.begin, request.session, accounts)
        if account is None or not await asyncio.to_thread(begin, account, address, device):
            await keep_failed(name, address, "sign_in_failed")
            return _form(request, next, name, "wrong", 403)
        tries.clear(TRIES_BY_NAME_AND_ADDRESS, key, address)
        tries.clear(TRIES_BY_ADDRESS, address)
        log.info("sign_in.done", account=account.id)
        return RedirectResponse(place(next), 303)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        staff: Staff = request.state.staff
        by = ownership.agent(staff.id)
        with suppress(UnknownSignIn):
            await asyncio.to_thread(accounts.sign_ins.end, by, staff.id, staff.sign_in or 0, "sign_out")
        request.session.clear()
        return RedirectResponse("/sign-in", 303)

    return router


def forbidden(request: Request) -> HTMLResponse:
    """The page of those whose role does not reach this far."""
    return page(request, "forbidden.html", 403)


def _form(
    request: Request, next: str, name: str = "", error: str | None = None, status: int = 200
) -> HTMLResponse:
    token = request.session.setdefault("form", secrets.token_urlsafe(24))
    told = said(request)(error) if error else None
    return page(request, "sign_in.html", status, token=token, next=place(next), name=name[:64], error=told)
