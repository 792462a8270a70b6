"""A worked example: the adapter of a shop with a small JSON API of its own.

Copy it beside the other adapters, ``actions/backend/own_shop.py``, and set
``GUITAI_SHOP_ADAPTER=actions.backend.own_shop:connect``. docs/connect-your-shop.md explains it.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

import requests

from actions.backend import visitors
from actions.backend.bare import BareShop, nothing_allowed
from actions.backend.contract import (
    Actor,
    Address,
    Allowed,
    Amounts,
    Cancellation,
    Customer,
    Item,
    NotFound,
    Order,
    OrderPage,
    Product,
    ProductDetail,
    ProductPage,
    Profile,
    Refused,
    Shipment,
    ShopError,
    Variant,
    Verification,
    VerificationFailed,
)
from actions.backend.transport import Transport, body
from bot.settings import Settings

T = TypeVar("T")

CHINA = timezone(timedelta(hours=8))
STATUS = {
    "WAIT_PAY": ("pending_payment", "待付款"),
    "WAIT_SEND": ("paid", "待发货"),
    "SENT": ("shipped", "已发货"),
    "DONE": ("completed", "交易完成"),
    "CLOSED": ("cancelled", "已取消"),
}


def connect(settings: Settings) -> "OwnShop":
    """What GUITAI_SHOP_ADAPTER names."""
    return OwnShop(os.environ["OWN_SHOP_URL"], os.environ["OWN_SHOP_TOKEN"], settings.shop_service_secret)


class OwnShop(BareShop):
    """Tells of orders and goods, and cancels; all else is refused by ``BareShop``."""

    def __init__(self, url: str, token: str, signing_secret: str) -> None:
        self._transport = Transport(url, f"Bearer {token}", refusal)
        self._signing_secret = signing_secret
        self._tails = visitors.Tries(5)
        self._misses = visitors.Tries(10)

    def profile(self, actor: Customer) -> Profile:
        return self._get("/api/user/{id}", lambda u: Profile(u["nick"], masked(u["mobile"])), actor.id)

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        def read(answer: Any) -> OrderPage:
            hers = [order_of(row) for row in answer["rows"] if str(row["uid"]) == actor.id]
            return OrderPage(hers, page, page_size, answer["count"])

        return self._get("/api/user/{id}/orders", read, actor.id, page=page, size=page_size)

    def order(self, actor: Actor, no: str) -> Order:
        # Another's order is not found, and whoever asks for many such is locked for a while.
        hers = actor.id if isinstance(actor, Customer) else visitors.opened_by(actor, self._signing_secret)
        self._misses.check(hers)
        try:
            order = self._get("/api/order/{sn}", order_of, no)
            if hers != (order.customer if isinstance(actor, Customer) else order.no):
                raise NotFound
        except NotFound:
            self._misses.count(hers)
            raise
        return order

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        self.order(actor, no)
        return []  # this shop cannot tell

    def cancel(self, actor: Actor, no: str, reason: str = "", *, key: str, dry_run: bool) -> Cancellation:
        order = self.order(actor, no)
        answer = Cancellation(order.amounts.paid_fen, "原支付方式" if order.amounts.paid_fen else "")
        if dry_run and not order.can["cancel"].allowed:
            raise Refused(order.can["cancel"].cause or "", order.can["cancel"].reason or "")
        if not dry_run:
            # This shop acts once for each request_id. One that does not: see WooCommerceShop.cancel.
            said = {"request_id": key, "why": reason}
            self._transport.call("POST", "/api/order/{sn}/close", lambda r: r.json(), no, json=said)
        return answer

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
        # This shop searches by words only; a better one would be told the rest as well.
        def read(answer: Any) -> ProductPage:
            return ProductPage([goods_of(row) for row in answer["rows"]], page, page_size, answer["count"])

        return self._get("/api/goods", read, q=words, page=page, size=page_size)

    def product(self, id: str) -> ProductDetail:
        def read(row: Any) -> ProductDetail:
            goods = goods_of(row)
            return ProductDetail(
                **vars(goods), variants=[Variant(row["spu"], "", fen(row["price"]), row["left"])]
            )

        return self._get("/api/goods/{id}", read, id)

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        self._tails.check(order_no)
        try:
            phone = self._get("/api/order/{sn}", lambda row: str(row["mobile"]), order_no)
        except NotFound:
            phone = ""
        self._tails.count(order_no)
        if not visitors.same_tail(phone, phone_tail):
            raise VerificationFailed
        self._tails.forget(order_no)
        return visitors.admit(order_no, self._signing_secret)

    def _get(self, path: str, read: Callable[[Any], T], id: str = "", **params: str | int) -> T:
        # What `read` raises on a strange answer becomes Unavailable.
        return self._transport.call("GET", path, lambda r: read(r.json()), id, params=params)


def refusal(response: requests.Response) -> ShopError | None:
    """What an answer outside 2xx means; None for what nobody expects."""
    # An address that does not exist is 404 too, but not in this shop's words.
    if response.status_code == 404 and "errno" in body(response):
        return NotFound()
    if response.status_code == 409:
        return Refused("shipped", "包裹已经发出，暂时无法取消。您可以拒收，或在签收后申请退货。")
    return None


def order_of(row: Any) -> Order:
    status, status_text = STATUS[row["state"]]
    price = fen(row["pay"])
    cancel = Allowed(True)
    if status not in ("pending_payment", "paid"):
        cancel = Allowed(False, "订单现在无法取消，需要的话我可以为您转接同事。", status)
    return Order(
        no=str(row["sn"]),
        customer=str(row["uid"]),
        status=status,
        status_text=status_text,
        placed_at=datetime.fromisoformat(row["created"]).replace(tzinfo=CHINA),
        items=[
            Item(name=g["title"], qty=g["num"], price_fen=fen(g["price"]), sku=g["sku"]) for g in row["goods"]
        ],
        amounts=Amounts(paid_fen=price if row["paid"] else 0, total_fen=price),
        address=Address(row["name"][:1] + "**", masked(row["mobile"]), f"{row['region']}****"),
        can={**nothing_allowed(), "cancel": cancel},
    )


def goods_of(row: Any) -> Product:
    return Product(row["spu"], row["title"], price_fen=fen(row["price"]), in_stock=row["left"] > 0)


def fen(yuan: str) -> int:
    try:
        return int(Decimal(yuan) * 100)
    except ArithmeticError:  # no number: an answer that is to become Unavailable
        raise ValueError("amount") from None


def masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"
