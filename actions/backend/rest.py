"""The order contract over HTTP."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import jwt
import requests
from pydantic import TypeAdapter

from actions.backend.contract import (
    Actor,
    Address,
    AfterSale,
    AfterSalePage,
    AfterSaleRequest,
    Cancellation,
    Coupon,
    Customer,
    Invoice,
    Locked,
    NewAddress,
    NotFound,
    Order,
    OrderPage,
    Points,
    PriceProtection,
    ProductDetail,
    ProductPage,
    Profile,
    Promotion,
    RefundPage,
    Refused,
    Shipment,
    ShopError,
    Urged,
    Verification,
    VerificationFailed,
)
from actions.backend.transport import ID, Transport, body

T = TypeVar("T")

CUSTOMER_SECONDS = 60  # how long the header that names the acting customer holds
PHONE_TAIL = re.compile(r"[0-9]{4}")
LOCK_SECONDS = 900  # told when a locked shop names no Retry-After

_profile = TypeAdapter(Profile)
_phone = TypeAdapter(str)
_order = TypeAdapter(Order)
_orders = TypeAdapter(OrderPage)
_shipments = TypeAdapter(list[Shipment])
_cancellation = TypeAdapter(Cancellation)
_address = TypeAdapter(Address)
_new_address = TypeAdapter(NewAddress)
_urged = TypeAdapter(Urged)
_remark = TypeAdapter(dict[str, str])
_invoice = TypeAdapter(Invoice)
_protection = TypeAdapter(PriceProtection)
_request = TypeAdapter(AfterSaleRequest)
_after_sale = TypeAdapter(AfterSale)
_after_sales = TypeAdapter(AfterSalePage)
_refunds = TypeAdapter(RefundPage)
_products = TypeAdapter(ProductPage)
_product = TypeAdapter(ProductDetail)
_coupons = TypeAdapter(list[Coupon])
_points = TypeAdapter(Points)
_promotions = TypeAdapter(list[Promotion])
_verification = TypeAdapter(Verification)


class RestShop:
    """A shop that speaks the HTTP contract, safe to share between threads.

    Args:
        url: base address of the order backend, without ``/v1``.
        secret: the service secret; proves the bot and signs the acting customer.
        limits: of ``Transport``: connections, open_after, open_seconds.
    """

    def __init__(self, url: str, secret: str, **limits: Any) -> None:
        self._secret = secret
        self._transport = Transport(url, f"Bearer {secret}", _refusal, **limits)

    def profile(self, actor: Customer) -> Profile:
        return self._get("/v1/customers/{id}", _profile, actor, actor.id)

    def phone(self, actor: Customer) -> str:
        return self._get("/v1/customers/{id}/phone", _phone, actor, actor.id, member="phone")

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        params = _given(customer=actor.id, page=page, page_size=page_size)
        return self._get("/v1/orders", _orders, actor, params=params)

    def order(self, actor: Actor, no: str) -> Order:
        return self._get("/v1/orders/{no}", _order, actor, no)

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        return self._get("/v1/orders/{no}/shipments", _shipments, actor, no, member="items")

    def cancel(self, actor: Actor, no: str, reason: str = "", *, key: str, dry_run: bool) -> Cancellation:
        said = {"reason": reason} if reason else {}
        return self._post("/v1/orders/{no}/cancel", _cancellation, actor, no, said, key, dry_run)

    def change_address(
        self, actor: Actor, no: str, address: NewAddress, *, key: str, dry_run: bool
    ) -> Address:
        said = _new_address.dump_python(address, exclude_none=True)
        return self._post("/v1/orders/{no}/address", _address, actor, no, said, key, dry_run)

    def urge(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> Urged:
        return self._post("/v1/orders/{no}/urge", _urged, actor, no, None, key, dry_run)

    def remark(self, actor: Actor, no: str, text: str, *, key: str, dry_run: bool) -> None:
        self._post("/v1/orders/{no}/remark", _remark, actor, no, {"text": text}, key, dry_run)

    def invoice(
        self,
        actor: Actor,
        no: str,
        *,
        kind: str,
        title: str,
        tax_no: str = "",
        email: str = "",
        key: str,
        dry_run: bool,
    ) -> Invoice:
        said = _given(kind=kind, title=title, tax_no=tax_no, email=email)
        return self._post("/v1/orders/{no}/invoice", _invoice, actor, no, said, key, dry_run)

    def protect_price(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> PriceProtection:
        return self._post("/v1/orders/{no}/price-protection", _protection, actor, no, None, key, dry_run)

    def request_after_sale(
        self, actor: Actor, request: AfterSaleRequest, *, key: str, dry_run: bool
    ) -> AfterSale:
        said = _request.dump_python(request, exclude_none=True)
        return self._post("/v1/returns", _after_sale, actor, "", said, key, dry_run)

    def after_sales(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> AfterSalePage:
        params = _of(actor, order_no, page, page_size)
        return self._get("/v1/returns", _after_sales, actor, params=params)

    def withdraw_after_sale(self, actor: Actor, id: str, *, key: str, dry_run: bool) -> AfterSale:
        return self._post("/v1/returns/{id}/withdraw", _after_sale, actor, id, None, key, dry_run)

    def refunds(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> RefundPage:
        params = _of(actor, order_no, page, page_size)
        return self._get("/v1/refunds", _refunds, actor, params=params)

    def products(
        self,
        *,
        words: str = "",
        category: str = "",
        min_fen: int | None = None,
        max_fen: int | None = None,
        in_stock: bool = False,
        sort: str = "",
        page: int = 1,
        page_size: int = 100,
    ) -> ProductPage:
        params = _given(
            q=words,
            category=category,
            min_fen=min_fen,
            max_fen=max_fen,
            in_stock="true" if in_stock else None,
            sort=sort,
            page=page,
            page_size=page_size,
        )
        return self._get("/v1/products", _products, params=params)

    def product(self, id: str) -> ProductDetail:
        return self._get("/v1/products/{id}", _product, id=id)

    def coupons(self, actor: Customer, *, order_no: str | None = None) -> list[Coupon]:
        params = _given(order=order_no)
        return self._get(
            "/v1/customers/{id}/coupons", _coupons, actor, actor.id, params=params, member="items"
        )

    def points(self, actor: Customer) -> Points:
        return self._get("/v1/customers/{id}/points", _points, actor, actor.id)

    def promotions(self) -> list[Promotion]:
        return self._get("/v1/promotions", _promotions, member="items")

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        if not (ID.fullmatch(order_no) and PHONE_TAIL.fullmatch(phone_tail)):
            raise VerificationFailed
        claim = {"order_no": order_no, "phone_tail": phone_tail}
        return self._transport.call("POST", "/v1/verifications", _reader(_verification), json=claim)

    def _get(
        self,
        path: str,
        kind: TypeAdapter[T],
        actor: Actor | None = None,
        id: str = "",
        *,
        params: Mapping[str, str | int] | None = None,
        member: str | None = None,
    ) -> T:
        read = _reader(kind, member)
        return self._transport.call("GET", path, read, id, headers=self._acting(actor), params=params)

    def _post(
        self,
        path: str,
        kind: TypeAdapter[T],
        actor: Actor,
        id: str,
        said: Mapping[str, Any] | None,
        key: str,
        dry_run: bool,
    ) -> T:
        headers = self._acting(actor)
        params = {"dry_run": "true"} if dry_run else None
        if not dry_run:
            headers["Idempotency-Key"] = key
        return self._transport.call(
            "POST", path, _reader(kind), id, headers=headers, params=params, json=said
        )

    def _acting(self, actor: Actor | None) -> dict[str, str]:
        if actor is None:
            return {}
        if not isinstance(actor, Customer):
            return {"Acting-Customer": actor.token}
        expires = datetime.now(UTC) + timedelta(seconds=CUSTOMER_SECONDS)
        claims = {"sub": actor.id, "aud": "shop", "exp": expires}
        return {"Acting-Customer": jwt.encode(claims, self._secret, algorithm="HS256")}


def _given(**members: str | int | None) -> dict[str, str | int]:
    return {name: value for name, value in members.items() if value not in (None, "")}


def _of(actor: Actor, order_no: str | None, page: int, page_size: int) -> dict[str, str | int]:
    customer = actor.id if isinstance(actor, Customer) else None
    return _given(customer=customer, order=order_no, page=page, page_size=page_size)


def _reader(kind: TypeAdapter[T], member: str | None = None) -> Callable[[requests.Response], T]:
    def read(response: requests.Response) -> T:
        answer = response.json()
        return kind.validate_python(answer[member] if member else answer)

    return read


def _refusal(response: requests.Response) -> ShopError | None:
    if response.status_code == 429:
        return Locked(_seconds(response.headers.get("Retry-After")))
    match response.status_code, body(response):
        case 404, {"type": "not-found"}:
            return NotFound()
        case 403, {"type": "verification-failed"}:
            return VerificationFailed()
        case 409, {"type": "not-allowed", "cause": str(cause), "reason": str(reason)} if cause and reason:
            return Refused(cause, reason)
    return None


def _seconds(retry_after: str | None) -> int:
    return int(retry_after) if retry_after and retry_after.isdigit() else LOCK_SECONDS
