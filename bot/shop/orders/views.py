"""Orders and parcels as they are told: words for codes, China time, personal data masked."""

from bot.shop import clock, models
from bot.shop.after_sales import rules as after_sales
from bot.shop.calls import permission
from bot.shop.masks import mask_address, mask_email, mask_name, mask_phone
from bot.shop.orders import rules, schemas
from bot.shop.schemas import Recipient
from bot.shop.texts import texts


def order(row: models.Order, pictures: str, *, scoped: bool = False) -> schemas.Order:
    """``pictures`` is the address under which the pictures are served; ``scoped`` as in ``rules``."""
    now = clock.now()
    of_items = {item.sku: after_sales.refusals(row, item, now) for item in row.items}
    can = {action: rules.refusal(action, row, now, scoped=scoped) for action in rules.ACTIONS}
    can |= after_sales.of_order(of_items.values())
    return schemas.Order.model_validate(
        {
            "no": row.no,
            "customer": row.customer_id,
            "status": row.status,
            "status_text": texts()["order_status"][_status(row)],
            "placed_at": row.placed_at,
            "paid_at": row.paid_at,
            "shipped_at": row.shipped_at,
            "delivered_at": row.delivered_at,
            "pay_before": row.pay_before if row.status == "pending_payment" else None,
            "remark": row.remark,
            "invoice": invoice(row.invoice) if row.invoice else None,
            "items": [
                {
                    "sku": item.sku,
                    "product": item.product_id,
                    "name": item.name,
                    "spec": item.spec,
                    "qty": item.qty,
                    "price_fen": item.price_fen,
                    "image": f"{pictures}/{item.image}.svg",
                    "can": {kind: permission(why) for kind, why in of_items[item.sku].items()},
                }
                for item in row.items
            ],
            "amounts": {
                "items_fen": row.items_fen,
                "shipping_fen": row.shipping_fen,
                "discount_fen": row.discount_fen,
                "total_fen": row.total_fen,
                "paid_fen": row.total_fen if row.paid_at else 0,
            },
            "address": recipient(row),
            "can": {action: permission(why) for action, why in can.items()},
        }
    )


def _status(row: models.Order) -> str:
    if row.status != "cancelled" or not row.refunds:
        return row.status
    return "refunded" if all(refund.state == "done" for refund in row.refunds) else "refunding"


def recipient(row: models.Order) -> Recipient:
    """Where the order goes, masked."""
    return Recipient(
        name=mask_name(row.to_name), phone=mask_phone(row.to_phone), text=mask_address(row.to_region)
    )


def invoice(row: models.Invoice) -> schemas.Invoice:
    return schemas.Invoice.model_validate(
        {
            "kind": row.kind,
            "title": row.title,
            "tax_no": row.tax_no,
            "email": mask_email(row.email) if row.email else None,
            "amount_fen": row.amount_fen,
            "state": row.state,
            "state_text": texts()["invoice_state"][row.state],
            "expected_at": row.expected_at,
        }
    )


def shipment(row: models.Shipment) -> schemas.Shipment:
    return schemas.Shipment.model_validate(
        {
            "courier": row.courier,
            "tracking_no": row.tracking_no,
            "status": row.status,
            "status_text": texts()["shipment_status"][row.status],
            "expected_at": row.expected_at,
            "events": [{"at": e.at, "place": e.place, "text": e.text} for e in row.events],
        }
    )
