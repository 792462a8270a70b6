"""Every HTTP error is RFC 9457 problem+json with a stable ``type``."""

import asyncio
import http
from collections.abc import Collection, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 20  # for a whole body
RETRY_SECONDS = 2
MEDIA_TYPE = "application/problem+json"
_SAID = {
    400: "The body could not be read.",
    401: "The token is missing, not valid, expired or revoked.",
    403: "The account's role does not reach this far.",
    404: "Not there, or not the caller's.",
    408: "The body did not arrive in time.",
    409: "Not possible now; nothing was changed.",
    413: "The body is too large.",
    415: "This kind of content is not accepted.",
    422: "The request is not valid.",
    429: "Too often; `Retry-After` says in how many seconds to try again.",
    503: "The database is away for a moment; `Retry-After` says in how many seconds to try again.",
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
_HTTP = {
    400: ("invalid-request", "The request could not be read."),
    404: ("not-found", "There is nothing at this address; see /openapi.json."),
    405: ("method-not-allowed", "This address does not take this method; see the header Allow."),
}


log = structlog.get_logger()


class ProblemDetail(BaseModel):
    """RFC 9457."""

    type: str = Field(description="Stable short name of the problem.")
    title: str
    status: int
    detail: str = Field(description="What to do about it.")


class InvalidField(BaseModel):
    at: list[str]
    reason: str


class InvalidRequest(ProblemDetail):
    """What is wrong, field by field, where it can be told."""

    errors: list[InvalidField] = Field(default_factory=list)


class Problem(Exception):
    """Raise to answer a problem; ``type`` is a short stable slug, ``detail`` says what to do."""

    def __init__(self, status: int, type: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(type)
        self.status = status
        self.type = type
        self.detail = detail
        self.headers = headers

    def response(self, **more: object) -> JSONResponse:
        """The answer; ``more`` are extra members."""
        title = http.HTTPStatus(self.status).phrase
        body = {"type": self.type, "title": title, "status": self.status, "detail": self.detail, **more}
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(self.headers or {})}
        return JSONResponse(body, self.status, headers, MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the problems that a call may answer; ``be_exact`` finishes it."""
    documented: dict[int | str, dict[str, Any]] = {
        status: {
            "model": InvalidRequest if status == 422 else ProblemDetail,
            "description": _SAID[status],
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in (*statuses, 503)
    }
    return documented


def be_exact(document: dict[str, Any]) -> None:
    """Correct an OpenAPI document: FastAPI puts every model down as application/json."""
    for calls in document["paths"].values():
        for call in calls.values():
            for status, response in call["responses"].items():
                if status >= "400" and "application/json" in response["content"]:
                    response["content"] = {MEDIA_TYPE: response["content"].pop("application/json")}


def install(
    app: FastAPI,
    max_body: int = 64 * 1024,
    apart_from: Collection[str] = (),
    unavailable: Collection[type[Exception]] = (),
) -> None:
    """Let ``app`` answer all its errors as problems, also a body of more than ``max_body`` bytes.

    Args:
        apart_from: paths whose routes read the body themselves, and only as far as they like.
        unavailable: errors that mean "not now", answered with 503 and ``Retry-After``.
    """
    app.add_middleware(_BodyLimit, max_body=max_body, apart_from=apart_from)
    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)
    for kind in unavailable:
        app.add_exception_handler(kind, _unavailable)


def _unavailable(_request: Request, error: Exception) -> Response:
    log.error("unavailable", error=type(error).__name__)
    detail = f"Try again in {RETRY_SECONDS} seconds."
    return Problem(503, "unavailable", detail, {"Retry-After": str(RETRY_SECONDS)}).response()


def _answer(_request: Request, error: Exception) -> Response:
    match error:
        case Problem():
            return error.response()
        case RequestValidationError():
            # Names and reasons only: what was sent may be personal and isn't echoed.
            errors = [{"at": [str(part) for part in e["loc"]], "reason": e["msg"]} for e in error.errors()]
            invalid = Problem(422, "invalid-request", "The request is not valid; see errors.")
            return invalid.response(errors=errors)
        case HTTPException():
            type, detail = _HTTP.get(error.status_code, ("http-error", f"{error.detail}."))
            return Problem(error.status_code, type, detail, error.headers).response()
    # Starlette raises it again behind this answer, and uvicorn logs it.
    return Problem(500, "internal-error", "This could not be answered; the cause is in the log.").response()


class _BodyLimit:
    """Reads the body before the app does (Starlette's own limit answers in plain text)."""

    def __init__(self, app: ASGIApp, max_body: int, apart_from: Collection[str]) -> None:
        self._app, self._max_body, self._apart_from = app, max_body, apart_from

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._apart_from:
            return await self._app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "")
        too_large = declared.isdigit() and int(declared) > self._max_body
        body, more = b"", True
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while more and not too_large:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    too_large = len(body) > self._max_body
        except TimeoutError:
            problem = Problem(
                408, "incomplete-request", "The body did not arrive: send it again.", {"Connection": "close"}
            )
            return await problem.response()(scope, receive, send)
        if too_large:
            problem = Problem(413, "too-large", f"Send at most {self._max_body} bytes.")
            return await problem.response()(scope, receive, send)
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        return await self._app(scope, lambda: _next(unread, receive), send)


async def _next(unread: list[Message], receive: Receive) -> Message:
    return unread.pop() if unread else await receive()
