"""What the shop remembers of its callers and of its sample data."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.shop.models.base import Base


class VerificationTries(Base):
    """Wrong tries for one order number, whether or not that order exists."""

    __tablename__ = "verification_tries"

    order_no: Mapped[str] = mapped_column(String(40), primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class Miss(Base):
    """A number that one acting scope asked for though it is not its own."""

    __tablename__ = "misses"

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKey(Base):
    """A write that was done, and what was answered."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


class SeedMark(Base):
    """One row that says which sample data is loaded."""

    __tablename__ = "seed_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str]
