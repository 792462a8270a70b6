"""Orders and their parcels."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.shop.models.after_sales import AfterSale, Refund
from bot.shop.models.base import Base
from bot.shop.models.products import Product


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("orders_of_customer", "customer_id", "placed_at"),)

    no: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(20))
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    pay_before: Mapped[datetime | None]
    urged_at: Mapped[datetime | None]
    price_protected_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    remark: Mapped[str | None]
    items_fen: Mapped[int]
    shipping_fen: Mapped[int]
    discount_fen: Mapped[int]
    # The address as it was when the order was placed, or as it was changed to.
    to_name: Mapped[str]
    to_phone: Mapped[str]
    to_region: Mapped[str]
    to_street: Mapped[str]
    items: Mapped[list["OrderItem"]] = relationship(lazy="raise", order_by="OrderItem.id")
    shipments: Mapped[list["Shipment"]] = relationship(lazy="raise", order_by="Shipment.id")
    invoice: Mapped["Invoice | None"] = relationship(lazy="raise")
    after_sales: Mapped[list[AfterSale]] = relationship(lazy="raise", back_populates="order")
    refunds: Mapped[list[Refund]] = relationship(lazy="raise", back_populates="order")

    @property
    def total_fen(self) -> int:
        """What is to be paid."""
        return self.items_fen + self.shipping_fen - self.discount_fen


class OrderItem(Base):
    """One line of an order, with name, spec and price as they were when it was placed."""

    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    name: Mapped[str]
    spec: Mapped[str]
    qty: Mapped[int]
    price_fen: Mapped[int]
    image: Mapped[str]
    protected: Mapped[list[int]]
    """What price protection gave back for each piece; empty before."""
    product: Mapped[Product] = relationship(lazy="raise")


class Invoice(Base):
    __tablename__ = "invoices"

    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str]
    tax_no: Mapped[str | None]
    email: Mapped[str | None]
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    expected_at: Mapped[datetime | None]


class Shipment(Base):
    __tablename__ = "shipments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no", ondelete="CASCADE"), index=True)
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
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    place: Mapped[str]
    text: Mapped[str]
