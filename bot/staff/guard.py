"""The door of the office: nothing but the sign-in page and its style is shown to strangers.

NiceGUI pages act over their websocket, so the door holds for it too: it must come from our own origin, belong
to a valid sign-in, and name a page that the same sign-in opened. The desk API opens to tokens alone: no
cookie counts there, and so no other site can make a browser call it.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.problems import Problem

from . import sessions
from .store import Accounts
from .tokens import Tokens

API = "/api/desk/"
OPEN = ("/sign-in", "/favicon.ico")
# What opens to her who has to choose a password first.
ACCOUNT = "/account"
CHOOSING = (ACCOUNT, f"{ACCOUNT}/password", "/sign-out", "/favicon.ico")
# What no folder holds would fall through to NiceGUI, which makes a page of it.
STATIC = re.compile(r"/static/staff/[\w.-]+")
SOCKET = "/_nicegui_ws/"


class Guard:
    """ASGI middleware; needs Starlette's SessionMiddleware around it.

    Args:
        origin: the office as browsers see it, ``https://host[:port]``.
        page_session: the session that opened the page of this client id, None if there is no such page.
        picture_origins: whose pictures the pages may show.
    """

    def __init__(
        self,
        app: ASGIApp,
        accounts: Accounts,
        tokens: Tokens,
        origin: str,
        page_session: Callable[[str], Mapping[str, Any] | None],
        picture_origins: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._accounts = accounts
        self._tokens = tokens
        self._origin = origin.rstrip("/")
        self._page_session = page_session
        self._headers = _safe_headers(picture_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if await self._socket_allowed(scope):
                return await self._app(scope, receive, send)
            # Closing before accepting answers the handshake with 403.
            return await send({"type": "websocket.close", "code": 1008})
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in self._headers if name not in known),
                ]
            await send(message)

        refusal = await self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_safely)

    async def _refusal(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if path.startswith(API):
            return await self._refused_token(scope)
        if path.startswith(SOCKET):
            return _problem(403, "forbidden", "Live pages use a websocket")
        if scope["method"] not in ("GET", "HEAD") and not self._own_origin(Headers(scope=scope)):
            return _problem(403, "foreign-origin", "Requests of other sites are refused")
        if path == "/healthz" or STATIC.fullmatch(path):
            return None
        staff = await asyncio.to_thread(sessions.current, HTTPConnection(scope).session, self._accounts)
        scope.setdefault("state", {})["staff"] = staff
        if staff and staff.must_change:
            if path in CHOOSING:
                return None
            return _elsewhere(scope, ACCOUNT) or _problem(403, "choose-password", "Choose a password first")
        if staff or path in OPEN:
            return None
        return _elsewhere(scope, "/sign-in") or _problem(401, "signed-out", "Sign in first")

    async def _refused_token(self, scope: Scope) -> Response | None:
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        staff = None
        if scheme.lower() == "bearer":
            staff = await asyncio.to_thread(self._tokens.holder, token.strip())
        scope.setdefault("state", {})["staff"] = staff
        if staff:
            return None
        return Problem(
            401,
            "invalid-token",
            "Send a token that `bot staff token` made as 'Authorization: Bearer …'.",
            {"WWW-Authenticate": "Bearer"},
        ).response()

    async def _socket_allowed(self, scope: Scope) -> bool:
        if not scope["path"].startswith(SOCKET) or not self._own_origin(Headers(scope=scope)):
            return False
        session = HTTPConnection(scope).session
        client_id = parse_qs(scope["query_string"].decode("latin-1")).get("client_id", [""])[0]
        if not client_id:
            return False
        page = self._page_session(client_id)
        # A page that is gone (after a restart) is let in: its handshake fails and it reloads itself.
        if page is not None and page.get("key") != session.get("key"):
            return False
        staff = await asyncio.to_thread(sessions.current, session, self._accounts)
        return staff is not None and not staff.must_change

    def _own_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        scheme = urlsplit(self._origin).scheme
        return origin in (self._origin, f"{scheme}://{headers.get('host', '')}")


def _elsewhere(scope: Scope, path: str) -> Response | None:
    """The way to another page first, and back from there; None where no page was asked for."""
    if scope["method"] != "GET" or scope["path"].startswith("/_nicegui/"):
        return None
    query = scope["query_string"].decode("latin-1")
    target = quote(f"{scope['path']}?{query}" if query else scope["path"], safe="")
    return RedirectResponse(f"{path}?next={target}", 303)


def _problem(status: int, type_: str, title: str) -> Response:
    body = {"type": type_, "title": title, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")


def _safe_headers(picture_origins: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    policy = {
        "default-src": "'self'",
        # NiceGUI starts its pages by inline scripts and compiles their handlers in the browser.
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": " ".join(("'self'", "data:", *picture_origins)),
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cache-control": "no-store",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]
