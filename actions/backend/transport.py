"""Calls to a shop over HTTP as every adapter makes them: timeouts, retries, circuit breaker, no leaks."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import requests
import structlog
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError, CircuitMemoryStorage
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from actions.backend.contract import NotFound, ShopError, Unavailable

log = structlog.get_logger(__name__)
# Its warnings quote the address of a retried call, and that the order number.
logging.getLogger("urllib3").setLevel(logging.ERROR)

T = TypeVar("T")

TIMEOUT = (1.0, 3.0)  # seconds to connect, seconds between bytes
# What a shop can have as an id; nothing else can be right, so the shop need not be asked.
ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Transport:
    """The way to one shop, safe to share between threads.

    Reads are tried once more where no connection was had or the shop was busy; writes only where no
    connection was had, so that none is sent twice.

    Args:
        url: base address, to which the paths of calls are added.
        authorization: of every call.
        refusal: the error that an answer outside 2xx means; None for one that nobody expects.
        connections: how many calls may be under way at once.
        open_after: failures in a row after which the shop is left alone.
        open_seconds: for how long.
    """

    def __init__(
        self,
        url: str,
        authorization: str,
        refusal: Callable[[requests.Response], ShopError | None],
        *,
        connections: int = 32,
        open_after: int = 5,
        open_seconds: float = 2,
    ) -> None:
        self._url = url.rstrip("/")
        self._refusal = refusal
        self._session = requests.Session()
        # The environment's netrc and proxies must not replace our credentials or carry customers' data.
        self._session.trust_env = False
        # A cookie of one customer must not travel with the next one's call.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["Authorization"] = authorization
        retry = Retry(
            total=1,
            read=0,
            other=0,
            allowed_methods=["GET"],
            status_forcelist=[502, 503, 504],
            backoff_factor=0.1,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        adapter = HTTPAdapter(pool_maxsize=connections, max_retries=retry)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._breaker_storage = CircuitMemoryStorage("closed")
        self._breaker = CircuitBreaker(
            fail_max=open_after, reset_timeout=open_seconds, state_storage=self._breaker_storage
        )

    def call(
        self, method: str, path: str, read: Callable[[requests.Response], T], id: str = "", **options: Any
    ) -> T:
        """Make one call, and ``read`` its answer.

        Args:
            method: of HTTP.
            path: may have a place for the id, ``/v1/orders/{no}``; so it can be logged.
            read: makes the result of an answer in 2xx; what it raises of ValueError, LookupError,
                TypeError and AttributeError shows an answer against the contract.
            id: what stands in that place.
            options: of ``requests``: params, headers, json.

        Raises:
            NotFound: the id cannot be one.
            Unavailable: no answer, or none that anybody expects.
            ShopError: what ``refusal`` made of the answer.
        """
        if "{" in path and not ID.fullmatch(id):
            raise NotFound
        self._refuse_while_open()
        name = f"{method} {path}"
        url = self._url + re.sub(r"{\w+}", quote(id, safe=""), path)
        try:
            # A redirect would carry the credentials to wherever it points.
            response = self._session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
        except (requests.RequestException, ValueError) as error:
            # Not the exception's own text: it holds the address, and that the order number.
            self._failed(name, type(error).__name__)
        if response.status_code >= 500:
            self._failed(name, f"status {response.status_code}")
        if not response.ok or response.is_redirect:
            self._refused(name, response)
        try:
            result = read(response)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self._failed(name, f"answer against the contract: {_fault(error)}")
        self._count(None)
        return result

    def _refused(self, call: str, response: requests.Response) -> NoReturn:
        error = self._refusal(response)
        if error is not None:
            # A refusal shows that the shop is alive.
            self._count(None)
            raise error
        cause = f"status {response.status_code} {_problem(response)}".rstrip()
        log.error("shop.refused", call=call, cause=cause)
        raise Unavailable(f"{call}: {cause}")

    def _refuse_while_open(self) -> None:
        opened_at = self._breaker_storage.opened_at
        if self._breaker.current_state == STATE_OPEN and opened_at is not None:
            until = opened_at + timedelta(seconds=self._breaker.reset_timeout)
            if datetime.now(UTC) < until:
                raise Unavailable("the circuit is open")

    def _count(self, error: Unavailable | None) -> None:
        """Tell the breaker how a call ended.

        Afterwards, not around the call: pybreaker holds its lock while it calls, which would let one
        slow answer hold up everybody's.
        """

        def outcome() -> None:
            if error is not None:
                raise error

        try:
            self._breaker.call(outcome)
        except (Unavailable, CircuitBreakerError):
            return

    def _failed(self, call: str, cause: str) -> NoReturn:
        log.warning("shop.failed", call=call, cause=cause)
        error = Unavailable(f"{call}: {cause}")
        self._count(error)
        raise error


def _problem(response: requests.Response) -> str:
    """The problem's short name, where the answer has one; nothing that could be somebody's data."""
    answer = body(response)
    name = str(answer.get("type") or answer.get("code") or "")
    return name if re.fullmatch(r"[a-z0-9_-]{1,60}", name) else ""


def _fault(error: Exception) -> str:
    """What is wrong with an answer, without anything that stands in it."""
    if not isinstance(error, ValidationError):
        return type(error).__name__
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def body(response: requests.Response) -> dict[str, Any]:
    """The JSON object that an answer carries; empty for anything else."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
