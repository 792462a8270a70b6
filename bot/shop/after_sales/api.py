"""Calls about after-sales and refunds."""

from fastapi import APIRouter, Response

from bot.shop.after_sales import queries, schemas, views, writes
from bot.shop.auth import Acting
from bot.shop.calls import ALWAYS, SERVICE, Db, Id, OfOrder, Only, PageNo, PageSize, only_herself, problems
from bot.shop.clock import now
from bot.shop.once import Writing
from bot.shop.orders.own import must_own, own_order

router = APIRouter(
    prefix="/v1", tags=["after-sales"], dependencies=SERVICE, responses=ALWAYS | problems(404, 429)
)


@router.post(
    "/returns",
    status_code=201,
    responses=problems(409)
    | {200: {"model": schemas.AfterSale, "description": "With dry_run: what would be made."}},
    response_model_exclude_none=True,
)
def request_after_sale(
    write: Writing, body: schemas.AfterSaleRequest, response: Response
) -> schemas.AfterSale:
    """Ask for a return, exchange, refund without return, resend or repair."""

    def make() -> schemas.AfterSale:
        order = own_order(write.session, body.order_no, write.scope, lock=True)
        return views.after_sale(writes.request(write.session, order, body, now()))

    made = write.once(schemas.AfterSale, make, body)
    if write.dry_run:
        response.status_code = 200
        return made.model_copy(update={"id": ""})
    return made


@router.get("/returns", response_model_exclude_none=True)
def list_after_sales(
    acting: Acting,
    db: Db,
    customer: Only = None,
    order: OfOrder = None,
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.AfterSalePage:
    """The acting customer's after-sales, newest first; with a scoped token that one order's."""
    only_herself(customer, acting)
    if order is not None:
        must_own(db, order, acting)
    rows, total = queries.after_sales(db, acting, order, page, page_size)
    items = [views.after_sale(row) for row in rows]
    return schemas.AfterSalePage(items=items, page=page, page_size=page_size, total=total)


@router.get("/returns/{id}", response_model_exclude_none=True)
def get_after_sale(id: Id, acting: Acting, db: Db) -> schemas.AfterSale:
    """One after-sale of the acting customer."""
    return views.after_sale(queries.own_after_sale(db, id, acting))


@router.post("/returns/{id}/withdraw", responses=problems(409), response_model_exclude_none=True)
def withdraw_after_sale(id: Id, write: Writing) -> schemas.AfterSale:
    """Take a request back before it is settled."""

    def take_back() -> schemas.AfterSale:
        one = queries.own_after_sale(write.session, id, write.scope, lock=True)
        return views.after_sale(writes.withdraw(write.session, one, now()))

    return write.once(schemas.AfterSale, take_back)


@router.get("/refunds", response_model_exclude_none=True)
def list_refunds(
    acting: Acting,
    db: Db,
    customer: Only = None,
    order: OfOrder = None,
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.RefundPage:
    """Money on its way to the acting customer, newest first; with a scoped token that one order's."""
    only_herself(customer, acting)
    if order is not None:
        must_own(db, order, acting)
    rows, total = queries.refunds(db, acting, order, page, page_size)
    items = [views.refund(row) for row in rows]
    return schemas.RefundPage(items=items, page=page, page_size=page_size, total=total)
