"""From what a file declares to the rows of the shop."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.shop import models
from bot.shop.after_sales.pieces import free
from bot.shop.after_sales.refunding import goods_fen, shipping_fen
from bot.shop.clock import CHINA
from bot.shop.loading import declared
from bot.shop.loading.moments import moment_of
from bot.shop.rules import PAYMENT_TIME
from bot.shop.texts import texts

Goods = Mapping[str, tuple[models.Product, models.Variant]]


class Clock:
    """Moments as of the time of loading."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def at(self, offset: str) -> datetime:
        """The declared moment."""
        return moment_of(offset, self.now)

    def sometimes(self, offset: str | None) -> datetime | None:
        """The declared moment, if any."""
        return self.at(offset) if offset else None

    def happened(self, offset: str) -> datetime:
        """The declared moment, but never after now: what is declared for this morning may load at night."""
        return min(self.at(offset), self.now)

    def maybe_happened(self, offset: str | None) -> datetime | None:
        """The same, if there is one."""
        return self.happened(offset) if offset else None


def order_no(order: declared.Order, clock: Clock) -> str:
    """The whole number, or the date of placing and eight digits of its own."""
    return order.no or f"{clock.at(order.placed).astimezone(CHINA):%Y%m%d}{order.serial}"


def product(one: declared.Product, clock: Clock, *, seeded: bool) -> models.Product:
    """A product with its variants."""
    words = [one.name, one.category, one.summary, *one.also, *(v.spec for v in one.variants)]
    return models.Product(
        id=one.id,
        name=one.name,
        category=one.category,
        summary=one.summary,
        image=one.image,
        returnable=one.returnable,
        warranty_days=one.warranty_days,
        sold=one.sold,
        listed_at=clock.at(one.listed),
        details=[{"name": name, "value": value} for name, value in one.specs.items()],
        size_chart=one.size_chart.model_dump() if one.size_chart else None,
        keywords=" ".join(words).lower(),
        seeded=seeded,
        variants=[
            models.Variant(
                sku=v.sku or f"{one.id}-{position}",
                product_id=one.id,
                position=position,
                spec=v.spec,
                price_fen=one.price_fen if v.price_fen is None else v.price_fen,
                stock=v.stock,
            )
            for position, v in enumerate(one.variants, start=1)
        ],
    )


def promotion(one: declared.Promotion, clock: Clock, *, seeded: bool) -> models.Promotion:
    """Something that is on."""
    return models.Promotion(
        id=one.id,
        title=one.title,
        text=one.text,
        from_at=clock.at(one.from_),
        until_at=clock.at(one.until),
        seeded=seeded,
    )


def customer(
    one: declared.Customer, orders: list[models.Order], clock: Clock, *, seeded: bool
) -> models.Customer:
    """A customer with what is hers but orders; ``orders`` tell what she spent, unless it is declared."""
    spent = sum(order.total_fen for order in orders if order.paid_at and order.status != "cancelled")
    return models.Customer(
        id=one.id,
        name=one.name,
        phone=one.phone,
        level=one.level,
        points=one.points,
        spent_fen=spent if one.spent_fen is None else one.spent_fen,
        since=clock.at(one.since).astimezone(CHINA).date(),
        seeded=seeded,
        addresses=[
            models.Address(
                name=a.name or one.name,
                phone=a.phone or one.phone,
                region=a.region,
                street=a.street,
                is_default=position == 0,
            )
            for position, a in enumerate(one.addresses)
        ],
        coupons=[
            models.Coupon(
                id=c.id or f"{one.id}-{position}",
                name=c.name,
                off_fen=c.off_fen,
                threshold_fen=c.threshold_fen,
                category=c.category,
                from_at=clock.at(c.from_),
                until_at=clock.at(c.until),
                used_at=clock.maybe_happened(c.used),
            )
            for position, c in enumerate(one.coupons, start=1)
        ],
        points_history=[
            models.PointsChange(at=clock.happened(at), points=points, text=text)
            for at, points, text in one.points_history
        ],
        points_expiring=[
            models.PointsExpiry(at=clock.at(at), points=points) for at, points in one.points_expiring
        ],
    )


