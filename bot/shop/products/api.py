"""Calls about products."""

from typing import Annotated

from fastapi import APIRouter, Query

from bot.shop.calls import ALWAYS, SERVICE, Db, Id, PageNo, PageSize, Pictures, not_found, problems
from bot.shop.products import queries, schemas, views
from bot.shop.schemas import Sometimes

SIMILAR = 3
_MOST_FEN = 2**31 - 1
_PLAIN = r"^[^\x00]*$"

router = APIRouter(prefix="/v1/products", tags=["products"], dependencies=SERVICE, responses=ALWAYS)
Price = Annotated[int | Sometimes, Query(ge=0, le=_MOST_FEN, description="In fen.")]


@router.get("")
def list_products(
    db: Db,
    images: Pictures,
    q: Annotated[str, Query(max_length=60, pattern=_PLAIN, description="Words, all of which match.")] = "",
    category: Annotated[
        str | Sometimes, Query(max_length=20, pattern=_PLAIN, description="As products name it.")
    ] = None,
    min_fen: Price = None,
    max_fen: Price = None,
    in_stock: Annotated[bool, Query(description="Only what can be had.")] = False,
    sort: Annotated[schemas.Sort | Sometimes, Query(description="Without, always the same order.")] = None,
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.ProductPage:
    """The catalogue, or what of it matches."""
    rows, total = queries.products(
        db,
        q.split(),
        category=category or None,
        min_fen=min_fen,
        max_fen=max_fen,
        in_stock=in_stock,
        sort=sort or "",
        page=page,
        page_size=page_size,
    )
    items = [views.summary(row, images) for row in rows]
    return schemas.ProductPage(items=items, page=page, page_size=page_size, total=total)


@router.get("/{id}", responses=problems(404), response_model_exclude_none=True)
def get_product(id: Id, db: Db, images: Pictures) -> schemas.Product:
    """One product with its variants and similar ones."""
    row = queries.product(db, id)
    if row is None:
        raise not_found("product")
    return views.product(row, queries.similar(db, row, SIMILAR), images)
