"""When people are there: weekly hours with several spans a day, and days with hours of their own."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .desk_rules import DAYS, DeskRules, Span

ZONE = ZoneInfo("Asia/Shanghai")
LOOK_AHEAD = 60  # days


def open_at(rules: DeskRules, at: datetime) -> bool:
    """Whether people are there at this moment, by the hours."""
    there = at.astimezone(ZONE)
    return any(begins <= there.time() < ends for begins, ends in _spans(rules, there))


def next_opening(rules: DeskRules, at: datetime) -> datetime | None:
    """When people are there next: ``at`` itself within the hours; None when they never are."""
    if open_at(rules, at):
        return at
    for begins, _ in _coming(rules, at):
        if begins > at:
            return begins
    return None


def after_hours_of_work(rules: DeskRules, at: datetime, hours: float) -> datetime | None:
    """The moment by which people have been there for so many hours from ``at`` on; None: never."""
    left = timedelta(hours=hours)
    for begins, ends in _coming(rules, at):
        begins = max(begins, at)
        if begins + left <= ends:
            return begins + left
        left -= max(ends - begins, timedelta(0))
    return None


def _coming(rules: DeskRules, at: datetime) -> list[tuple[datetime, datetime]]:
    """The spans that have not ended yet, in UTC."""
    spans = []
    today = at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        for begins, ends in _spans(rules, day):
            span = _moment(day, begins), _moment(day, ends)
            if span[1] > at:
                spans.append(span)
    return spans


def _spans(rules: DeskRules, day: datetime) -> list[Span]:
    found = rules.holidays.get(day.date())
    return rules.hours.get(DAYS[day.weekday()], []) if found is None else found


def _moment(day: datetime, clock: time) -> datetime:
    if clock == time.max:
        return (day + timedelta(days=1)).astimezone(UTC)
    return day.replace(hour=clock.hour, minute=clock.minute).astimezone(UTC)
