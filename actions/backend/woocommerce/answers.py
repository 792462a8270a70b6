"""From WooCommerce's shapes to the contract's: words for codes, fen, China time, personal data masked."""

import html
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from actions.backend import contract
from actions.backend.bare import nothing_allowed
from actions.backend.contract import Allowed
from actions.backend.woocommerce import shapes

CHINA = timezone(timedelta(hours=8))
SHIPPING, BILLING = 1, 2  # ids of a customer's two addresses
FOR_EVER = datetime(2099, 12, 31, tzinfo=CHINA)  # until when a coupon holds that never expires
UNCOUNTED = 999  # stock of what the shop sells without counting
# A status of WooCommerce's own or of its widely used plugins; a shop's own one is told by its payment.
STATUS = {
    "pending": "pending_payment",
    "on-hold": "pending_payment",
    "failed": "pending_payment",
    "processing": "paid",
    "partial-shipped": "shipped",
    "shipped": "shipped",
    "delivered": "delivered",
    "completed": "completed",
    "cancelled": "cancelled",
    "refunded": "cancelled",
}
HIDDEN = ("trash", "auto-draft", "checkout-draft")


@cache
def texts() -> Any:
    """What shoppers are told."""
    return YAML(typ="safe").load(Path(__file__).with_name("texts.yml"))


def order(raw: shapes.Order) -> contract.Order:
    status = _status(raw)
    words = texts()["order_status"]
    said = "shipped" if _sent_early(raw) else raw.status
    shipped = min((t.date_shipped for t in raw.trackings if t.date_shipped), default=raw.date_completed_gmt)
    return contract.Order(
        no=str(raw.id),
        customer=str(raw.customer_id),
        status=status,
        status_text=words.get(said, words["other"]),
        placed_at=_local(raw.date_created_gmt),
        paid_at=_when(raw.date_paid_gmt),
        shipped_at=_when(shipped),
        remark=raw.customer_note,
        items=[_item(line) for line in raw.line_items],
        amounts=contract.Amounts(
            items_fen=sum(line.subtotal + line.subtotal_tax for line in raw.line_items),
            shipping_fen=raw.shipping_total + raw.shipping_tax,
            discount_fen=raw.discount_total + raw.discount_tax,
            total_fen=raw.total,
            paid_fen=raw.total if raw.date_paid_gmt else 0,
        ),
        address=address(raw.shipping if raw.shipping.address_1 else raw.billing, raw.billing.phone),
        can={
            **nothing_allowed(),
            "cancel": allowed("cancel", raw),
            "remark": allowed("remark", raw),
        },
    )


def allowed(action: str, raw: shapes.Order) -> Allowed:
    """Whether an order may be cancelled or remarked on now."""
    cause = {
        "shipped": "shipped",
        "delivered": "delivered",
        "completed": "delivered",
        "cancelled": "cancelled",
    }.get(_status(raw))
    if cause is None and action == "cancel" and raw.refunds:
        cause = "partly_refunded"
    if cause is None:
        return Allowed(True)
    return Allowed(False, texts()["refused"][action][cause], cause)


def shipments(raw: shapes.Order) -> list[contract.Shipment]:
    return [
        contract.Shipment(
            courier=each.tracking_provider or each.custom_tracking_provider or texts()["no_courier"],
            tracking_no=each.tracking_number,
            status="collected",
            status_text=texts()["shipment_status"],
        )
        for each in raw.trackings
    ]


def original_method(raw: shapes.Order) -> str:
    """How money comes back."""
    if not raw.payment_method_title:
        return str(texts()["original_method"])
    return str(texts()["original_method_of"]).format(method=raw.payment_method_title)


def refund(raw: shapes.OrderRefund, of: shapes.Order) -> contract.Refund:
    # WooCommerce knows whether its gateway gave the money back, not whether it has arrived.
    state = "done" if raw.refunded_payment else "processing"
    return contract.Refund(
        id=str(raw.id),
        order_no=str(of.id),
        amount_fen=raw.amount,
        method_text=original_method(of),
        state=state,
        state_text=texts()["refund_state"][state],
        created_at=_local(raw.date_created_gmt),
        reason_text=raw.reason,
        done_at=_local(raw.date_created_gmt) if raw.refunded_payment else None,
    )


def profile(raw: shapes.Customer) -> contract.Profile:
    saved = [(SHIPPING, raw.shipping), (BILLING, raw.billing)]
    filled = [(id, postal) for id, postal in saved if postal.address_1]
    return contract.Profile(
        name=_name(raw) or raw.username,
        phone=_mask_phone(raw.billing.phone),
        addresses=[
            address(postal, raw.billing.phone, id=id, is_default=index == 0)
            for index, (id, postal) in enumerate(filled)
        ],
    )


