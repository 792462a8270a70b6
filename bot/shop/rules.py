"""What may be done with an order now. The shop alone decides; the bot only shows it."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.shop.models import Order, OrderItem

RETURN_TIME = timedelta(days=7)
EXCHANGE_TIME = timedelta(days=15)
PRICE_PROTECTION_TIME = timedelta(days=15)

ACTIONS = ("cancel", "change_address", "return", "exchange", "invoice", "urge", "price_protect")


@cache
def texts() -> dict[str, dict[str, Any]]:
    """The shop's words, by kind and key."""
    words: dict[str, dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("texts.yml"))
    return words


def refusal(action: str, order: Order, now: datetime) -> str | None:
    """Why ``action`` is not possible for ``order``, in Chinese; None if it is possible."""
    reasons: dict[str, str] = texts()["refused"][action]
    status = "delivered" if order.status == "completed" else order.status
    if status in reasons:
        return reasons[status]
    delivered, paid = order.delivered_at or now, order.paid_at or now
    checks = {
        "return": [
            ("late", now - delivered > RETURN_TIME),
            ("kind", not any(item.product.returnable for item in order.items)),
        ],
        "exchange": [
            ("late", now - delivered > EXCHANGE_TIME),
            ("kind", not any(_exchangeable(item) for item in order.items)),
        ],
        "invoice": [("done", order.invoiced)],
        "price_protect": [("late", now - paid > PRICE_PROTECTION_TIME)],
    }
    return next((reasons[cause] for cause, holds in checks.get(action, []) if holds), None)


def _exchangeable(item: OrderItem) -> bool:
    others = [v for v in item.product.variants if v.sku != item.sku and v.stock > 0]
    return item.product.returnable and bool(others)
