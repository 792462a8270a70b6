"""Queries of the catalogue."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from bot.shop.database import Session
from bot.shop.models import Product, Variant

_price = (
    select(func.min(Variant.price_fen))
    .where(Variant.product_id == Product.id)
    .correlate(Product)
    .scalar_subquery()
)
# Ties are told apart by id, so that pages never repeat or lose a product.
_ORDER: dict[str, tuple[Any, ...]] = {
    "": (Product.id,),
    "popular": (Product.sold.desc(), Product.id),
    "price_asc": (_price, Product.id),
    "price_desc": (_price.desc(), Product.id),
    "new": (Product.listed_at.desc(), Product.id),
}


def products(
    session: Session,
    words: Iterable[str] = (),
    *,
    category: str | None = None,
    min_fen: int | None = None,
    max_fen: int | None = None,
    in_stock: bool = False,
    sort: str = "",
    page: int = 1,
    page_size: int = 100,
) -> tuple[Sequence[Product], int]:
    """One page (from 1) of the products that match, and how many there are on all pages.

    Every one of ``words`` is in name, category, summary or specs; prices are the lowest of a product.
    """
    wanted: list[ColumnElement[bool]] = [
        Product.keywords.contains(word.lower(), autoescape=True) for word in words
    ]
    if category is not None:
        wanted.append(Product.category == category)
    if min_fen is not None:
        wanted.append(_price >= min_fen)
    if max_fen is not None:
        wanted.append(_price <= max_fen)
    if in_stock:
        wanted.append(Product.variants.any(Variant.stock > 0))
    total = session.scalar(select(func.count()).select_from(Product).where(*wanted)) or 0
    found = session.scalars(
        select(Product)
        .where(*wanted)
        .order_by(*_ORDER[sort])
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
