"""Signing in and out, and the page of those who may not. Plain HTML: it works whatever else does not."""

import asyncio
import hmac
import re
import secrets
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.templating import Jinja2Templates

from . import sessions, texts
from .store import Accounts, canonical

HERE = Path(__file__).parent
# A stranger must not lock out a colleague who signs in from elsewhere.
TRIES_BY_NAME_AND_ADDRESS = parse("8/10 minutes")
TRIES_BY_NAME = parse("100/10 minutes")
TRIES_BY_ADDRESS = parse("40/10 minutes")
# Each check takes 64 MiB and a core for a moment.
CHECKS_AT_ONCE = 4
PLACE = re.compile(r"/(desk|studio)(/[\w/-]*)?(\?[\w=&%.-]*)?")

_templates = Jinja2Templates(HERE / "templates")
_texts = texts.load(HERE / "texts.yml")
log = structlog.get_logger()


def create_router(accounts: Accounts) -> APIRouter:
    """``/sign-in`` and ``/sign-out``."""
    router = APIRouter(include_in_schema=False)
    tries = MovingWindowRateLimiter(MemoryStorage())
    checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    @router.get("/sign-in")
    def show(request: Request, next: str = "/desk") -> Response:
        if request.state.staff:
            return RedirectResponse(_place(next), 303)
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
            return _form(request, next, name, "too_many", 429)
        async with checks:
            account = await asyncio.to_thread(accounts.check, name, password)
        if account is None:
            return _form(request, next, name, "wrong", 403)
        tries.clear(TRIES_BY_NAME_AND_ADDRESS, key, address)
        tries.clear(TRIES_BY_ADDRESS, address)
        sessions.begin(request.session, account)
        log.info("sign_in.done", account=account.id)
        return RedirectResponse(_place(next), 303)

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await asyncio.to_thread(accounts.sign_out, request.state.staff.id)
        request.session.clear()
        return RedirectResponse("/sign-in", 303)

    return router


def forbidden(request: Request) -> HTMLResponse:
    """The page of those whose role does not reach this far."""
    return _page(request, "forbidden.html", 403)


def _form(
    request: Request, next: str, name: str = "", error: str | None = None, status: int = 200
) -> HTMLResponse:
    token = request.session.setdefault("form", secrets.token_urlsafe(24))
    said = _texts[texts.language(request)](error) if error else None
    return _page(request, "sign_in.html", status, token=token, next=_place(next), name=name[:64], error=said)


def _page(request: Request, template: str, status: int, **values: object) -> HTMLResponse:
    chosen = texts.language(request)
    return _templates.TemplateResponse(
        request,
        template,
        {"t": _texts[chosen], "language": chosen, "theme": texts.theme(request), **values},
        status_code=status,
    )


def _place(target: str) -> str:
    """Only places of our own, so that the address cannot send anybody elsewhere."""
    return target if PLACE.fullmatch(target) else "/desk"
