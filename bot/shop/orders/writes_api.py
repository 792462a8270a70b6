"""Calls that change an order."""

from typing import Annotated

from fastapi import APIRouter, Body

from bot.problems import Problem
from bot.shop.calls import ALWAYS, SERVICE, Id, problems
from bot.shop.clock import now
from bot.shop.models import Order
from bot.shop.once import Write, Writing
from bot.shop.orders import schemas, writes
from bot.shop.orders.own import own_order
from bot.shop.schemas import Recipient

router = APIRouter(
    prefix="/v1/orders/{no}",
    tags=["orders"],
    dependencies=SERVICE,
    responses=ALWAYS | problems(404, 409, 429),
)
Address = Annotated[schemas.SavedAddress | schemas.WrittenAddress, Body()]


def _order(write: Write, no: str) -> Order:
    return own_order(write.session, no, write.scope, lock=True)


@router.post("/cancel", response_model_exclude_none=True)
def cancel_order(no: Id, write: Writing, body: schemas.CancelRequest | None = None) -> schemas.Cancellation:
    """Cancel an order that was not sent, and give the money back."""
    why = (body.reason if body else None) or ""
    return write.once(
        schemas.Cancellation, lambda: writes.cancel(write.session, _order(write, no), why, now()), body
    )


@router.post("/address")
def change_address(no: Id, write: Writing, body: Address) -> Recipient:
    """Send an order elsewhere. An anonymous visitor has to sign in for it."""
    return write.once(
        Recipient,
        lambda: writes.change_address(write.session, _order(write, no), body, write.scope, now()),
        body,
    )


@router.post("/urge", response_model_exclude_none=True)
def urge_order(no: Id, write: Writing) -> schemas.Urged:
    """Press for dispatch or delivery."""
    return write.once(schemas.Urged, lambda: writes.urge(_order(write, no), now()))


@router.post("/remark")
def remark_order(no: Id, write: Writing, body: schemas.RemarkRequest) -> schemas.Remark:
    """Leave a wish with the warehouse."""
    return write.once(schemas.Remark, lambda: writes.remark(_order(write, no), body.text, now()), body)


@router.post("/invoice", response_model_exclude_none=True)
def ask_invoice(no: Id, write: Writing, body: schemas.InvoiceRequest) -> schemas.Invoice:
    """Ask for an invoice."""
    if body.kind == "company" and body.tax_no is None:
        raise Problem(422, "tax-no-required", "A company's invoice needs its tax number: send tax_no.")
    return write.once(
        schemas.Invoice, lambda: writes.ask_invoice(write.session, _order(write, no), body, now()), body
    )


@router.post("/price-protection")
def protect_price(no: Id, write: Writing) -> schemas.PriceProtection:
    """Give back what the goods became cheaper by."""
    return write.once(
        schemas.PriceProtection, lambda: writes.protect_price(write.session, _order(write, no), now())
    )
