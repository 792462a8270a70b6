"""The read calls of the order contract, /v1."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Security

from bot.problems import Problem
from bot.settings import Settings
from bot.shop import auth, schemas, store, views
from bot.shop.auth import Acting
from bot.shop.clock import CHINA
from bot.shop.schemas import Sometimes
from bot.shop.store import Session

PICTURES = "/static/pictures"
SIMILAR = 3


def open_session(request: Request) -> Iterator[Session]:
    with request.app.state.database() as session:
        yield session


Db = Annotated[Session, Depends(open_session)]
Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
PageNo = Annotated[int, Query(ge=1, le=10_000, description="From 1.")]
PageSize = Annotated[int, Query(ge=1, le=100)]


def not_found(what: str) -> Problem:
    """What doesn't exist, and what exists for others only, look the same."""
    return Problem(404, "not-found", f"There is no such {what}, or not for this customer.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of the problems that a call may answer."""
    said = {
        401: "Service token or acting customer missing, wrong or expired.",
        403: "Order number and phone do not belong together, or there is no such order.",
        404: "Not there, or not for this customer.",
        422: "The request is not valid.",
        429: "Locked after five wrong tries; see Retry-After.",
        503: "The shop's database does not answer.",
    }
    return {
        s: {"model": schemas.InvalidRequest if s == 422 else schemas.ProblemDetail, "description": said[s]}
        for s in statuses
    }


router = APIRouter(
    prefix="/v1",
    dependencies=[Security(auth.service_token)],
    responses=problems(401, 422),
)
health = APIRouter()


def pictures(request: Request) -> str:
    """Absolute address of the pictures, so that other sites can show them."""
    settings: Settings = request.app.state.settings
    return settings.shop.rstrip("/") + PICTURES


Pictures = Annotated[str, Depends(pictures)]


@health.get("/healthz", responses=problems(503), tags=["health"])
def healthz(db: Db) -> schemas.Health:
    """Whether the shop and its database work."""
    try:
        store.ping(db)
    except Exception as error:
        raise Problem(503, "unavailable", "The shop's database does not answer.") from error
    return schemas.Health()


@router.get("/customers/{id}", responses=problems(404), tags=["customers"])
def get_customer(id: Id, acting: Acting, db: Db) -> schemas.Customer:
    """The acting customer."""
    row = store.customer(db, id, acting)
    if row is None:
        raise not_found("customer")
    return views.customer(row)


@router.get("/orders", responses=problems(404), response_model_exclude_none=True, tags=["orders"])
def list_orders(
    acting: Acting,
    db: Db,
    images: Pictures,
    customer: Annotated[
        str | Sometimes, Query(max_length=40, description="May only be the acting customer.")
    ] = None,
    status: schemas.OrderStatus | Sometimes = None,
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.OrderPage:
    """The acting customer's orders, newest first; with a scoped token that one order."""
    if customer is not None and customer != acting.customer:
        raise not_found("customer")
    rows, total = store.orders(db, acting, status, page, page_size)
    return schemas.OrderPage(
        items=[views.order(row, images) for row in rows], page=page, page_size=page_size, total=total
    )


@router.get("/orders/{no}", responses=problems(404), response_model_exclude_none=True, tags=["orders"])
def get_order(no: Id, acting: Acting, db: Db, images: Pictures) -> schemas.Order:
    """One order of the acting customer."""
    row = store.order(db, no, acting)
    if row is None:
        raise not_found("order")
    return views.order(row, images)


@router.get(
    "/orders/{no}/shipments", responses=problems(404), response_model_exclude_none=True, tags=["orders"]
)
def get_shipments(no: Id, acting: Acting, db: Db) -> schemas.Shipments:
    """The order's parcels; none before it is shipped."""
    rows = store.shipments(db, no, acting)
    if rows is None:
        raise not_found("order")
    return schemas.Shipments(items=[views.shipment(row) for row in rows])


@router.get("/products", tags=["products"])
def list_products(
    db: Db,
    images: Pictures,
    q: Annotated[
        str, Query(max_length=60, pattern=r"^[^\x00]*$", description="Words, all of which match.")
    ] = "",
    page: PageNo = 1,
    page_size: PageSize = 20,
) -> schemas.ProductPage:
    """The catalogue, or what of it matches."""
    rows, total = store.products(db, q.split(), page, page_size)
    return schemas.ProductPage(
        items=[views.product_summary(row, images) for row in rows],
        page=page,
        page_size=page_size,
        total=total,
    )


@router.get("/products/{id}", responses=problems(404), response_model_exclude_none=True, tags=["products"])
def get_product(id: Id, db: Db, images: Pictures) -> schemas.Product:
    """One product with its variants and similar ones."""
    row = store.product(db, id)
    if row is None:
        raise not_found("product")
    return views.product(row, store.similar(db, row, SIMILAR), images)


@router.post("/verifications", responses=problems(403, 429), tags=["verifications"])
def create_verification(body: schemas.Verification, request: Request, db: Db) -> schemas.Verified:
    """Let an anonymous visitor see one order. Five wrong tries lock the order number for 15 minutes."""
    token, expires = auth.verify(db, request.app.state.settings, body.order_no, body.phone_tail)
    return schemas.Verified(token=token, expires_at=expires.astimezone(CHINA), order_no=body.order_no)
