from datetime import datetime

import pytest

from bot.engine.nlu.times import CHINA, Times
from bot.engine.nlu.values import without_overlaps

FESTIVALS = {
    "06-18": ["618"],
    "11-11": ["双十一", "双11"],
    "春节": ["过年"],
    "除夕": None,
    "清明": [],
    "国庆节": ["国庆"],
    "母亲节": [],
}
SUNDAY = datetime(2026, 11, 22, 9, 55, tzinfo=CHINA)


@pytest.fixture(scope="module")
def times() -> Times:
    return Times(FESTIVALS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("昨天下午", "2026-11-21T12:00/2026-11-21T18:00"),
        ("大后天", "2026-11-25"),
        ("昨晚八点半", "2026-11-21T20:30"),
        ("今天上午10点", "2026-11-22T10:00"),
        ("晚上12点", "2026-11-23T00:00"),
        ("下午3点", "2026-11-22T15:00"),
        ("上周三", "2026-11-11"),
        ("下礼拜天", "2026-11-29"),
        ("这周末", "2026-11-21/2026-11-22"),
        ("上周", "2026-11-09/2026-11-15"),
        ("3天后", "2026-11-25"),
        ("半个月前", "2026-11-07"),
        ("一个小时前", "2026-11-22T08:55"),
        ("24小时内", "2026-11-22/2026-11-23"),
        ("5月20号", "2026-05-20"),
        ("十一月二十号", "2026-11-20"),
        ("12月12号前", "../2026-12-12"),
        ("2026-11-20", "2026-11-20"),
        ("11/20买的", "2026-11-20"),
        ("20号", "2026-11-20"),
        ("本月25号", "2026-11-25"),
        ("上个月", "2026-10"),
        ("月底", "2026-11-21/2026-11-30"),
        ("去年", "2025"),
        ("去年12月", "2025-12"),
        ("618", "2026-06-18"),
        ("去年双十一", "2025-11-11"),
        ("春节前", "../2027-02-06"),
        ("除夕", "2027-02-05"),
        ("清明后", "2026-04-05/.."),
        ("母亲节", "2026-05-10"),
        ("国庆期间", "2026-10-01"),
    ],
)
def test_time(times: Times, text: str, found: str) -> None:
    assert [value.value for value in without_overlaps(times.find(text, SUNDAY))] == [found]


@pytest.mark.parametrize(
    "text",
    [
        "早上好",
        "三日都没到",
        "等了3天",
        "两周一次",
        "一月一次",
        "618元",
        "8号楼",
        "2月30号",
        "后台",
        "早一点",
        "3/5",
    ],
)
def test_no_time(times: Times, text: str) -> None:
    assert list(times.find(text, SUNDAY)) == []


@pytest.mark.parametrize(
    ("now", "text", "day"),
    [
        (datetime(2026, 3, 1, tzinfo=CHINA), "双11", "2025-11-11"),
        (datetime(2026, 8, 1, tzinfo=CHINA), "双11", "2026-11-11"),
        (datetime(2027, 1, 5, tzinfo=CHINA), "12月30号", "2026-12-30"),
        (datetime(2027, 1, 5, tzinfo=CHINA), "29号", "2026-12-29"),
        (datetime(2028, 2, 20, tzinfo=CHINA), "2月29号", "2028-02-29"),
    ],
)
def test_a_day_without_its_year_is_the_likely_one(times: Times, now: datetime, text: str, day: str) -> None:
    assert [value.value for value in times.find(text, now)] == [day]
