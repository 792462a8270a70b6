"""What changes an order. Rules are checked again here; the caller commits."""

from datetime import datetime, timedelta

from sqlalchemy import update

from bot.shop.after_sales.refunding import new_refund
from bot.shop.calls import not_found
from bot.shop.clock import CHINA
from bot.shop.customers.queries import address as saved_address
from bot.shop.database import Session
from bot.shop.masks import part_address
from bot.shop.models import Invoice, Order, Variant
from bot.shop.orders import rules, schemas, views
from bot.shop.rules import DISPATCH_TIME, INVOICE_TIME, REFUND_TIME
from bot.shop.schemas import Recipient
from bot.shop.scope import Scope
from bot.shop.texts import NotAllowed, texts


def cancel(session: Session, order: Order, reason: str, now: datetime) -> schemas.Cancellation:
    """Cancel what was not sent; what was paid comes back, and so does the stock."""
    _allow("cancel", order, now)
    paid, order.status, order.cancel_reason = order.status == "paid", "cancelled", reason or None
    if not paid:
        return schemas.Cancellation(refund_fen=0)
    amount = order.total_fen - sum(refund.amount_fen for refund in order.refunds)
    session.add(new_refund(order, amount, texts()["refund_reason"]["cancelled"], now))
    for item in sorted(order.items, key=lambda each: each.sku):
        session.execute(
            update(Variant)
            .where(Variant.sku == item.sku)
            .values(stock=Variant.stock + item.qty)
            .execution_options(synchronize_session=False)
        )
    return schemas.Cancellation(
        refund_fen=amount, method_text=texts()["refund_method"], expected_at=now + REFUND_TIME
    )


def change_address(
    session: Session,
    order: Order,
    to: schemas.SavedAddress | schemas.WrittenAddress,
    scope: Scope,
    now: datetime,
) -> Recipient:
    """Send it elsewhere."""
    _allow("change_address", order, now, scoped=scope.customer is None)
    if isinstance(to, schemas.SavedAddress):
        saved = saved_address(session, to.address_id, scope)
        if saved is None:
            raise not_found("address")
        order.to_name, order.to_phone = saved.name, saved.phone
        order.to_region, order.to_street = saved.region, saved.street
    else:
        order.to_name, order.to_phone = to.name or order.to_name, to.phone or order.to_phone
        order.to_region, order.to_street = part_address(to.text)
    return views.recipient(order)


def urge(order: Order, now: datetime) -> schemas.Urged:
    """Press for dispatch or delivery."""
    _allow("urge", order, now)
    order.urged_at = now
    if order.status == "paid":
        promised = (order.paid_at or now) + DISPATCH_TIME
        return schemas.Urged(promised_at=promised if promised > now else _tomorrow_evening(now))
    expected = [s.expected_at for s in order.shipments if s.expected_at and s.status != "delivered"]
    return schemas.Urged(promised_at=max((e for e in expected if e > now), default=None))


def _tomorrow_evening(now: datetime) -> datetime:
    tomorrow = now.astimezone(CHINA) + timedelta(days=1)
    return tomorrow.replace(hour=18, minute=0, second=0, microsecond=0)


def remark(order: Order, text: str, now: datetime) -> schemas.Remark:
    """Leave a wish with the warehouse, in place of an earlier one."""
    _allow("remark", order, now)
    order.remark = text
    return schemas.Remark(order_no=order.no, remark=text)


def ask_invoice(
    session: Session, order: Order, wanted: schemas.InvoiceRequest, now: datetime
) -> schemas.Invoice:
    """Ask for an invoice, once."""
    _allow("invoice", order, now)
    made = Invoice(
        order_no=order.no,
        kind=wanted.kind,
        title=wanted.title,
        tax_no=wanted.tax_no if wanted.kind == "company" else None,
        email=wanted.email,
        amount_fen=order.total_fen,
        state="requested",
        expected_at=now + INVOICE_TIME,
    )
    session.add(made)
    return views.invoice(made)


def protect_price(session: Session, order: Order, now: datetime) -> schemas.PriceProtection:
    """Give back what the goods became cheaper by, once."""
    _allow("price_protect", order, now)
    lines = rules.cheaper(order)
    for item, pieces in lines:
        item.protected = pieces
    order.price_protected_at = now
    amount = sum(sum(pieces) for _, pieces in lines)
    session.add(new_refund(order, amount, texts()["refund_reason"]["price_protect"], now))
    return schemas.PriceProtection(
        refund_fen=amount,
        items=[
            schemas.LowerPrice(
                sku=item.sku, name=item.name, paid_fen=item.price_fen, price_fen=rules.price_now(item)
            )
            for item, _ in lines
        ],
        method_text=texts()["refund_method"],
        expected_at=now + REFUND_TIME,
    )


def _allow(action: str, order: Order, now: datetime, *, scoped: bool = False) -> None:
    why = rules.refusal(action, order, now, scoped=scoped)
    if why:
        raise NotAllowed(why)
