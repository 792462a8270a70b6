"""Every error is RFC 9457 problem+json with a stable ``type``."""

import http
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_HTTP = {
    400: ("invalid-request", "The request could not be read."),
    404: ("not-found", "There is nothing at this address; see /openapi.json."),
    405: ("method-not-allowed", "This address does not take this method; see the header Allow."),
}


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
        return JSONResponse(body, self.status, self.headers, MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """What doesn't exist, and what exists for others only, look the same."""
    return Problem(404, "not-found", f"There is no such {what}, or not for this customer.")


def install(app: FastAPI) -> None:
    """Let ``app`` answer all its errors as problems."""
    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)


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
    return Problem(500, "internal-error", "The shop could not answer; the cause is in its log.").response()
