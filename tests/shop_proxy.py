"""A proxy in front of a real shop that makes the trouble a test asks for.

with shop_proxy("http://127.0.0.1:8002") as proxy:
    with proxy.troubled(Fault(customer="c1001", method="POST", path="/v1/orders/*/cancel", ends="lost")):
        ...  # the shop cancels, and the caller never hears of it
    with proxy.dead():
        ...  # nobody listens
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import httpx
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers import free_port, serving

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
PER_CONNECTION = {"connection", "content-length", "date", "host", "keep-alive", "transfer-encoding"}


@dataclass
class Fault:
    """What happens to the calls that match; of several the one that was added last."""

    customer: str | None = None  # the acting customer's id; None: anybody, also a visitor
    method: str | None = None
    path: str = "*"  # a pattern such as /v1/orders/*/shipments
    delay: float = 0  # seconds before what comes next, which comes even if the caller has gone meanwhile
    # The shop's own answer; status 503; a page instead of JSON; no byte of an answer, the shop unasked;
    # no byte of an answer, though the shop has done what it was asked.
    ends: Literal["answered", "error", "garbage", "refused", "lost"] = "answered"
    times: int | None = None  # how many calls; None: all

    def matches(self, request: Request) -> bool:
        return (
            self.times != 0
            and self.customer in (None, acting_customer(request))
            and self.method in (None, request.method)
            and fnmatchcase(request.url.path, self.path)
        )


class ShopProxy:
    """Hands every call on to ``shop``, but for the faults of the moment."""

    def __init__(self, shop: str, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.callers: set[tuple[str, int]] = set()  # whose connections were accepted
        self._shop, self._port = shop, port
        self._faults: list[Fault] = []
        self._listening = ExitStack()

    @contextmanager
    def troubled(self, *faults: Fault) -> Iterator[None]:
        """The faults happen meanwhile, beside those of others."""
        self._faults[:0] = faults
        try:
            yield
        finally:
            self._faults = [kept for kept in self._faults if not any(kept is fault for fault in faults)]

    @contextmanager
    def dead(self) -> Iterator[None]:
        """Nobody listens meanwhile: connections are refused, for everybody."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        app = Starlette(routes=[Route("/{path:path}", _Call(self), methods=METHODS)], lifespan=self._client)
        self._listening.enter_context(serving(app, self._port))

    def stop(self) -> None:
        self._listening.close()

    @asynccontextmanager
    async def _client(self, _app: Starlette) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
        async with httpx.AsyncClient(base_url=self._shop, timeout=30, limits=limits, trust_env=False) as http:
            yield {"http": http}

    async def answer(self, request: Request) -> Response | None:
        """The answer, or None where the connection shall break off."""
        fault = next((fault for fault in self._faults if fault.matches(request)), Fault())
        if fault.times is not None:
            fault.times -= 1
        body = await request.body()
        await asyncio.sleep(fault.delay)
        match fault.ends:
            case "error":
                return Response(b"{}", 503, media_type="application/problem+json")
            case "garbage":
                return Response(b"<html>", media_type="application/json")
            case "refused":
                return None
        answer = await self._ask(request, body)
        return None if fault.ends == "lost" else answer

    async def _ask(self, request: Request, body: bytes) -> Response:
        http: httpx.AsyncClient = request.state.http
        path = httpx.URL(path=request.url.path, query=request.url.query.encode())
        headers = [(k, v) for k, v in request.headers.items() if k not in PER_CONNECTION]
        try:
            answer = await http.request(request.method, path, headers=headers, content=body)
        except httpx.HTTPError as error:
            return Response(f"the shop gave no answer: {type(error).__name__}", 502)
        response = Response(answer.content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in PER_CONNECTION | {"content-encoding"}:
                response.headers.append(name, value)
        return response


class _Call:
    """An ASGI app, as only that has the connection at hand."""

    def __init__(self, proxy: ShopProxy) -> None:
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._proxy.callers.add(scope["client"])
        answer = await self._proxy.answer(Request(scope, receive))
        if answer:
            await answer(scope, receive, send)
            return
        # ASGI knows no way to end a connection without an answer: this is uvicorn's own.
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)  # until uvicorn has noticed; else it answers 500 for us


def acting_customer(request: Request) -> str | None:
    """The customer whom the call is made for, believed unchecked; None for a visitor or for nobody."""
    try:
        token = request.headers.get("acting-customer", "")
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    return claims.get("sub")


@contextmanager
def shop_proxy(shop: str, port: int | None = None) -> Iterator[ShopProxy]:
    """A proxy in front of the shop at this address; it may be started before the shop."""
    proxy = ShopProxy(shop, port or free_port())
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