def address(
    raw: shapes.Postal, phone: str, *, id: int | None = None, is_default: bool = False
) -> contract.Address:
    """Street and house never leave the adapter."""
    name = _name(raw)
    region = texts()["provinces"].get(raw.state, raw.state) if raw.country == "CN" else raw.state
    place = region if region == raw.city else region + raw.city
    return contract.Address(
        name=name[:1] + "*" * (len(name) - 1),
        phone=_mask_phone(raw.phone or phone),
        text=f"{place}****" if raw.address_1 else place,
        id=id,
        is_default=is_default,
    )


def product(raw: shapes.Product) -> contract.Product:
    return contract.Product(
        id=str(raw.id),
        name=html.unescape(raw.name),
        category=html.unescape(raw.categories[0].name) if raw.categories else "",
        summary=_plain(raw.short_description),
        image=_image(raw.images),
        price_fen=raw.price,
        in_stock=raw.stock_status != "outofstock",
    )


def product_detail(
    raw: shapes.Product, variations: list[shapes.Variation], similar: Iterable[shapes.Product]
) -> contract.ProductDetail:
    return contract.ProductDetail(
        **vars(product(raw)),
        specs=[
            contract.Detail(html.unescape(a.name), "、".join(map(html.unescape, a.options)))
            for a in raw.attributes
            if not a.variation
        ],
        variants=[_variant(v, " ".join(c.option for c in v.attributes)) for v in variations]
        or [_variant(raw, "")],
        similar=[product(each) for each in similar],
    )


def coupon(raw: shapes.Coupon, customer: shapes.Customer, for_order: bool) -> contract.Coupon:
    """A coupon as its owner sees it; one that is usable still takes no order that was placed already."""
    expires = raw.date_expires_gmt
    mine = sum(who in (str(customer.id), customer.email) for who in raw.used_by)
    used_up = (raw.usage_limit and raw.usage_count >= raw.usage_limit) or (
        raw.usage_limit_per_user and mine >= raw.usage_limit_per_user
    )
    state = "expired" if expires and expires <= datetime.now(UTC) else "used" if used_up else "usable"
    why = state if state != "usable" else "placed" if for_order else None
    return contract.Coupon(
        id=str(raw.id),
        name=raw.code,
        text=_plain(raw.description) or _gives(raw),
        state=state,
        state_text=texts()["coupon_state"][state],
        from_at=_local(raw.date_created_gmt),
        until_at=_local(expires or FOR_EVER),
        threshold_fen=raw.minimum_amount,
        scope_text=texts()["coupon_scope"] if raw.product_ids or raw.product_categories else "",
        usable=Allowed(False, texts()["refused"]["coupon"][why], why) if why else Allowed(True),
    )


def _status(raw: shapes.Order) -> str:
    if _sent_early(raw):
        return "shipped"
    return STATUS.get(raw.status) or ("paid" if raw.date_paid_gmt else "pending_payment")


def _sent_early(raw: shapes.Order) -> bool:
    # Many shops enter the parcel's number and complete the order later.
    return bool(raw.trackings) and (raw.status == "processing" or raw.status not in STATUS)


def _item(line: shapes.Line) -> contract.Item:
    chosen = [m for m in line.meta_data if not m.key.startswith("_")] if line.variation_id else []
    return contract.Item(
        name=html.unescape(line.parent_name or line.name),
        qty=line.quantity,
        price_fen=round((line.subtotal + line.subtotal_tax) / (line.quantity or 1)),
        spec=" ".join(_plain(str(m.display_value or m.value)) for m in chosen),
        sku=line.sku or str(line.variation_id or line.product_id),
        product=str(line.product_id),
        image=_image([line.image] if line.image else []),
    )


def _variant(raw: shapes.Product | shapes.Variation, spec: str) -> contract.Variant:
    if raw.stock_status == "outofstock":
        stock = 0
    else:
        stock = raw.stock_quantity if raw.stock_quantity and raw.stock_quantity > 0 else UNCOUNTED
    return contract.Variant(sku=raw.sku or str(raw.id), spec=spec, price_fen=raw.price, stock=stock)


def _gives(raw: shapes.Coupon) -> str:
    words = texts()["coupon_text"]
    if raw.free_shipping and not raw.amount:
        return str(words["free_shipping"])
    if raw.discount_type == "percent":
        return str(words["percent"]).format(tenths=f"{10 - raw.amount / 1000:g}")
    return str(words["fixed"]).format(amount=f"{raw.amount / 100:g}")


def _name(raw: shapes.Postal | shapes.Customer) -> str:
    return f"{raw.last_name}{raw.first_name}".strip()


def _mask_phone(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)[-11:]  # without the country's code
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 7 else "****" if digits else ""


def _plain(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def _image(pictures: Iterable[shapes.Picture]) -> str | None:
    return next((picture.src for picture in pictures if picture.src), None)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(CHINA)


def _when(moment: datetime | None) -> datetime | None:
    return _local(moment) if moment else None
