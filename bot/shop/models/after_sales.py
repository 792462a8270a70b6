"""Returns, exchanges and the like, and money on its way back."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.shop.models.base import Base

if TYPE_CHECKING:
    from bot.shop.models.orders import Order


class AfterSale(Base):
    __tablename__ = "after_sales"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(30))
    note: Mapped[str]
    evidence: Mapped[list[str]]
    target_sku: Mapped[str | None]
    target_spec: Mapped[str | None]
    refund_fen: Mapped[int]
    shipping_fen: Mapped[int]
    """What of the refund is the shipping fee."""
    created_at: Mapped[datetime]
    expected_at: Mapped[datetime | None]
    order: Mapped["Order"] = relationship(lazy="raise", back_populates="after_sales")
    items: Mapped[list["AfterSaleItem"]] = relationship(lazy="raise", order_by="AfterSaleItem.id")
    steps: Mapped[list["AfterSaleStep"]] = relationship(
        lazy="raise", order_by="AfterSaleStep.at, AfterSaleStep.id"
    )


class AfterSaleItem(Base):
    __tablename__ = "after_sale_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    after_sale_id: Mapped[str] = mapped_column(ForeignKey("after_sales.id", ondelete="CASCADE"), index=True)
    sku: Mapped[str] = mapped_column(String(40))
    name: Mapped[str]
    spec: Mapped[str]
    pieces: Mapped[list[int]]
    """Which pieces of the order's line, counted from 0; they differ by what was paid for them."""


class AfterSaleStep(Base):
    __tablename__ = "after_sale_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    after_sale_id: Mapped[str] = mapped_column(ForeignKey("after_sales.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    text: Mapped[str]


class Refund(Base):
    __tablename__ = "refunds"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    order_no: Mapped[str] = mapped_column(ForeignKey("orders.no", ondelete="CASCADE"), index=True)
    after_sale_id: Mapped[str | None] = mapped_column(ForeignKey("after_sales.id", ondelete="CASCADE"))
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    reason_text: Mapped[str]
    created_at: Mapped[datetime]
    expected_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    order: Mapped["Order"] = relationship(lazy="raise", back_populates="refunds")
    after_sale: Mapped[AfterSale | None] = relationship(lazy="raise")
