"""Puts what a file declares into the shop, in one short transaction, also while the shop is running."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, inspect, literal, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import selectinload

from bot.shop import clock, database, models
from bot.shop.database import Session
from bot.shop.loading import rows
from bot.shop.loading.consistent import check, check_goods
from bot.shop.loading.declared import File
from bot.shop.loading.reading import CannotLoad, Source

# Lock-outs outlive any data.
_STAYS = {models.SeedMark.__tablename__, models.VerificationTries.__tablename__, models.Miss.__tablename__}
OWN = "own data"
"""The mark of a shop that was emptied for a file: no sample data come back."""


@dataclass(frozen=True)
class Loaded:
    """How many of each were loaded."""

    customers: int
    products: int
    orders: int
    promotions: int


def load(database_url: str, declared: Path | Mapping[str, Any], *, replace: bool = False) -> Loaded:
    """Add what a file declares, or a mapping of the same form, to the shop at ``database_url``.

    A customer who is named is replaced with all that is hers, and so are products and promotions; others
    stay. ``replace`` empties the shop first. Raises CannotLoad, and then nothing has changed.
    """
    source = Source(declared)
    file = source.file()
    try:
        opened = database.open_database(database_url)
        try:
            with opened() as session:
                if replace:
                    empty(session)
                loaded = put(session, source, file, clock.now())
                session.commit()
                return loaded
        finally:
            database.close(opened)
    except IntegrityError:
        raise CannotLoad(
            "An id of this file (order, coupon, return, refund or sku) belongs to somebody else in the shop: "
            "give it another."
        ) from None
    except OperationalError:
        raise CannotLoad("The shop's database does not answer: see GUITAI_SHOP_DATABASE_URL.") from None


def empty(session: Session) -> None:
    """Take everything out but lock-outs; from now on the shop holds what files bring."""
    session.execute(delete(models.SeedMark))
    session.add(models.SeedMark(id=1, mark=OWN))
    for table in reversed(models.Base.metadata.sorted_tables):
        if table.name not in _STAYS:
            session.execute(delete(table))


def put(session: Session, source: Source, file: File, now: datetime, *, seeded: bool = False) -> Loaded:
    """Replace what ``file`` names; the caller commits. ``seeded`` marks it as sample data."""
    check(source, file)
    moments = rows.Clock(now)
    products = [rows.product(one, moments, seeded=seeded) for one in file.products]
    # The first statement writes, so that on SQLite nobody else can write from here on.
    remove_customers(session, [c.id for c in file.customers])
    _put_products(session, products)
    goods = _goods(session, file)
    check_goods(source, file, {sku: variant.price_fen for sku, (_, variant) in goods.items()})
    orders = list(rows.all_orders(file, goods, moments))
    _refuse_taken_numbers(session, source, orders)
    by_customer: dict[str, list[models.Order]] = {}
    for order in orders:
        by_customer.setdefault(order.customer_id, []).append(order)
    session.add_all(
        rows.customer(one, by_customer.get(one.id, []), moments, seeded=seeded) for one in file.customers
    )
    session.flush()
    session.add_all(orders)
    session.execute(delete(models.Promotion).where(models.Promotion.id.in_([p.id for p in file.promotions])))
    session.add_all(rows.promotion(one, moments, seeded=seeded) for one in file.promotions)
    session.flush()
    return Loaded(len(file.customers), len(products), len(orders), len(file.promotions))


def remove_customers(session: Session, ids: Sequence[str]) -> None:
    """Take customers out with all that is theirs."""
    theirs = select(literal("order:") + models.Order.no).where(models.Order.customer_id.in_(ids))
    scopes = [f"customer:{id}" for id in ids]
    # What was answered about data that are gone is answered no longer.
    session.execute(
        delete(models.IdempotencyKey).where(
            models.IdempotencyKey.scope.in_(scopes) | models.IdempotencyKey.scope.in_(theirs)
        )
    )
    session.execute(delete(models.Customer).where(models.Customer.id.in_(ids)))


def _put_products(session: Session, products: Iterable[models.Product]) -> None:
    """Overwrite or add; deleting them would fail, as others' orders name them."""
    for product in products:
        columns = inspect(models.Product).column_attrs.keys()
        values = {name: getattr(product, name) for name in columns}
        known = session.execute(update(models.Product).where(models.Product.id == product.id).values(values))
        if not known.rowcount:  # type: ignore[attr-defined]
            session.execute(insert(models.Product).values(values))
        session.execute(delete(models.Variant).where(models.Variant.product_id == product.id))
        names = inspect(models.Variant).column_attrs.keys()
        session.execute(insert(models.Variant), [{n: getattr(v, n) for n in names} for v in product.variants])


def _goods(session: Session, file: File) -> dict[str, tuple[models.Product, models.Variant]]:
    """Products and variants of all skus that the file's orders name, as the shop has them now."""
    skus = {item.sku for order in file.orders for item in order.items}
    skus |= {one.target_sku for order in file.orders for one in order.after_sales if one.target_sku}
    named = select(models.Variant.product_id).where(models.Variant.sku.in_(skus))
    products = session.scalars(
        select(models.Product)
        .where(models.Product.id.in_(named))
        .options(selectinload(models.Product.variants))
    )
    return {variant.sku: (product, variant) for product in products for variant in product.variants}


def _refuse_taken_numbers(session: Session, source: Source, orders: list[models.Order]) -> None:
    numbers = [order.no for order in orders]
    taken = set(session.scalars(select(models.Order.no).where(models.Order.no.in_(numbers))))
    for at, number in enumerate(numbers):
        if number in taken or number in numbers[:at]:
            source.fail(("orders", at), f"there is an order {number} already; give this one another no")
