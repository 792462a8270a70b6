"""How much comes back, and the record of it."""

import secrets
from datetime import datetime

from bot.shop.after_sales.pieces import LIVE, REFUNDING, left_of, returned
from bot.shop.after_sales.rules import SHOPS_FAULT
from bot.shop.clock import CHINA
from bot.shop.models import AfterSale, Order, Refund
from bot.shop.rules import REFUND_TIME

_SHIPPING_TOO = (*SHOPS_FAULT, "not_received")


def goods_fen(order: Order, kind: str, pieces: dict[str, list[int]]) -> int:
    """What comes back for ``pieces`` (by sku): what was paid for them, less what came back already."""
    if kind not in REFUNDING:
        return 0
    left = left_of(order)
    return sum(left[sku][at] for sku, places in pieces.items() for at in places)


def shipping_fen(order: Order, kind: str, reason: str, pieces: dict[str, list[int]]) -> int:
    """The shipping fee, once, when with ``pieces`` everything is returned for the shop's fault."""
    if kind not in REFUNDING:
        return 0
    back = [one for one in order.after_sales if one.state in LIVE and one.kind in REFUNDING]
    blameless = all(why in _SHIPPING_TOO for why in (reason, *(one.reason for one in back)))
    everything = all(
        len(returned(order, item.sku) | set(pieces.get(item.sku, []))) == item.qty for item in order.items
    )
    given = sum(one.shipping_fen for one in back)
    return order.shipping_fen - given if blameless and everything else 0


def new_refund(
    order: Order, fen: int, reason_text: str, now: datetime, after_sale: AfterSale | None = None
) -> Refund:
    """Money that now goes back the way it was paid."""
    return Refund(
        id=new_number("R", now),
        order=order,
        after_sale=after_sale,
        amount_fen=fen,
        state="processing",
        reason_text=reason_text,
        created_at=now,
        expected_at=now + REFUND_TIME,
    )


def new_number(letter: str, now: datetime) -> str:
    """The letter, the day and ten digits that nobody can guess."""
    return f"{letter}{now.astimezone(CHINA):%Y%m%d}{secrets.randbelow(10**10):010}"
