"""Days of the shop, and the periods that figures are of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.conversations.notices import ZONE

LONGEST = 731  # days


class WrongPeriod(Exception):
    """The days are no period: the end lies before the beginning, or they are too many."""


@dataclass(frozen=True)
class Period:
    """What happened from ``start`` until before ``end``, which are moments."""

    start: datetime
    end: datetime

    @property
    def first(self) -> date:
        return day(self.start)

    @property
    def last(self) -> date:
        return day(self.end - timedelta(microseconds=1))

    @property
    def days(self) -> list[date]:
        """The shop's days that it touches."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def before(self, now: datetime) -> "Period":
        """The period of the same length before; of a period that goes on, as much as there is of it."""
        length = timedelta(days=len(self.days))
        return Period(self.start - length, max(self.start - length, min(self.end, now) - length))


def day(at: datetime) -> date:
    """The shop's day of a moment."""
    return at.astimezone(ZONE).date()


def of_days(first: date, last: date) -> Period:
    """The shop's days from ``first`` to ``last``, both whole. Raises WrongPeriod."""
    if not 0 <= (last - first).days < LONGEST or not 1971 <= first.year <= last.year < 9999:
        raise WrongPeriod
    return Period(_midnight(first), _midnight(last + timedelta(days=1)))


def named(name: str, now: datetime) -> Period | None:
    """``today``, ``7`` or ``30`` (days, today being the last), ``month`` (this one so far)."""
    today = day(now)
    firsts = {
        "today": today,
        "7": today - timedelta(days=6),
        "30": today - timedelta(days=29),
        "month": today.replace(day=1),
    }
    return of_days(firsts[name], today) if name in firsts else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)
