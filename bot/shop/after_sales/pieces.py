"""Which pieces of an order are still with the customer, and what was paid for each."""

from bot.shop.models import Order
from bot.shop.money import paid_by_piece

LIVE = ("requested", "approved", "received", "done")
REFUNDING = ("return", "refund_only")


def left_of(order: Order) -> dict[str, list[int]]:
    """By sku, what was paid for each piece and not given back by price protection."""
    paid = paid_by_piece([(i.price_fen, i.qty) for i in order.items], order.discount_fen)
    return {
        item.sku: [fen - back for fen, back in zip(pieces, item.protected or [0] * item.qty, strict=True)]
        for item, pieces in zip(order.items, paid, strict=True)
    }


def taken(order: Order, sku: str) -> set[int]:
    """Pieces that are in an after-sale which was neither rejected nor withdrawn."""
    return _in(order, sku, None)


def returned(order: Order, sku: str) -> set[int]:
    """Pieces for which the money came or comes back."""
    return _in(order, sku, REFUNDING)


def free(order: Order, sku: str, qty: int) -> list[int]:
    """All pieces that are in no after-sale, the first first."""
    gone = taken(order, sku)
    return [at for at in range(qty) if at not in gone]


def _in(order: Order, sku: str, kinds: tuple[str, ...] | None) -> set[int]:
    return {
        at
        for one in order.after_sales
        if one.state in LIVE and (kinds is None or one.kind in kinds)
        for item in one.items
        if item.sku == sku
        for at in item.pieces
    }
