"""What all tables share."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

# Relationships are lazy="raise": a query that forgot to load something fails at once instead of asking
# the database once per row. What belongs to a customer or an order goes with it (ON DELETE CASCADE).


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
        list[str]: JSON,
        list[int]: JSON,
    }
