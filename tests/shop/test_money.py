"""Money rules: nothing lost, nothing below zero, never more back than was paid."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.shop import models
from bot.shop.after_sales.pieces import REFUNDING, free
from bot.shop.after_sales.refunding import goods_fen, shipping_fen
from bot.shop.money import paid_by_piece, protection
from bot.shop.orders.rules import cheaper

NOW = datetime(2026, 3, 1, tzinfo=UTC)
prices = st.one_of(st.integers(0, 5), st.integers(0, 500_000))
lines = st.lists(st.tuples(prices, st.integers(1, 6)), min_size=1, max_size=5)


@st.composite
def discounted(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int]:
    drawn = draw(lines)
    return drawn, draw(st.integers(0, sum(price * qty for price, qty in drawn)))


@given(discounted())
def test_pieces_add_up_to_what_was_paid(order: tuple[list[tuple[int, int]], int]) -> None:
    lines, discount = order
    pieces = paid_by_piece(lines, discount)
    assert [len(line) for line in pieces] == [qty for _, qty in lines]
    assert sum(map(sum, pieces)) == sum(price * qty for price, qty in lines) - discount
    for (price, _), line in zip(lines, pieces, strict=True):
        assert all(0 <= piece <= price for piece in line)


def test_what_rounding_leaves_is_taken_off_the_last_piece() -> None:
    assert paid_by_piece([(100, 3)], 100) == [[67, 67, 66]]
    assert paid_by_piece([(1, 3)], 2) == [[1, 0, 0]]
    assert paid_by_piece([(0, 2)], 0) == [[0, 0]]


@given(st.lists(prices, max_size=6), st.integers(-10, 500_000))
def test_protection_gives_no_more_than_is_left(left: list[int], drop: int) -> None:
    assert all(0 <= back <= piece for back, piece in zip(protection(left, drop), left, strict=True))


@st.composite
def orders(draw: st.DrawFn) -> models.Order:
    drawn, discount = draw(discounted())
    items = []
    for at, (price, qty) in enumerate(drawn):
        now_at = models.Variant(sku=f"s{at}", price_fen=draw(st.integers(0, price)))
        product = models.Product(variants=[now_at])
        item = models.OrderItem(sku=f"s{at}", qty=qty, price_fen=price, protected=[], product=product)
        items.append(item)
    return models.Order(
        items=items,
        discount_fen=discount,
        items_fen=sum(price * qty for price, qty in drawn),
        shipping_fen=draw(st.integers(0, 2000)),
        paid_at=NOW - timedelta(days=1),
        after_sales=[],
        refunds=[],
    )


@given(orders(), st.data())
def test_no_history_gives_back_more_than_was_paid(order: models.Order, data: st.DataObject) -> None:
    """Any after-sales and withdrawals, with price protection somewhere in between."""
    protected = 0
    for _ in range(data.draw(st.integers(1, 8))):
        step = data.draw(st.sampled_from(["ask", "withdraw", "protect"]))
        if step == "protect" and not protected:
            for item, pieces in cheaper(order):
                item.protected = pieces
                protected += sum(pieces)
        elif step == "withdraw" and order.after_sales:
            data.draw(st.sampled_from(order.after_sales)).state = "withdrawn"
        elif step == "ask":
            item = data.draw(st.sampled_from(order.items))
            left = free(order, item.sku, item.qty)
            if left:
                _ask(order, item, left[: data.draw(st.integers(1, len(left)))], data)
        assert 0 <= protected + _back(order) <= order.total_fen
    for item in order.items:
        if left := free(order, item.sku, item.qty):
            _ask(order, item, left, data, "return")
    kinds = {one.kind for one in order.after_sales if one.state == "approved"}
    if kinds <= set(REFUNDING):
        # Everything came back, and so did all the money, shipping aside.
        shipping = (0, order.shipping_fen)
        assert protected + _back(order) - (order.items_fen - order.discount_fen) in shipping


def _back(order: models.Order) -> int:
    return sum(one.refund_fen for one in order.after_sales if one.state == "approved")


def _ask(
    order: models.Order, item: models.OrderItem, pieces: list[int], data: st.DataObject, kind: str = ""
) -> None:
    kind = kind or data.draw(st.sampled_from(["return", "refund_only", "exchange"]))
    reason = data.draw(st.sampled_from(["other", "missing"]))
    goods = goods_fen(order, kind, {item.sku: pieces})
    shipping = shipping_fen(order, kind, reason, {item.sku: pieces})
    assert goods >= 0 and shipping >= 0
    order.after_sales.append(
        models.AfterSale(
            kind=kind,
            state="approved",
            reason=reason,
            refund_fen=goods + shipping,
            shipping_fen=shipping,
            items=[models.AfterSaleItem(sku=item.sku, pieces=pieces)],
        )
    )
