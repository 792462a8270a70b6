"""Moments relative to today or to now, so that what is declared is true on any day."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator

from bot.shop.clock import CHINA

_FROM_TODAY = re.compile(r"T(?:([+-]\d{1,5})d)?(?:([+-]\d{1,5})h)?(?: ([01]\d|2[0-3]):([0-5]\d))?")
_FROM_NOW = re.compile(r"now(?:([+-]\d{1,5})d)?(?:([+-]\d{1,5})h)?(?:([+-]\d{1,5})m)?")


def moment_of(offset: str, now: datetime) -> datetime:
    """The moment that ``offset`` names.

    ``T-3d 18:20`` is 18:20 three days ago in China, ``T+6h`` six o'clock today, ``now-2h`` two hours ago.
    ValueError for anything else.
    """
    if parts := _FROM_TODAY.fullmatch(offset):
        days, hours, hour, minute = _numbers(parts)
        midnight = datetime.combine(_today(now), time(hour, minute), CHINA)
        return midnight + timedelta(days=days, hours=hours)
    if parts := _FROM_NOW.fullmatch(offset):
        days, hours, minutes = _numbers(parts)
        return now + timedelta(days=days, hours=hours, minutes=minutes)
    raise ValueError(f"{offset!r} is no moment; write it like T-3d, T+6h, 'T-3d 18:20', now-2h or now+30m")


def _numbers(parts: re.Match[str]) -> list[int]:
    return [int(part or 0) for part in parts.groups()]


def _today(now: datetime) -> date:
    return now.astimezone(CHINA).date()


def _checked(offset: str) -> str:
    moment_of(offset, datetime(2000, 1, 1, tzinfo=CHINA))
    return offset


Offset = Annotated[str, AfterValidator(_checked)]
