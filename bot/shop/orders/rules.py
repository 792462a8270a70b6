"""What may be done with an order now. The shop alone decides; the bot only shows it."""

from datetime import datetime

from bot.shop.after_sales.pieces import left_of, returned
from bot.shop.models import Order, OrderItem
from bot.shop.money import protection
from bot.shop.rules import PRICE_PROTECTION_TIME, URGE_AGAIN
from bot.shop.texts import Refusal, refuse, texts

ACTIONS = ("cancel", "change_address", "remark", "urge", "invoice", "price_protect")


def refusal(action: str, order: Order, now: datetime, *, scoped: bool = False) -> Refusal | None:
    """Why ``action`` is not possible for ``order``; None if it is possible.

    Args:
        action: of ACTIONS.
        order: with everything ``queries.order`` loads.
        now: the moment that counts.
        scoped: whether an anonymous visitor asks.
    """
    status = "delivered" if order.status == "completed" else order.status
    if status in texts()["refused"][action]:
        return refuse(action, status)
    cause = None
    match action:
        case "change_address" if scoped:
            cause = "sign_in"
        case "urge" if order.urged_at and now - order.urged_at < URGE_AGAIN:
            cause = "already"
        case "invoice" if order.invoice:
            cause = "done"
        case "price_protect":
            cause = _unprotected(order, now)
    return refuse(action, cause) if cause else None


def _unprotected(order: Order, now: datetime) -> str | None:
    if order.price_protected_at:
        return "done"
    if now - (order.paid_at or now) > PRICE_PROTECTION_TIME:
        return "late"
    return None if any(sum(pieces) for _, pieces in cheaper(order)) else "no_drop"


def cheaper(order: Order) -> list[tuple[OrderItem, list[int]]]:
    """The lines that cost less now, with what each of their pieces gets back."""
    left = left_of(order)
    found = []
    for item in order.items:
        drop = item.price_fen - price_now(item)
        if drop > 0:
            back = returned(order, item.sku)
            kept = [0 if at in back else fen for at, fen in enumerate(left[item.sku])]
            found.append((item, protection(kept, drop)))
    return found


def price_now(item: OrderItem) -> int:
    """Of one piece; what was paid where it is no longer sold."""
    return next((v.price_fen for v in item.product.variants if v.sku == item.sku), item.price_fen)
