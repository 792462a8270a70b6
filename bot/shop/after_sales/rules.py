"""Which after-sales are possible, for which reasons and how long. Words are in texts.yml."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.shop.after_sales.pieces import free
from bot.shop.models import AfterSale, Order, OrderItem, Variant
from bot.shop.rules import EXCHANGE_TIME, LOST_AFTER, QUALITY_TIME, RETURN_TIME
from bot.shop.texts import Refusal, refuse, texts

KINDS = ("return", "exchange", "refund_only", "resend", "repair")
# Goods travel back.
SENT_BACK = ("return", "exchange", "repair")

WISHES = ("no_longer_wanted", "wrong_size", "not_as_described", "other")
FAULTS = ("quality", "damaged", "wrong_item", "missing")
# For which the shop pays the postage.
SHOPS_FAULT = (*FAULTS, "not_as_described")
NEED_EVIDENCE = ("quality", "damaged", "wrong_item")

# By kind and reason, for how long after delivery; a repair as long as the product's warranty.
TERMS: dict[str, dict[str, timedelta]] = {
    "return": dict.fromkeys(WISHES, RETURN_TIME) | dict.fromkeys(FAULTS, QUALITY_TIME),
    "exchange": dict.fromkeys([*WISHES, *NEED_EVIDENCE], EXCHANGE_TIME),
    "refund_only": dict.fromkeys([*FAULTS, "not_received"], QUALITY_TIME),
    "resend": dict.fromkeys(["wrong_item", "missing", "damaged"], QUALITY_TIME),
    "repair": dict.fromkeys(["quality", "damaged", "other"], timedelta(0)),
}


def refusals(order: Order, item: OrderItem, now: datetime) -> dict[str, Refusal | None]:
    """By kind, why nothing of ``item`` can be had for any reason; None where it can for one at least."""
    return {kind: _refusal_of_all(kind, order, item, now) for kind in KINDS}


def _refusal_of_all(kind: str, order: Order, item: OrderItem, now: datetime) -> Refusal | None:
    why: Refusal | None = None
    # The reason with the longest time speaks for all.
    for _span, reason in sorted((span, reason) for reason, span in TERMS[kind].items()):
        said = refusal(kind, reason, order, item, 1, now)
        if said is None and kind == "exchange":
            said = _no_variant(item)
        if said is None:
            return None
        if reason != "not_received":
            why = said
    return why


def of_order(items: Iterable[Mapping[str, Refusal | None]]) -> dict[str, Refusal | None]:
    """By kind, whether any item can; where none can, what keeps the first one."""
    listed = list(items)
    return {kind: None if any(i[kind] is None for i in listed) else listed[0][kind] for kind in KINDS}


def refusal(kind: str, reason: str, order: Order, item: OrderItem, qty: int, now: datetime) -> Refusal | None:
    """Why ``qty`` of ``item`` cannot be had for ``reason``, apart from evidence and an exchange's target."""
    status = "delivered" if order.status == "completed" else order.status
    if reason not in TERMS[kind]:
        return refuse(kind, "reason")
    if reason == "not_received" and status in ("shipped", "delivered"):
        if status == "delivered":
            return refuse(kind, "signed")
        if not lost(order, now):
            return refuse(kind, "on_the_way")
    elif status in texts()["refused"][kind]:
        return refuse(kind, status)
    else:
        too_late = _out_of_terms(kind, reason, order, item, now)
        if too_late:
            return too_late
    if len(free(order, item.sku, item.qty)) < qty:
        return refuse(kind, "already")
    if kind == "resend" and stock_of(item, item.sku) < qty:
        return refuse(kind, "out_of_stock")
    return None


def _out_of_terms(kind: str, reason: str, order: Order, item: OrderItem, now: datetime) -> Refusal | None:
    span = timedelta(days=item.product.warranty_days) if kind == "repair" else TERMS[kind][reason]
    if not span or (kind in ("return", "exchange") and reason in WISHES and not item.product.returnable):
        return refuse(kind, "kind")
    if now - (order.delivered_at or now) > span:
        return refuse(kind, "late", days=span.days)
    return None


def lost(order: Order, now: datetime) -> bool:
    """Whether a parcel is in trouble or far over its time."""
    return any(
        s.status == "exception"
        or (s.status != "delivered" and s.expected_at is not None and now - s.expected_at > LOST_AFTER)
        for s in order.shipments
    )


def wrong_target(item: OrderItem, sku: str | None, qty: int) -> Refusal | None:
    """Why ``item`` cannot be exchanged for ``sku``."""
    target = variant(item, sku)
    if target is None or target.sku == item.sku:
        return refuse("exchange", "target")
    if target.price_fen != item.price_fen:
        return refuse("exchange", "other_price")
    return refuse("exchange", "out_of_stock") if target.stock < qty else None


def _no_variant(item: OrderItem) -> Refusal | None:
    """Why no variant at all would do."""
    said = [wrong_target(item, v.sku, 1) for v in item.product.variants if v.sku != item.sku]
    if not said:
        return refuse("exchange", "kind")
    # That something is out of stock for now tells more than that something costs more.
    return None if None in said else max((s for s in said if s), key=lambda s: s.cause == "out_of_stock")


def variant(item: OrderItem, sku: str | None) -> Variant | None:
    """A variant of the item's product, as it is sold now."""
    return next((v for v in item.product.variants if v.sku == sku), None)


def stock_of(item: OrderItem, sku: str) -> int:
    """How many there are now; none of what is no longer sold."""
    found = variant(item, sku)
    return found.stock if found else 0


def evidence_needed(kind: str, reason: str) -> bool:
    """Whether a picture has to show it."""
    return reason in NEED_EVIDENCE and kind != "repair"


def postage_by(kind: str, reason: str) -> str | None:
    """Who pays for the way back, if there is one."""
    if kind not in SENT_BACK:
        return None
    return "shop" if reason in SHOPS_FAULT else "customer"


def cannot_withdraw(one: AfterSale) -> Refusal | None:
    """Why it cannot be taken back."""
    if one.state in ("requested", "approved"):
        return None if one.kind in SENT_BACK else refuse("withdraw", one.kind)
    return refuse("withdraw", one.state)
