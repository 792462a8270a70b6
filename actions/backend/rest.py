"""The order contract over HTTP, with ``requests``."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

import jwt
import requests
import structlog
from pybreaker import STATE_OPEN, CircuitBreaker, CircuitBreakerError, CircuitMemoryStorage
from pydantic import TypeAdapter, ValidationError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from actions.backend.contract import (
    Actor,
    Customer,
    Locked,
    NotFound,
    Order,
    OrderPage,
    ProductPage,
    Profile,
    Shipment,
    ShopError,
    Unavailable,
    Verification,
    VerificationFailed,
)

log = structlog.get_logger(__name__)
# Its warnings quote the address of a retried call, and that the order number.
logging.getLogger("urllib3").setLevel(logging.ERROR)

T = TypeVar("T")

TIMEOUT = (1.0, 3.0)  # seconds to connect, seconds between bytes
CUSTOMER_SECONDS = 60  # how long the header that names the acting customer holds
# What the contract takes; nothing else can be right, so the shop need not be asked.
ORDER_NO = re.compile(r"[A-Za-z0-9_-]{1,40}")
PHONE_TAIL = re.compile(r"[0-9]{4}")
LOCK_SECONDS = 900  # told when a locked shop names no Retry-After

_profile = TypeAdapter(Profile)
_order = TypeAdapter(Order)
_page = TypeAdapter(OrderPage)
_products = TypeAdapter(ProductPage)
_shipments = TypeAdapter(list[Shipment])
_verification = TypeAdapter(Verification)


class RestShop:
    """One shop, safe to share between threads.

    Args:
        url: base address of the order backend, without ``/v1``.
        secret: the service secret; proves the bot and signs the acting customer.
        connections: how many calls may be under way at once.
        open_after: failures in a row after which the shop is left alone.
        open_seconds: for how long.
    """

    def __init__(
        self, url: str, secret: str, *, connections: int = 32, open_after: int = 5, open_seconds: float = 2
    ) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._session = requests.Session()
        # The environment's netrc and proxies must not replace our credentials or carry customers' data.
        self._session.trust_env = False
        # A cookie of one customer must not travel with the next one's call.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["Authorization"] = f"Bearer {secret}"
        retry = Retry(
            total=1,
            read=0,
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

    def profile(self, actor: Customer) -> Profile:
        return self._get("/v1/customers/{no}", _profile, actor, no=actor.id)

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        params: dict[str, str | int] = {"customer": actor.id, "page": page, "page_size": page_size}
        return self._get("/v1/orders", _page, actor, params=params)

    def order(self, actor: Actor, no: str) -> Order:
        return self._get("/v1/orders/{no}", _order, actor, no=no)

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        return self._get("/v1/orders/{no}/shipments", _shipments, actor, no=no, key="items")

    def products(self, *, page: int = 1, page_size: int = 100) -> ProductPage:
        response = self._send("GET", "/v1/products", params={"page": page, "page_size": page_size})
        return self._read(response, "GET /v1/products", _products)

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        if not (ORDER_NO.fullmatch(order_no) and PHONE_TAIL.fullmatch(phone_tail)):
            raise VerificationFailed
        response = self._send(
            "POST", "/v1/verifications", json={"order_no": order_no, "phone_tail": phone_tail}
        )
        return self._read(response, "POST /v1/verifications", _verification)

    def _get(
        self,
        path: str,
        kind: TypeAdapter[T],
        actor: Actor,
        *,
        no: str = "",
        params: Mapping[str, str | int] | None = None,
        key: str | None = None,
    ) -> T:
        if "{no}" in path and not ORDER_NO.fullmatch(no):
            raise NotFound
        headers = {"Acting-Customer": self._acting(actor)}
        response = self._send("GET", path, no=no, headers=headers, params=params)
        return self._read(response, f"GET {path}", kind, key)

    def _acting(self, actor: Actor) -> str:
        if not isinstance(actor, Customer):
            return actor.token
        expires = datetime.now(UTC) + timedelta(seconds=CUSTOMER_SECONDS)
        return jwt.encode({"sub": actor.id, "aud": "shop", "exp": expires}, self._secret, algorithm="HS256")

    def _send(self, method: str, path: str, *, no: str = "", **call: Any) -> requests.Response:
        self._refuse_while_open()
        url = self._url + path.replace("{no}", quote(no, safe=""))
        try:
            # A redirect would carry the service secret to wherever it points.
            response = self._session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **call)
        except (requests.RequestException, ValueError) as error:
            # Not the exception's own text: it holds the address, and that the order number.
            self._failed(f"{method} {path}", type(error).__name__)
        if response.status_code >= 500:
            self._failed(f"{method} {path}", f"status {response.status_code}")
        return response

    def _read(
        self, response: requests.Response, call: str, kind: TypeAdapter[T], key: str | None = None
    ) -> T:
        if not response.ok or response.is_redirect:
            raise self._refusal(response, call)
        try:
            body = response.json()
            result = kind.validate_python(body[key] if key else body)
        except (ValueError, ValidationError, LookupError, TypeError) as error:
            self._failed(call, f"answer against the contract: {type(error).__name__}")
        self._count(None)
        return result

    def _refusal(self, response: requests.Response, call: str) -> ShopError:
        """The error that a refusal of the shop means. A refusal shows that the shop is alive."""
        try:
            kind = response.json().get("type", "")
        except (ValueError, AttributeError):
            kind = ""
        known = {
            (404, "not-found"): NotFound,
            (403, "verification-failed"): VerificationFailed,
        }.get((response.status_code, kind))
        if known or response.status_code == 429:
            self._count(None)
            return known() if known else Locked(_seconds(response.headers.get("Retry-After")))
        cause = f"status {response.status_code}"
        log.error("shop.refused", call=call, cause=cause)
        return Unavailable(f"{call}: {cause}")

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


def _seconds(retry_after: str | None) -> int:
    return int(retry_after) if retry_after and retry_after.isdigit() else LOCK_SECONDS
