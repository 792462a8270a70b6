"""Every query of the shop. Nothing here decides who may ask: a ``Scope`` says it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, case, create_engine, delete, event, func, make_url, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload, sessionmaker
from sqlalchemy.orm.interfaces import ORMOption

from bot.shop.models import (
    Base,
    Customer,
    Order,
    OrderItem,
    Product,
    SeedMark,
    Shipment,
    VerificationTries,
)

__all__ = ["Database", "Scope", "Session"]

Database = sessionmaker[Session]


@dataclass(frozen=True)
class Scope:
    """What a call may see: everything of one customer, or one single order."""

    customer: str | None = None
    order: str | None = None


def open_database(url: str) -> Database:
    """Connect to ``url``, make missing tables, and give a factory of sessions."""
    address = make_url(url)
    local = address.get_backend_name() == "sqlite"
    if local and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    # Parameters stay out of error messages: they hold names and phone numbers.
    engine = create_engine(address, hide_parameters=True, pool_pre_ping=not local)
    if local:
        event.listen(engine, "connect", _prepare_sqlite)
    Base.metadata.create_all(engine)
    return sessionmaker(engine, expire_on_commit=False)


def close_database(database: Database) -> None:
    """Close all connections of ``database``."""
    database.kw["bind"].dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def ping(session: Session) -> None:
    """Raise if the database doesn't answer."""
    session.execute(text("SELECT 1"))


# Customers and orders


def customer(session: Session, id: str, scope: Scope) -> Customer | None:
    """The customer with addresses, if ``scope`` is that customer's."""
    if scope.customer != id:
        return None
    return session.scalar(select(Customer).where(Customer.id == id).options(selectinload(Customer.addresses)))


def order(session: Session, no: str, scope: Scope) -> Order | None:
    """The order with its items, if ``scope`` may see it."""
    return session.scalar(select(Order).where(Order.no == no, _visible(scope)).options(*_whole_order()))


def orders(
    session: Session, scope: Scope, status: str | None, page: int, page_size: int
) -> tuple[Sequence[Order], int]:
    """One page (from 1) of the visible orders, newest first, and how many there are on all pages."""
    wanted = [_visible(scope)] + ([Order.status == status] if status else [])
    total = session.scalar(select(func.count()).select_from(Order).where(*wanted)) or 0
    found = session.scalars(
        select(Order)
        .where(*wanted)
        .order_by(Order.placed_at.desc(), Order.no.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
        .options(*_whole_order())
    )
    return found.all(), total


def shipments(session: Session, no: str, scope: Scope) -> Sequence[Shipment] | None:
    """The order's parcels with their scans, newest scan first; None if ``scope`` may not see the order."""
    seen = session.scalar(
        select(Order)
        .where(Order.no == no, _visible(scope))
        .options(selectinload(Order.shipments).selectinload(Shipment.events))
    )
    return seen.shipments if seen else None


def _visible(scope: Scope) -> ColumnElement[bool]:
    # An empty scope compares with NULL and so sees nothing.
    return Order.customer_id == scope.customer if scope.customer else Order.no == scope.order


def _whole_order() -> tuple[ORMOption, ...]:
    # Products and their variants come along because the rules on returns and exchanges need them.
    items = selectinload(Order.items)
    return (items.selectinload(OrderItem.product).selectinload(Product.variants),)


# Products


def products(
    session: Session, words: Iterable[str], page: int, page_size: int
) -> tuple[Sequence[Product], int]:
    """One page (from 1) of the products that have every word in name, category, summary or specs."""
    wanted = [Product.keywords.contains(word.lower(), autoescape=True) for word in words]
    total = session.scalar(select(func.count()).select_from(Product).where(*wanted)) or 0
    found = session.scalars(
        select(Product)
        .where(*wanted)
        .order_by(Product.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
        .options(selectinload(Product.variants))
    )
    return found.all(), total


def product(session: Session, id: str) -> Product | None:
    """The product with its variants."""
    return session.scalar(select(Product).where(Product.id == id).options(selectinload(Product.variants)))


def similar(session: Session, one: Product, limit: int) -> Sequence[Product]:
    """Other products of the same category."""
    return session.scalars(
        select(Product)
        .where(Product.category == one.category, Product.id != one.id)
        .order_by(Product.id)
        .limit(limit)
        .options(selectinload(Product.variants))
    ).all()


# Verification


def count_try(session: Session, no: str, now: datetime, limit: int, span: timedelta) -> timedelta | None:
    """Count one try for ``no`` and give None, or, if it is locked, count nothing and give the time left.

    ``limit`` tries lock the number until ``span`` after the last of them; older tries are forgotten.
    Tries made at the same moment are counted one after the other, because the count is the first statement
    of its transaction and holds the row until the commit.
    """
    over = VerificationTries.last_at <= now - span
    first = _insert(session, VerificationTries).values(order_no=no, tries=1, last_at=now)
    counted = session.scalar(
        first.on_conflict_do_update(
            index_elements=[VerificationTries.order_no],
            set_={"tries": case((over, 1), else_=VerificationTries.tries + 1), "last_at": now},
            where=or_(over, VerificationTries.tries < limit),
        ).returning(VerificationTries.tries)
    )
    session.execute(delete(VerificationTries).where(over))
    if counted is not None:
        return None
    last = session.scalar(select(VerificationTries.last_at).where(VerificationTries.order_no == no))
    return last + span - now if last else timedelta(0)


def forget_tries(session: Session, no: str) -> None:
    """Begin the count for ``no`` anew."""
    session.execute(delete(VerificationTries).where(VerificationTries.order_no == no))


def recipient_phone(session: Session, no: str) -> str | None:
    """Full phone number of the order's recipient; never to be shown."""
    return session.scalar(select(Order.to_phone).where(Order.no == no))


# Sample data


def replace_all(session: Session, mark: str, rows: Iterable[Base]) -> bool:
    """Wipe the shop and put ``rows`` in its place, unless ``mark`` says that they are there already.

    One transaction; of several processes that start together exactly one does it. Lock-outs stay.
    """
    fresh = _insert(session, SeedMark).values(id=1, mark=mark)
    taken = session.scalar(
        fresh.on_conflict_do_update(
            index_elements=[SeedMark.id], set_={"mark": mark}, where=SeedMark.mark != mark
        ).returning(SeedMark.id)
    )
    if taken is None:
        session.rollback()
        return False
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in (SeedMark.__tablename__, VerificationTries.__tablename__):
            session.execute(delete(table))
    session.add_all(rows)
    session.commit()
    return True


def _insert(session: Session, model: type[Base]) -> Any:
    # Both dialects have the same "on conflict" clause, each in its own class.
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(model)
