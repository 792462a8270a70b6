"""The one shape of HTTP errors: RFC 9457 problem+json with a stable ``type``."""

from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

_TYPES = {
    400: ("bad-request", "The request cannot be read"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "There is nothing at this address"),
    405: ("method-not-allowed", "This address does not take this method"),
    413: ("too-large", "The request is too large"),
}


class Problem(Exception):
    """An error for the caller: ``type`` is a stable slug, ``detail`` says what to do."""

    def __init__(
        self, status: int, type: str, title: str, detail: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.type, self.title, self.detail = status, type, title, detail
        self.headers = headers

    def response(self) -> JSONResponse:
        body = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        return JSONResponse(body, self.status, headers=self.headers, media_type="application/problem+json")


def install(app: FastAPI, max_body: int = 64 * 1024) -> None:
    """Let every error of ``app`` leave as a problem, also a body of more than ``max_body`` bytes."""
    app.add_middleware(_BodyLimit, max_body=max_body)

    @app.exception_handler(Problem)
    async def known(_: Request, problem: Problem) -> JSONResponse:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Only where and why: what was sent may be personal or not even encodable.
        faults = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'] if part != 'body') or 'body'}: {e['msg']}"
            for e in error.errors()[:5]
        )
        detail = faults.encode("utf-8", "replace").decode()
        return Problem(422, "invalid-request", "The request does not fit the contract", detail).response()

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        type_, title = _TYPES.get(error.status_code, ("error", "The request failed"))
        return Problem(error.status_code, type_, title, headers=error.headers).response()

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request.failed", path=request.url.path, exc_info=error)
        return Problem(
            500, "internal", "Something went wrong on our side", "Please try again in a moment."
        ).response()


class _BodyLimit:
    """Reads the body before the app does (Starlette's own limit answers in plain text)."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self._app, self._max_body = app, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "")
        too_large = declared.isdigit() and int(declared) > self._max_body
        body, more = b"", True
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > self._max_body
        if too_large:
            problem = Problem(413, *_TYPES[413], f"At most {self._max_body} bytes.")
            return await problem.response()(scope, receive, send)
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        return await self._app(scope, lambda: _next(unread, receive), send)


async def _next(unread: list[Message], receive: Receive) -> Message:
    return unread.pop() if unread else await receive()
