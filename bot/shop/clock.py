"""The shop's time: China Standard Time, which has no daylight saving, so no time zone database is needed."""

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)
