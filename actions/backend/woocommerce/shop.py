"""The calls of the order contract, made of those of WooCommerce's REST API v3.

WooCommerce has no repeatable writes. So every write leaves a note with its key and answer in the order's
meta data before or with its effect, and a repetition finds it there.
"""

import base64
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zlib import crc32

import requests
from pydantic import TypeAdapter

from actions.backend import visitors
from actions.backend.bare import BareShop
from actions.backend.contract import (
    Actor,
    Cancellation,
    Coupon,
    Customer,
    NotFound,
    Order,
    OrderPage,
    ProductDetail,
    ProductPage,
    Profile,
    RefundPage,
    Refused,
    Shipment,
    ShopError,
    Unavailable,
    Verification,
    VerificationFailed,
)
from actions.backend.transport import Transport, body
from actions.backend.woocommerce import answers, shapes

T = TypeVar("T")

MOST = 100  # rows of one page
COUPON_PAGES = 5  # a shop's coupons are read through for those of one customer
SIMILAR = 3
WRONG_TAILS = 5
MISSES = 10  # of orders that are not the actor's
SORTS = {
    "popular": ("popularity", "desc"),
    "price_asc": ("price", "asc"),
    "price_desc": ("price", "desc"),
    "new": ("date", "desc"),
    "": ("id", "asc"),
}

_json = TypeAdapter(Any)
_customer = TypeAdapter(shapes.Customer)
_order = TypeAdapter(shapes.Order)
_orders = TypeAdapter(list[shapes.Order])
_gateway = TypeAdapter(shapes.Gateway)
_refunds = TypeAdapter(list[shapes.OrderRefund])
_product = TypeAdapter(shapes.Product)
_products = TypeAdapter(list[shapes.Product])
_variations = TypeAdapter(list[shapes.Variation])
_categories = TypeAdapter(list[shapes.Category])
_coupons = TypeAdapter(list[shapes.Coupon])


