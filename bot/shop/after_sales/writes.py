"""What makes and ends after-sales. Rules are checked again here; the caller commits."""

from collections import Counter
from datetime import datetime

from sqlalchemy import update

from bot.problems import Problem
from bot.shop.after_sales import rules
from bot.shop.after_sales.pieces import free
from bot.shop.after_sales.refunding import goods_fen, new_number, new_refund, shipping_fen
from bot.shop.after_sales.schemas import AfterSaleRequest
from bot.shop.database import Session
from bot.shop.models import AfterSale, AfterSaleItem, AfterSaleStep, Order, OrderItem, Variant
from bot.shop.rules import DISPATCH_TIME, REFUND_TIME
from bot.shop.texts import NotAllowed, Refusal, refuse, texts


def request(session: Session, order: Order, asked: AfterSaleRequest, now: datetime) -> AfterSale:
    """Make what is asked for.

    Raises NotAllowed; Problem 422 ``unknown-item`` for what is not in the order.
    """
    items = {item.sku: item for item in order.items}
    wanted: Counter[str] = Counter()
    for part in asked.items:
        wanted[part.sku] += part.qty
    if not wanted.keys() <= items.keys():
        raise Problem(422, "unknown-item", "Name items by the sku that the order gives.")
    lines = [(items[sku], qty) for sku, qty in sorted(wanted.items())]
    why = _refusal(asked, order, lines, now)
    if why:
        raise NotAllowed(why)
    pieces = {item.sku: free(order, item.sku, item.qty)[:qty] for item, qty in lines}
    made = _row(asked, order, lines, pieces, now)
    # Not appended to the order's, which would count its own pieces as taken.
    session.add(made)
    for sku, qty in _reserved(made):
        _reserve(session, asked.kind, sku, qty)
    if asked.kind == "refund_only":
        session.add(new_refund(order, made.refund_fen, texts()["reason"][asked.reason], now, made))
    return made


def _refusal(
    asked: AfterSaleRequest, order: Order, lines: list[tuple[OrderItem, int]], now: datetime
) -> Refusal | None:
    for item, qty in lines:
        why = rules.refusal(asked.kind, asked.reason, order, item, qty, now)
        if why:
            return why
    if asked.kind == "exchange":
        if len(lines) > 1:
            return refuse("exchange", "one_item")
        why = rules.wrong_target(lines[0][0], asked.target_sku, lines[0][1])
        if why:
            return why
    if rules.evidence_needed(asked.kind, asked.reason) and not asked.evidence:
        return refuse(asked.kind, "evidence")
    return None


def _row(
    asked: AfterSaleRequest,
    order: Order,
    lines: list[tuple[OrderItem, int]],
    pieces: dict[str, list[int]],
    now: datetime,
) -> AfterSale:
    at_once = asked.kind not in rules.SENT_BACK or not rules.evidence_needed(asked.kind, asked.reason)
    target = rules.variant(lines[0][0], asked.target_sku) if asked.kind == "exchange" else None
    steps = ["requested", "approved"] if at_once else ["requested"]
    shipping = shipping_fen(order, asked.kind, asked.reason, pieces)
    expected = {"refund_only": now + REFUND_TIME, "resend": now + DISPATCH_TIME}
    return AfterSale(
        id=new_number("A", now),
        order_no=order.no,
        kind=asked.kind,
        state=steps[-1],
        reason=asked.reason,
        note=asked.note,
        evidence=asked.evidence,
        target_sku=target.sku if target else None,
        target_spec=target.spec if target else None,
        refund_fen=goods_fen(order, asked.kind, pieces) + shipping,
        shipping_fen=shipping,
        created_at=now,
        expected_at=expected.get(asked.kind),
        items=[
            AfterSaleItem(sku=item.sku, name=item.name, spec=item.spec, pieces=pieces[item.sku])
            for item, _ in lines
        ],
        steps=[AfterSaleStep(at=now, text=texts()["step"][state]) for state in steps],
    )


def withdraw(session: Session, one: AfterSale, now: datetime) -> AfterSale:
    """Take it back; what an exchange reserved is for others again."""
    why = rules.cannot_withdraw(one)
    if why:
        raise NotAllowed(why)
    one.state, one.expected_at = "withdrawn", None
    one.steps.append(AfterSaleStep(at=now, text=texts()["step"]["withdrawn"]))
    for sku, qty in _reserved(one):
        _add_stock(session, sku, qty)
    return one


def _reserved(one: AfterSale) -> list[tuple[str, int]]:
    """What is to be sent, and how many."""
    if one.kind == "exchange" and one.target_sku:
        return [(one.target_sku, sum(len(item.pieces) for item in one.items))]
    return [(item.sku, len(item.pieces)) for item in one.items] if one.kind == "resend" else []


def _reserve(session: Session, kind: str, sku: str, qty: int) -> None:
    # Somebody may have been faster than the check of the rules.
    if not _add_stock(session, sku, -qty):
        raise NotAllowed(refuse(kind, "out_of_stock"))


def _add_stock(session: Session, sku: str, qty: int) -> bool:
    done = session.scalar(
        update(Variant)
        .where(Variant.sku == sku, Variant.stock + qty >= 0)
        .values(stock=Variant.stock + qty)
        .returning(Variant.sku)
        .execution_options(synchronize_session=False)
    )
    return done is not None
