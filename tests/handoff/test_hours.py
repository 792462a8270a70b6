"""When people are there, by the hours in data/desk.yml."""

from datetime import UTC, datetime

import pytest

from bot.handoff import desk_rules, hours
from bot.handoff.desk_rules import DeskRules
from bot.handoff.hours import ZONE

# A night shift over midnight, split hours, a short day; Sunday is a day off.
WEEK = {
    "monday": ["9:00-12:00", "13:30-18:00"],
    "tuesday": ["9:00-12:00", "13:30-18:00"],
    "wednesday": [],
    "friday": ["18:00-24:00"],
    "saturday": ["0:00-2:00", "10:00-10:30"],
}
HOLIDAYS = {"2026-11-24": [], "2026-11-29": ["10:00-11:00"]}


def made(week: dict[str, list[str]], holidays: dict[str, list[str]]) -> DeskRules:
    shipped = desk_rules.current().model_dump(exclude={"hours", "holidays"})
    return DeskRules.model_validate({**shipped, "hours": week, "holidays": holidays})


RULES = made(WEEK, HOLIDAYS)
NEVER = made({}, {})


def at(day: int, clock: str) -> datetime:
    """A moment in November 2026, of which the 23rd is a Monday, in the shop's zone."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "clock", "open"),
    [
        (23, "8:59", False),
        (23, "9:00", True),
        (23, "11:59", True),
        (23, "12:00", False),
        (23, "13:29", False),
        (23, "13:30", True),
        (23, "18:00", False),
        (24, "10:00", False),  # a holiday
        (25, "10:00", False),
        (27, "23:59", True),
        (28, "0:00", True),
        (28, "1:59", True),
        (28, "2:00", False),
        (29, "10:00", True),  # a Sunday on which people work
        (22, "10:00", False),
    ],
)
def test_open(day: int, clock: str, open: bool) -> None:
    moment = at(day, clock)
    assert hours.open_at(RULES, moment) is open
    assert hours.open_at(RULES, moment.astimezone(UTC)) is open
    assert not hours.open_at(NEVER, moment)


@pytest.mark.parametrize(
    ("now", "back"),
    [
        ((23, "8:00"), (23, "9:00")),
        ((23, "10:00"), (23, "10:00")),
        ((23, "12:00"), (23, "13:30")),
        ((23, "20:00"), (27, "18:00")),  # over the holiday and the days off
        ((28, "10:30"), (29, "10:00")),
        ((29, "11:00"), (30, "9:00")),
    ],
)
def test_when_people_are_back(now: tuple[int, str], back: tuple[int, str]) -> None:
    assert hours.next_opening(RULES, at(*now)) == at(*back)


@pytest.mark.parametrize(
    ("now", "worked", "due"),
    [
        ((23, "9:00"), 2, (23, "11:00")),
        ((23, "11:00"), 1, (23, "12:00")),
        ((23, "11:00"), 4, (23, "16:30")),  # the noon break does not count
        ((23, "17:00"), 2, (27, "19:00")),
        ((27, "23:00"), 2, (28, "1:00")),  # over midnight
        ((27, "23:00"), 3.25, (28, "10:15")),
        ((22, "3:00"), 0.5, (23, "9:30")),
    ],
)
def test_hours_of_work(now: tuple[int, str], worked: float, due: tuple[int, str]) -> None:
    assert hours.after_hours_of_work(RULES, at(*now), worked) == at(*due)


def test_who_never_opens_promises_nothing() -> None:
    assert hours.next_opening(NEVER, at(23, "9:00")) is None
    assert hours.after_hours_of_work(NEVER, at(23, "9:00"), 1) is None
    assert hours.after_hours_of_work(RULES, at(23, "9:00"), 10_000) is None