def order(one: declared.Order, buyer: declared.Customer, goods: Goods, clock: Clock) -> models.Order:
    """An order with all that hangs on it."""
    items = [_item(line, *goods[line.sku]) for line in one.items]
    to = one.address or (buyer.addresses[0] if buyer.addresses else None)
    no = order_no(one, clock)
    made = models.Order(
        no=no,
        customer_id=one.customer,
        status=one.status,
        placed_at=clock.happened(one.placed),
        paid_at=clock.maybe_happened(one.paid),
        shipped_at=clock.maybe_happened(one.shipped),
        delivered_at=clock.maybe_happened(one.delivered),
        pay_before=_pay_before(one, clock),
        urged_at=clock.maybe_happened(one.urged),
        remark=one.remark,
        items_fen=sum(item.price_fen * item.qty for item in items),
        shipping_fen=one.shipping_fen,
        discount_fen=one.discount_fen,
        to_name=(to and to.name) or buyer.name,
        to_phone=(to and to.phone) or buyer.phone,
        to_region=to.region if to else "",
        to_street=to.street if to else "",
        items=items,
        shipments=[_parcel(parcel, clock) for parcel in one.shipments],
        after_sales=[],
        refunds=[],
    )
    if one.invoice:
        made.invoice = _invoice(one.invoice, made.total_fen, clock)
    for position, after_sale in enumerate(one.after_sales, start=1):
        _add_after_sale(made, after_sale, f"A{no}{position}", goods, clock)
    for position, refund in enumerate(one.refunds, start=1):
        made.refunds.append(_refund(refund, f"R{no}{position}", None, clock))
    return made


def _pay_before(one: declared.Order, clock: Clock) -> datetime | None:
    if one.pay_before or one.status != "pending_payment":
        return clock.sometimes(one.pay_before)
    ends = clock.at(one.placed) + PAYMENT_TIME
    return ends if ends > clock.now else None


def _item(line: declared.Item, product: models.Product, variant: models.Variant) -> models.OrderItem:
    return models.OrderItem(
        sku=variant.sku,
        product_id=product.id,
        name=product.name,
        spec=variant.spec,
        qty=line.qty,
        price_fen=variant.price_fen if line.price_fen is None else line.price_fen,
        image=product.image,
        protected=[],
    )


def _parcel(one: declared.Parcel, clock: Clock) -> models.Shipment:
    return models.Shipment(
        courier=one.courier,
        tracking_no=one.tracking_no,
        status=one.status,
        expected_at=clock.sometimes(one.expected),
        # From the oldest to the newest, so that ids break ties between scans of one moment.
        events=[
            models.ShipmentEvent(at=clock.happened(at), place=place, text=text)
            for at, place, text in one.events
        ],
    )


def _invoice(one: declared.Invoice, fen: int, clock: Clock) -> models.Invoice:
    return models.Invoice(
        kind=one.kind,
        title=one.title,
        tax_no=one.tax_no,
        email=one.email,
        amount_fen=fen,
        state=one.state,
        expected_at=clock.sometimes(one.expected),
    )


def _add_after_sale(made: models.Order, one: declared.AfterSale, id: str, goods: Goods, clock: Clock) -> None:
    lines = {item.sku: item for item in made.items}
    pieces = {p.sku: free(made, p.sku, lines[p.sku].qty)[: p.qty] for p in one.items}
    created = clock.happened(one.created)
    target = goods[one.target_sku][1] if one.target_sku else None
    shipping = shipping_fen(made, one.kind, one.reason, pieces)
    steps = one.steps or [(one.created, texts()["step"][one.state])]
    row = models.AfterSale(
        id=one.id or id,
        kind=one.kind,
        state=one.state,
        reason=one.reason,
        note=one.note,
        evidence=one.evidence,
        target_sku=target.sku if target else None,
        target_spec=target.spec if target else None,
        refund_fen=goods_fen(made, one.kind, pieces) + shipping,
        shipping_fen=shipping,
        created_at=created,
        expected_at=clock.sometimes(one.expected),
        items=[
            models.AfterSaleItem(sku=sku, name=lines[sku].name, spec=lines[sku].spec, pieces=places)
            for sku, places in pieces.items()
        ],
        steps=[models.AfterSaleStep(at=clock.happened(at), text=text) for at, text in steps],
    )
    made.after_sales.append(row)
    if one.refund:
        made.refunds.append(_refund(one.refund, f"R{row.id}", row, clock))


def _refund(
    one: declared.Refund, id: str, after_sale: models.AfterSale | None, clock: Clock
) -> models.Refund:
    return models.Refund(
        id=one.id or id,
        after_sale=after_sale,
        amount_fen=one.amount_fen,
        state=one.state,
        reason_text=one.reason,
        created_at=clock.happened(one.created),
        expected_at=clock.sometimes(one.expected),
        done_at=clock.maybe_happened(one.done),
    )


def all_orders(file: declared.File, goods: Goods, clock: Clock) -> Iterator[models.Order]:
    """Every order of the file."""
    buyers = {c.id: c for c in file.customers}
    return (order(one, buyers[one.customer], goods, clock) for one in file.orders)
