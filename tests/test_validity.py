"""The days on which a wording may be said: the shop's days, both counting."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot import validity
from bot.validity import WrongDays, days, foremost, in_force, today, without_days


def wording(**metadata: Any) -> dict[str, Any]:
    return {"text": "满 199 减 30", "metadata": metadata}


def test_days_are_written_plainly_or_in_quotes() -> None:
    wanted = (date(2026, 11, 1), date(2026, 11, 11))
    assert days(wording(since="2026-11-01", until="2026-11-11")) == wanted
    assert days(wording(since=date(2026, 11, 1), until="2026-11-11")) == wanted
    assert days(wording(until="2026-11-11", by="小王")) == (None, wanted[1])
    assert days({"text": "您好"}) == days({"text": "您好", "metadata": "x"}) == (None, None)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"since": "2026-13-01"}, "since “2026-13-01” is no day. Write it as 2026-11-01"),
        ({"since": "20261101"}, "is no day"),
        ({"until": "2026-11-11 20:00"}, "until “2026-11-11 20:00” is no day"),
        ({"until": datetime(2026, 11, 11, 20, 0)}, "is no day"),
        ({"until": 11}, "until “11” is no day"),
        ({"since": "2026-11-11", "until": "2026-11-01"}, "until 2026-11-01 is before since 2026-11-11"),
    ],
)
def test_what_is_no_day_is_told(metadata: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongDays, match=said):
        days(wording(**metadata))


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2026, 10, 31), ["平时"]),
        (date(2026, 11, 1), ["双十一", "平时"]),
        (date(2026, 11, 11), ["双十一", "平时"]),
        (date(2026, 11, 12), ["平时", "以后"]),
    ],
)
def test_both_days_count(day: date, there: list[str]) -> None:
    wordings = [
        {"text": "双十一", "metadata": {"since": "2026-11-01", "until": "2026-11-11"}},
        {"text": "平时"},
        {"text": "以后", "metadata": {"since": "2026-11-12"}},
    ]
    assert [each["text"] for each in in_force(wordings, day)] == there


def test_what_has_days_goes_first() -> None:
    usual, other, sale = {"text": "平时"}, {"text": "您好"}, wording(until="2026-11-11")
    assert foremost([usual, sale, other]) == [sale]
    assert foremost([usual, other]) == [usual, other]
    assert foremost([wording(by="小王"), usual]) == [wording(by="小王"), usual]
    assert foremost([]) == []


@pytest.mark.parametrize(("hour", "day"), [(15, 11), (16, 12)])
def test_the_day_begins_at_midnight_in_china(hour: int, day: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls(2026, 11, 11, hour, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(validity, "datetime", Clock)
    assert today() == date(2026, 11, day)


def test_the_days_are_not_said() -> None:
    assert without_days(wording(since="2026-11-01")) == {"text": "满 199 减 30"}
    assert without_days(wording(since="2026-11-01", by="小王")) == wording(by="小王")
    assert without_days({"text": "您好", "metadata": "x"}) == {"text": "您好", "metadata": "x"}