class WooCommerceShop(BareShop):
    """A WooCommerce shop, safe to share between threads. Its currency must be CNY.

    An order's number is WooCommerce's id of it. What WooCommerce cannot do is refused with a reason.

    Args:
        url: the shop's address; https, as the key travels with every call.
        key: consumer key with the permission Read/Write.
        secret: its consumer secret.
        signing_secret: signs what opens an order to an anonymous visitor.
        limits: of ``Transport``: connections, open_after, open_seconds.

    Raises:
        ValueError: the address is not https.
    """

    def __init__(self, url: str, key: str, secret: str, signing_secret: str, **limits: Any) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError(
                f"the WooCommerce shop's address must begin with https://, not {parts.scheme}://"
            )
        basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._transport = Transport(f"{url.rstrip('/')}/wp-json/wc/v3", f"Basic {basic}", _refusal, **limits)
        self._signing_secret = signing_secret
        self._tails = visitors.Tries(WRONG_TAILS)
        self._misses = visitors.Tries(MISSES)
        # One write to an order at a time, as WooCommerce would do both of two that come together.
        self._turns = [threading.Lock() for _ in range(64)]

    def profile(self, actor: Customer) -> Profile:
        return answers.profile(self._customer(actor))

    def phone(self, actor: Customer) -> str:
        return self._customer(actor).billing.phone

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        found, total = self._orders(actor, page, page_size)
        return OrderPage([answers.order(raw) for raw in found], page, page_size, total)

    def order(self, actor: Actor, no: str) -> Order:
        return answers.order(self._order(actor, no))

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        return answers.shipments(self._order(actor, no))

    def cancel(self, actor: Actor, no: str, reason: str = "", *, key: str, dry_run: bool) -> Cancellation:
        with self._turn(no):
            raw = self._order(actor, no)
            paid = raw.date_paid_gmt is not None
            answer = (
                Cancellation(raw.total, answers.original_method(raw)) if paid else Cancellation(refund_fen=0)
            )
            begun = not dry_run and _noted(raw, key, "cancel")
            if begun and raw.status in ("cancelled", "refunded"):
                return answer
            if begun and raw.refunds:
                raise Unavailable("the refund of this key is under way")
            _insist(raw, "cancel")
            if paid and not self._pays_back(raw):
                raise Refused("by_hand", answers.texts()["refused"]["cancel"]["by_hand"])
            if not dry_run:
                self._cancel(raw, reason, _note(key, "cancel"))
            return answer

    def remark(self, actor: Actor, no: str, text: str, *, key: str, dry_run: bool) -> None:
        with self._turn(no):
            raw = self._order(actor, no)
            if not dry_run and _noted(raw, key, "remark"):
                return
            _insist(raw, "remark")
            if not dry_run:
                # What the customer wrote at checkout stays.
                note = f"{raw.customer_note}\n{text}" if raw.customer_note else text
                self._put(raw, {"customer_note": note, "meta_data": [_note(key, "remark")]})

    def refunds(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> RefundPage:
        if order_no is None and isinstance(actor, Customer):
            found, _ = self._orders(actor, 1, MOST)
        else:
            found = [self._order(actor, order_no or self._opened(actor))]
        all_ids = sorted(((refund.id, raw) for raw in found for refund in raw.refunds), key=lambda r: -r[0])
        wanted = dict(all_ids[(page - 1) * page_size : page * page_size])
        of_order = {raw.id: raw for raw in wanted.values()}
        items = [
            answers.refund(refund, raw)
            for raw in of_order.values()
            for refund in self._get("/orders/{id}/refunds", _refunds, str(raw.id), per_page=MOST)
            if refund.id in wanted
        ]
        return RefundPage(
            sorted(items, key=lambda refund: int(refund.id), reverse=True), page, page_size, len(all_ids)
        )

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
        order_by, direction = SORTS[sort]
        params: dict[str, str | int | None] = {
            "status": "publish",
            "search": words or None,
            "min_price": _yuan(min_fen),
            "max_price": _yuan(max_fen),
            "stock_status": "instock" if in_stock else None,
            "orderby": order_by,
            "order": direction,
            "page": page,
            "per_page": page_size,
        }
        if category:
            named = self._get("/products/categories", _categories, search=category, per_page=MOST)
            params["category"] = next((str(c.id) for c in named if c.name == category), None)
            if params["category"] is None:
                return ProductPage([], page, page_size, 0)
        found, total = self._page("/products", _products, params)
        return ProductPage([answers.product(raw) for raw in found], page, page_size, total)

    def product(self, id: str) -> ProductDetail:
        raw = self._get("/products/{id}", _product, _number(id))
        if raw.status != "publish":
            raise NotFound
        variable = raw.type == "variable"
        variations = (
            self._get("/products/{id}/variations", _variations, id, per_page=MOST) if variable else []
        )
        related = ",".join(str(each) for each in raw.related_ids[:SIMILAR])
        similar = self._get("/products", _products, include=related, status="publish") if related else []
        return answers.product_detail(raw, variations, similar)

    def coupons(self, actor: Customer, *, order_no: str | None = None) -> list[Coupon]:
        if order_no is not None:
            self._order(actor, order_no)
        customer = self._customer(actor)
        email = customer.email.casefold()
        mine: list[shapes.Coupon] = []
        # Only those made out to her: the codes of all others are not hers to know.
        for page in range(1, COUPON_PAGES + 1):
            found, total = self._page("/coupons", _coupons, {"page": page, "per_page": MOST})
            mine += [c for c in found if email and email in (e.casefold() for e in c.email_restrictions)]
            if page * MOST >= total:
                break
        return [answers.coupon(raw, customer, order_no is not None) for raw in mine]

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        self._tails.check(order_no)
        try:
            phone = self._get("/orders/{id}", _order, _number(order_no)).billing.phone
        except NotFound:
            phone = ""
        self._tails.count(order_no)
        if not visitors.same_tail(phone, phone_tail):
            raise VerificationFailed
        self._tails.forget(order_no)
        return visitors.admit(order_no, self._signing_secret)

    def _cancel(self, raw: shapes.Order, reason: str, note: dict[str, str]) -> None:
        if raw.date_paid_gmt is None:
            # Cancelling puts the goods back in stock by itself.
            self._put(raw, {"status": "cancelled", "meta_data": [note]})
            return
        self._put(raw, {"meta_data": [note]})
        # WooCommerce pays no more than the order's price back, and closes the order that is paid back whole.
        given_back = {
            "amount": _yuan(raw.total),
            "reason": reason,
            "api_refund": True,
            "api_restock": True,
            "line_items": [
                {"id": line.id, "quantity": line.quantity, "refund_total": line.total / 100}
                for line in raw.line_items
            ],
        }
        self._transport.call("POST", "/orders/{id}/refunds", _reader(_json), str(raw.id), json=given_back)

    def _pays_back(self, raw: shapes.Order) -> bool:
        if not raw.payment_method:
            return False
        try:
            gateway = self._get("/payment_gateways/{id}", _gateway, raw.payment_method)
        except NotFound:
            return False
        return "refunds" in gateway.method_supports

    def _customer(self, actor: Customer) -> shapes.Customer:
        return self._get("/customers/{id}", _customer, _number(actor.id))

    def _orders(self, actor: Customer, page: int, page_size: int) -> tuple[list[shapes.Order], int]:
        params = {
            "customer": _number(actor.id),
            "orderby": "date",
            "order": "desc",
            "page": page,
            "per_page": page_size,
        }
        found, total = self._page("/orders", _orders, params)
        hers = [raw for raw in found if _belongs(raw, actor) and raw.status not in answers.HIDDEN]
        return hers, total

    def _order(self, actor: Actor, no: str) -> shapes.Order:
        """The actor's order. Raises NotFound, and Locked after too many orders that are not hers."""
        scope = actor.id if isinstance(actor, Customer) else f"order {self._opened(actor)}"
        self._misses.check(scope)
        try:
            raw = self._get("/orders/{id}", _order, _number(no))
            mine = _belongs(raw, actor) if isinstance(actor, Customer) else no == self._opened(actor)
            if not mine or raw.status in answers.HIDDEN:
                raise NotFound
        except NotFound:
            self._misses.count(scope)
            raise
        return raw

    def _opened(self, actor: Actor) -> str:
        if isinstance(actor, Customer):
            raise NotFound
        return visitors.opened_by(actor, self._signing_secret)

    def _turn(self, no: str) -> threading.Lock:
        return self._turns[crc32(no.encode()) % len(self._turns)]

    def _get(self, path: str, kind: TypeAdapter[T], id: str = "", **params: str | int) -> T:
        return self._transport.call("GET", path, _reader(kind), id, params=params)

    def _page(self, path: str, kind: TypeAdapter[list[T]], params: dict[str, Any]) -> tuple[list[T], int]:
        def read(response: requests.Response) -> tuple[list[T], int]:
            return kind.validate_python(response.json()), int(response.headers["X-WP-Total"])

        return self._transport.call("GET", path, read, params=params)

    def _put(self, raw: shapes.Order, changes: dict[str, Any]) -> None:
        self._transport.call("PUT", "/orders/{id}", _reader(_json), str(raw.id), json=changes)


def _belongs(raw: shapes.Order, actor: Customer) -> bool:
    # 0 is every guest.
    return raw.customer_id > 0 and str(raw.customer_id) == actor.id


def _number(id: str) -> str:
    """An id of WooCommerce. Raises NotFound for anything else, as for one that names nothing."""
    if not (id.isascii() and id.isdigit() and id[0] != "0" and len(id) < 20):
        raise NotFound
    return id


def _insist(raw: shapes.Order, action: str) -> None:
    permission = answers.allowed(action, raw)
    if not permission.allowed:
        raise Refused(permission.cause or "", permission.reason or "")


def _note(key: str, call: str) -> dict[str, str]:
    return {"key": f"_guitai_{key}", "value": call}


def _noted(raw: shapes.Order, key: str, call: str) -> bool:
    """Whether the order bears the key's note. Raises Unavailable if it is that of another call."""
    noted = next((meta.value for meta in raw.meta_data if meta.key == f"_guitai_{key}"), None)
    if noted not in (None, call):
        raise Unavailable("the key was used for another call")
    return noted is not None


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else f"{Decimal(fen) / 100:.2f}"


def _reader(kind: TypeAdapter[T]) -> Callable[[requests.Response], T]:
    return lambda response: kind.validate_python(response.json())


def _refusal(response: requests.Response) -> ShopError | None:
    code = str(body(response).get("code", ""))
    # rest_no_route is a 404 as well: there is no WooCommerce at this address.
    if response.status_code == 404 and code.startswith("woocommerce_rest_"):
        return NotFound()
    return None
