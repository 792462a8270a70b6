"""The action server: rasa-sdk's webhook on loopback, for the engine alone, with quiet logs."""

import hmac
import logging
import traceback
import warnings
from collections import OrderedDict
from http import HTTPStatus
from typing import Any

import structlog
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionMissingDomainException
from sanic import HTTPResponse, Request, Sanic, json
from sanic.exceptions import NotFound, SanicException, Unauthorized
from sanic.handlers import ErrorHandler

from actions.wording import wording
from bot.settings import settings

HOST = "127.0.0.1"
MAX_BODY = 16 * 1024 * 1024  # an engine may send the domain and all events of a conversation
DOMAINS = 4  # kept: while models change, engines with the old and with the new one call by turns

log = structlog.get_logger(__name__)


def main() -> None:
    """Serve the actions until stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    # Known: the webhook of Rasa 3.6 and of this rasa-sdk is the same.
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")
    app = server(settings.internal_secret)
    wording()  # read now, or the first shopper would wait for it
    log.info("actions.ready", port=settings.actions_port)
    app.run(
        host=HOST, port=settings.actions_port, single_process=True, access_log=False, motd=False, debug=False
    )


def server(secret: str) -> Sanic[Any, Any]:
    """All actions behind rasa-sdk's webhook, for callers that send ``secret`` as a bearer token."""
    executor = _Executor()
    executor.register_package("actions")
    # No page of any origin has business here.
    app: Sanic[Any, Any] = create_app(executor, cors_origins=[])
    app.config.REQUEST_MAX_SIZE = MAX_BODY
    app.error_handler = _Problems()
    expected = f"Bearer {secret}".encode()

    async def authorize(request: Request) -> None:
        path = request.path.strip("/")
        if path == "health":
            return
        sent = request.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), expected):
            raise Unauthorized("Send the secret as 'Authorization: Bearer …'.", scheme="Bearer")
        if path != "webhook":
            raise NotFound("There is nothing at this address.")

    # A middleware would run only after the body was read.
    app.add_signal(authorize, "http.routing.before")
    return app


class _Executor(ActionExecutor):  # type: ignore[misc]  # rasa_sdk has no types
    """Keeps the last domains by their digest; rasa-sdk's own keeps one."""

    def __init__(self) -> None:
        super().__init__()
        self._domains: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:
        digest, domain = str(payload.get("domain_digest") or ""), payload.get("domain")
        if domain is None:
            domain = self._domains.get(digest)
        if domain is None:
            raise ActionMissingDomainException(action_name)  # answered 449: the engine sends it then
        if digest:
            self._domains[digest] = domain
            self._domains.move_to_end(digest)
            while len(self._domains) > DOMAINS:
                self._domains.popitem(last=False)
        return domain


class _Problems(ErrorHandler):
    """Replaces rasa-sdk's handler, which answers the whole conversation for the engine to log."""

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        if isinstance(exception, SanicException):
            status, detail, headers = exception.status_code, str(exception), exception.headers
        else:
            status, detail, headers = 500, "Look at the log of the action server.", {}
            # Not the exception's own text: it may hold what a shopper said.
            where = "".join(traceback.format_tb(exception.__traceback__))
            log.error("actions.failed", cause=type(exception).__name__, where=where)
        phrase = HTTPStatus(status).phrase
        body = {"type": phrase.lower().replace(" ", "-"), "title": phrase, "status": status, "detail": detail}
        return json(body, status, headers, "application/problem+json")
