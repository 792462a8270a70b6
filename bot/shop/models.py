"""Tables of the shop. Money is integer fen; moments are kept in UTC."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone, so that it is the same on SQLite and PostgreSQL."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Moment,
        dict[str, Any]: JSON,
        list[dict[str, str]]: JSON,
    }


# Relationships are lazy="raise": a query that forgot to load something fails at once instead of asking
# the database once per row.


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    phone: Mapped[str]
    level: Mapped[str]
    points: Mapped[int]
    since: Mapped[date]
    addresses: Mapped[list["Address"]] = relationship(lazy="raise", order_by="Address.id")


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    name: Mapped[str]
    phone: Mapped[str]
    region: Mapped[str]
    street: Mapped[str]
    is_default: Mapped[bool]


class Product(Base):
    __tablename__ = "products"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(String(20), index=True)
    summary: Mapped[str]
    image: Mapped[str]
    returnable: Mapped[bool]
    details: Mapped[list[dict[str, str]]]
    size_chart: Mapped[dict[str, Any] | None]
    keywords: Mapped[str]
    variants: Mapped[list["Variant"]] = relationship(lazy="raise", order_by="Variant.position")


class Variant(Base):
    __tablename__ = "variants"

    sku: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"), index=True)
    position: Mapped[int]
    spec: Mapped[str]
    price_fen: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("orders_of_customer", "customer_id", "placed_at"),)

    no: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(String(20))
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]
    invoiced: Mapped[bool]
    items_fen: Mapped[int]
    shipping_fen: Mapped[int]
    discount_fen: Mapped[int]
    # The address as it was when the order was placed.
    to_name: Mapped[str]
    to_phone: Mapped[str]
    to_region: Mapped[str]
    to_street: Mapped[str]
    items: Mapped[list["OrderItem"]] = relationship(lazy="raise", order_by="OrderItem.id")
    shipments: Mapped[list["Shipment"]] = relationship(lazy="raise", order_by="Shipment.id")


class OrderItem(Base):
    """One line of an order, with name, spec and price as they were when it was placed."""

    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no"), index=True)
    sku: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    name: Mapped[str]
    spec: Mapped[str]
    qty: Mapped[int]
    price_fen: Mapped[int]
    image: Mapped[str]
    product: Mapped[Product] = relationship(lazy="raise")


class Shipment(Base):
    __tablename__ = "shipments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no"), index=True)
    courier: Mapped[str]
    tracking_no: Mapped[str]
    status: Mapped[str] = mapped_column(String(20))
    expected_at: Mapped[datetime | None]
    events: Mapped[list["ShipmentEvent"]] = relationship(
        lazy="raise", order_by="ShipmentEvent.at.desc(), ShipmentEvent.id.desc()"
    )


class ShipmentEvent(Base):
    __tablename__ = "shipment_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id"), index=True)
    at: Mapped[datetime]
    place: Mapped[str]
    text: Mapped[str]


class VerificationTries(Base):
    """Wrong tries for one order number, whether or not that order exists."""

    __tablename__ = "verification_tries"

    order_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class SeedMark(Base):
    """One row that says which sample data is loaded."""

    __tablename__ = "seed_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]
