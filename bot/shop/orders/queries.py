"""Queries of orders. Nothing here decides who may ask: a ``Scope`` says it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.interfaces import ORMOption

from bot.shop.database import Session
from bot.shop.models import AfterSale, Order, OrderItem, Product, Shipment
from bot.shop.scope import Scope


def order(session: Session, no: str, scope: Scope, *, lock: bool = False) -> Order | None:
    """The order with all the rules need, if ``scope`` may see it; ``lock`` keeps other writers out."""
    wanted = select(Order).where(Order.no == no, visible(scope)).options(*_whole())
    return session.scalar(wanted.with_for_update(of=Order) if lock else wanted)


def orders(
    session: Session, scope: Scope, status: str | None, page: int, page_size: int
) -> tuple[Sequence[Order], int]:
    """One page (from 1) of the visible orders, newest first, and how many there are on all pages."""
    wanted = [visible(scope)] + ([Order.status == status] if status else [])
    total = session.scalar(select(func.count()).select_from(Order).where(*wanted)) or 0
    found = session.scalars(
        select(Order)
        .where(*wanted)
        .order_by(Order.placed_at.desc(), Order.no.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
        .options(*_whole())
    )
    return found.all(), total


def shipments(session: Session, no: str) -> Sequence[Shipment]:
    """The order's parcels with their scans, newest scan first."""
    return session.scalars(
        select(Shipment)
        .where(Shipment.order_no == no)
        .order_by(Shipment.id)
        .options(selectinload(Shipment.events))
    ).all()


def recipient_phone(session: Session, no: str) -> str | None:
    """Full phone number of the order's recipient; never to be shown."""
    return session.scalar(select(Order.to_phone).where(Order.no == no))


def visible(scope: Scope) -> ColumnElement[bool]:
    """Which orders ``scope`` may see."""
    # An empty scope compares with NULL and so sees nothing.
    return Order.customer_id == scope.customer if scope.customer else Order.no == scope.order


def _whole() -> tuple[ORMOption, ...]:
    return (
        selectinload(Order.items).selectinload(OrderItem.product).selectinload(Product.variants),
        selectinload(Order.shipments),
        selectinload(Order.invoice),
        selectinload(Order.after_sales).selectinload(AfterSale.items),
        selectinload(Order.refunds),
    )
