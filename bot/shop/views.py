"""From rows to answers: words for codes, China time, personal data masked."""

from collections.abc import Sequence
from datetime import datetime

from bot.shop import models, rules, schemas
from bot.shop.clock import CHINA, now


def customer(row: models.Customer) -> schemas.Customer:
    return schemas.Customer.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "phone": mask_phone(row.phone),
            "level": row.level,
            "level_text": rules.texts()["level"][row.level],
            "points": row.points,
            "since": row.since,
            "addresses": [
                schemas.CustomerAddress(
                    name=mask_name(a.name),
                    phone=mask_phone(a.phone),
                    text=mask_address(a.region),
                    is_default=a.is_default,
                )
                for a in row.addresses
            ],
        }
    )


def order(row: models.Order, pictures: str) -> schemas.Order:
    """``pictures`` is the address under which the pictures are served."""
    moment = now()
    refusals = {action: rules.refusal(action, row, moment) for action in rules.ACTIONS}
    total = row.items_fen + row.shipping_fen - row.discount_fen
    status = "refunded" if row.refunded_at else row.status
    return schemas.Order.model_validate(
        {
            "no": row.no,
            "customer": row.customer_id,
            "status": row.status,
            "status_text": rules.texts()["order_status"][status],
            "placed_at": _local(row.placed_at),
            "paid_at": _local(row.paid_at),
            "shipped_at": _local(row.shipped_at),
            "delivered_at": _local(row.delivered_at),
            "items": [
                schemas.OrderItem(
                    sku=item.sku,
                    product=item.product_id,
                    name=item.name,
                    spec=item.spec,
                    qty=item.qty,
                    price_fen=item.price_fen,
                    image=f"{pictures}/{item.image}.svg",
                )
                for item in row.items
            ],
            "amounts": schemas.Amounts(
                items_fen=row.items_fen,
                shipping_fen=row.shipping_fen,
                discount_fen=row.discount_fen,
                total_fen=total,
                paid_fen=total if row.paid_at else 0,
            ),
            "address": schemas.Recipient(
                name=mask_name(row.to_name), phone=mask_phone(row.to_phone), text=mask_address(row.to_region)
            ),
            "can": {action: {"allowed": why is None, "reason": why} for action, why in refusals.items()},
        }
    )


def shipment(row: models.Shipment) -> schemas.Shipment:
    return schemas.Shipment.model_validate(
        {
            "courier": row.courier,
            "tracking_no": row.tracking_no,
            "status": row.status,
            "status_text": rules.texts()["shipment_status"][row.status],
            "expected_at": _local(row.expected_at),
            "events": [{"at": _local(e.at), "place": e.place, "text": e.text} for e in row.events],
        }
    )


def product_summary(row: models.Product, pictures: str) -> schemas.ProductSummary:
    return schemas.ProductSummary(
        id=row.id,
        name=row.name,
        category=row.category,
        summary=row.summary,
        image=f"{pictures}/{row.image}.svg",
        price_fen=min(v.price_fen for v in row.variants),
        in_stock=any(v.stock for v in row.variants),
    )


def product(row: models.Product, similar: Sequence[models.Product], pictures: str) -> schemas.Product:
    return schemas.Product(
        **product_summary(row, pictures).model_dump(),
        specs=[schemas.Detail.model_validate(d) for d in row.details],
        variants=[
            schemas.Variant(sku=v.sku, spec=v.spec, price_fen=v.price_fen, stock=v.stock)
            for v in row.variants
        ],
        size_chart=schemas.SizeChart.model_validate(row.size_chart) if row.size_chart else None,
        similar=[product_summary(s, pictures) for s in similar],
    )


def mask_phone(phone: str) -> str:
    """138****5678"""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_name(name: str) -> str:
    """林**"""
    return name[:1] + "*" * (len(name) - 1)


def mask_address(region: str) -> str:
    """The region alone; street and house never leave the shop."""
    return f"{region}****"


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(CHINA) if moment else None
