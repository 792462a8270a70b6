"""Queries of after-sales and refunds. Nothing here decides who may ask: a ``Scope`` says it."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from bot.shop.calls import not_found
from bot.shop.database import Session
from bot.shop.lockout import missed, refuse_guesser
from bot.shop.models import AfterSale, Order, OrderItem, Product, Refund
from bot.shop.orders.queries import visible
from bot.shop.scope import Scope

Matter = TypeVar("Matter", AfterSale, Refund)

_WHOLE: tuple[ORMOption, ...] = (selectinload(AfterSale.items), selectinload(AfterSale.steps))


def own_after_sale(session: Session, id: str, scope: Scope, *, lock: bool = False) -> AfterSale:
    """The after-sale; raises Problem 404 if it is not the scope's, 429 if that happened too often."""
    refuse_guesser(session, scope)
    products = selectinload(Order.items).selectinload(OrderItem.product).selectinload(Product.variants)
    wanted = (
        select(AfterSale)
        .join(Order)
        .where(AfterSale.id == id, visible(scope))
        .options(*_WHOLE, selectinload(AfterSale.order).options(products))
    )
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None:
        missed(session, scope, id, not_found("after-sale"))
    return row


def after_sales(
    session: Session, scope: Scope, order_no: str | None, page: int, page_size: int
) -> tuple[Sequence[AfterSale], int]:
    """One page (from 1) of the visible ones, newest first, and how many there are on all pages."""
    return _page(session, AfterSale, scope, order_no, page, page_size, *_WHOLE)


def refunds(
    session: Session, scope: Scope, order_no: str | None, page: int, page_size: int
) -> tuple[Sequence[Refund], int]:
    """As ``after_sales``, of refunds."""
    return _page(session, Refund, scope, order_no, page, page_size)


def _page(
    session: Session,
    kind: type[Matter],
    scope: Scope,
    order_no: str | None,
    page: int,
    page_size: int,
    *options: ORMOption,
) -> tuple[Sequence[Matter], int]:
    wanted = [visible(scope)] + ([kind.order_no == order_no] if order_no else [])
    total = session.scalar(select(func.count(kind.id)).join(Order).where(*wanted)) or 0
    found = session.scalars(
        select(kind)
        .join(Order)
        .where(*wanted)
        .order_by(kind.created_at.desc(), kind.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
        .options(*options)
    )
    return found.all(), total
