"""Customers and what is theirs besides orders."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.shop.models.base import Base


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    phone: Mapped[str]
    level: Mapped[str]
    points: Mapped[int]
    spent_fen: Mapped[int]
    since: Mapped[date]
    seeded: Mapped[bool]
    addresses: Mapped[list["Address"]] = relationship(lazy="raise", order_by="Address.id")
    coupons: Mapped[list["Coupon"]] = relationship(lazy="raise", order_by="Coupon.until_at, Coupon.id")
    points_history: Mapped[list["PointsChange"]] = relationship(lazy="raise")
    points_expiring: Mapped[list["PointsExpiry"]] = relationship(lazy="raise", order_by="PointsExpiry.at")


class Address(Base):
    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    phone: Mapped[str]
    region: Mapped[str]
    street: Mapped[str]
    is_default: Mapped[bool]


class Coupon(Base):
    __tablename__ = "coupons"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    off_fen: Mapped[int]
    threshold_fen: Mapped[int]
    category: Mapped[str | None]
    """Only for goods of this category."""
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PointsChange(Base):
    __tablename__ = "points_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    points: Mapped[int]
    text: Mapped[str]


class PointsExpiry(Base):
    __tablename__ = "points_expiries"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    points: Mapped[int]
