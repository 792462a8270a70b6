"""On which days a wording of an answer may be said: ``metadata: {since: 2026-11-01, until: 2026-11-11}``.

Both days are the shop's and both count; either may be left out. Runs in both environments.

Of the wordings of an answer that may be said today some go before others, the first difference counting most:

1. those for the channel before those for all channels;
2. those with a condition that holds before those without (Rasa's own order, as is the first);
3. those with days before those without.

What is left are equals, of which the bot takes any. So an offer takes the place of what is said otherwise for
as long as it lasts; but a channel that has words of its own keeps them, until the offer has words for it too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, TypeVar

from bot.data_faults import Fault

SINCE, UNTIL, METADATA = "since", "until", "metadata"

Wording = TypeVar("Wording", bound=Mapping[str, Any])

# China has one time zone and no summer time, whatever zone the server keeps.
_CHINA = timezone(timedelta(hours=8))
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class WrongDays(ValueError):
    """The days of a wording cannot be used; the text says in one sentence what to correct."""

    def __init__(self, why: Fault) -> None:
        super().__init__(why)
        self.why = why


def today() -> date:
    """The day it is in the shop."""
    return datetime.now(_CHINA).date()


def days(wording: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The first and the last day of a response's variation as Rasa's files have it; None: without end.

    Raises:
        WrongDays: one is no day, or the last is before the first.
    """
    metadata = wording.get(METADATA)
    if not isinstance(metadata, Mapping):
        return None, None
    first, last = (_day(name, metadata.get(name)) for name in (SINCE, UNTIL))
    if first and last and last < first:
        raise WrongDays(Fault("days_reversed", until=last, since=first))
    return first, last


def in_force(wordings: Iterable[Wording], on: date) -> list[Wording]:
    """Those of the variations that may be said on a day.

    Raises:
        WrongDays: see ``days``.
    """
    return [each for each in wordings if _within(days(each), on)]


def foremost(wordings: Sequence[Wording]) -> Sequence[Wording]:
    """Of wordings that differ in their days only, those that go before the others (see above, 3).

    Raises:
        WrongDays: see ``days``.
    """
    return [each for each in wordings if any(days(each))] or wordings


def without_days(wording: Mapping[str, Any]) -> dict[str, Any]:
    """The variation as it is said: its days are nobody else's business."""
    rest = {key: value for key, value in wording.items() if key != METADATA}
    metadata = wording.get(METADATA)
    if isinstance(metadata, Mapping):
        metadata = {key: value for key, value in metadata.items() if key not in (SINCE, UNTIL)}
    return {**rest, METADATA: metadata} if metadata else rest


def _within(given: tuple[date | None, date | None], on: date) -> bool:
    first, last = given
    return (first is None or first <= on) and (last is None or on <= last)


def _day(name: str, value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise WrongDays(Fault("no_day", name=name, value=value))
