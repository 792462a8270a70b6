"""Calls about orders: reading."""

from fastapi import APIRouter

from bot.shop.auth import Acting
from bot.shop.calls import ALWAYS, SERVICE, Db, Id, Only, PageNo, PageSize, Pictures, only_herself, problems
from bot.shop.orders import queries, schemas, views
from bot.shop.orders.own import must_own, own_order
from bot.shop.schemas import Sometimes

router = APIRouter(prefix="/v1/orders", tags=["orders"], dependencies=SERVICE, responses=ALWAYS)


@router.get("", responses=problems(404), response_model_exclude_none=True)
def list_orders(
    acting: Acting,
    db: Db,
    images: Pictures,
    customer: Only = None,
    status: schemas.OrderStatus | Sometimes = None,
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.OrderPage:
    """The acting customer's orders, newest first; with a scoped token that one order."""
    only_herself(customer, acting)
    rows, total = queries.orders(db, acting, status, page, page_size)
    scoped = acting.customer is None
    items = [views.order(row, images, scoped=scoped) for row in rows]
    return schemas.OrderPage(items=items, page=page, page_size=page_size, total=total)


@router.get("/{no}", responses=problems(404, 429), response_model_exclude_none=True)
def get_order(no: Id, acting: Acting, db: Db, images: Pictures) -> schemas.Order:
    """One order of the acting customer."""
    return views.order(own_order(db, no, acting), images, scoped=acting.customer is None)


@router.get("/{no}/shipments", responses=problems(404, 429), response_model_exclude_none=True)
def get_shipments(no: Id, acting: Acting, db: Db) -> schemas.Shipments:
    """The order's parcels; none before it is shipped."""
    must_own(db, no, acting)
    return schemas.Shipments(items=[views.shipment(each) for each in queries.shipments(db, no)])
