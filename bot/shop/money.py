"""What was paid for each piece of an order. Whole fen, nothing lost, nothing below zero."""

from collections.abc import Sequence


def paid_by_piece(lines: Sequence[tuple[int, int]], discount: int) -> list[list[int]]:
    """What was paid for each piece of each line, after its share of the order's discount.

    Shares go by price, in whole fen; what rounding leaves is taken off the last piece, and where that is
    worth less, off the one before. All pieces together give the lines' prices less ``discount``.

    Args:
        lines: price of one piece, and how many.
        discount: at most the price of everything.
    """
    prices = [price for price, qty in lines for _ in range(qty)]
    total = sum(prices)
    if not 0 <= discount <= total:
        raise ValueError(f"a discount of {discount} does not fit a total of {total}")
    paid = [price - (discount * price // total if total else 0) for price in prices]
    rest = sum(paid) - (total - discount)
    for at in reversed(range(len(paid))):
        taken = min(rest, paid[at])
        paid[at] -= taken
        rest -= taken
    pieces = iter(paid)
    return [[next(pieces) for _ in range(qty)] for _, qty in lines]


def protection(left: Sequence[int], drop: int) -> list[int]:
    """What each piece gets back when its price fell by ``drop``: never more than is ``left`` of its price."""
    return [max(0, min(drop, piece)) for piece in left]
