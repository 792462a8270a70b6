"""The catalogue, and what is on."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.shop.models.base import Base


class Product(Base):
    __tablename__ = "products"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    category: Mapped[str] = mapped_column(String(20), index=True)
    summary: Mapped[str]
    image: Mapped[str]
    returnable: Mapped[bool]
    warranty_days: Mapped[int]
    sold: Mapped[int]
    listed_at: Mapped[datetime]
    details: Mapped[list[dict[str, str]]]
    size_chart: Mapped[dict[str, Any] | None]
    keywords: Mapped[str]
    seeded: Mapped[bool]
    variants: Mapped[list["Variant"]] = relationship(lazy="raise", order_by="Variant.position")


class Variant(Base):
    __tablename__ = "variants"

    sku: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    spec: Mapped[str]
    price_fen: Mapped[int]
    stock: Mapped[int]


class Promotion(Base):
    __tablename__ = "promotions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    seeded: Mapped[bool]
