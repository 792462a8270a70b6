"""Queries of orders. Nothing here decides who may ask: a ``Scope`` says it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from bot.shop.database import Session
from bot.shop.models import AfterSale, Order, OrderItem, Product, Shipment
from bot.shop.scope import Scope

# All the rules need, in two statements: what there are few of comes with the order, the goods by themselves.
_WHOLE: tuple[ORMOption, ...] = (
    joinedload(Order.shipments),
    joinedload(Order.invoice),
    joinedload(Order.after_sales).joinedload(AfterSale.items),
    joinedload(Order.refunds),
    selectinload(Order.items).joinedload(OrderItem.product).joinedload(Product.variants),
)


def order(session: Session, no: str, scope: Scope, *, lock: bool = False) -> Order | None:
    """The order with all the rules need, if ``scope`` may see it; ``lock`` keeps other writers out."""
    if lock:
        # By itself: a statement that waits for a lock reads what it joins as that was before.
        session.execute(select(Order.no).where(Order.no == no, visible(scope)).with_for_update())
    wanted = select(Order).where(Order.no == no, visible(scope)).options(*_WHOLE)
    return session.scalars(wanted).unique().one_or_none()


def sees(session: Session, no: str, scope: Scope) -> bool:
    """Whether there is such an order and ``scope`` may see it."""
    return session.scalar(select(Order.no).where(Order.no == no, visible(scope))) is not None


def orders(
    session: Session, scope: Scope, status: str | None, page: int, page_size: int
) -> tuple[Sequence[Order], int]:
    """One page (from 1) of the visible orders, newest first, and how many there are on all pages."""
    wanted = [visible(scope)] + ([Order.status == status] if status else [])
    before = (page - 1) * page_size
    found = session.scalars(
        select(Order)
        .where(*wanted)
        .order_by(Order.placed_at.desc(), Order.no.desc())
        .limit(page_size)
        .offset(before)
        .options(*_WHOLE)
    )
    rows = found.unique().all()
    if len(rows) < page_size and (rows or not before):
        return rows, before + len(rows)
    return rows, session.scalar(select(func.count()).select_from(Order).where(*wanted)) or 0


def shipments(session: Session, no: str) -> Sequence[Shipment]:
    """The order's parcels with their scans, newest scan first."""
    found = session.scalars(
        select(Shipment)
        .where(Shipment.order_no == no)
        .order_by(Shipment.id)
        .options(joinedload(Shipment.events))
    )
    return found.unique().all()


def recipient_phone(session: Session, no: str) -> str | None:
    """Full phone number of the order's recipient; never to be shown."""
    return session.scalar(select(Order.to_phone).where(Order.no == no))


def visible(scope: Scope) -> ColumnElement[bool]:
    """Which orders ``scope`` may see."""
    # An empty scope compares with NULL and so sees nothing.
    return Order.customer_id == scope.customer if scope.customer else Order.no == scope.order
