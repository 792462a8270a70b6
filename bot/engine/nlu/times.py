"""Days and times of day as people say them, in ISO 8601.

cn2an reads the numbers, lunar_python knows the festivals, dateutil counts months. Whole parsers were
weighed and left aside: docs/nlu.md says why.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import cache, partial

from dateutil.relativedelta import relativedelta
from lunar_python import Lunar, Solar
from lunar_python.util import LunarUtil

from bot.engine.nlu.normalizer import normalize
from bot.engine.nlu.values import Value, number

# China has no daylight saving, so no time zone database is needed.
CHINA = timezone(timedelta(hours=8))

# A day named without its year lies between eight months ago and four ahead: shoppers speak of what
# they bought more often than of what is to come.
_LOOK_BACK = timedelta(days=245)

_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}
_WHICH = {"上上": -2, "上": -1, "这": 0, "本": 0, "": 0, "下": 1, "下下": 2}
_EDGES = {"初": (1, 10), "中": (11, 20), "底": (21, 31)}
_UNITS = {"天": "days", "日": "days", "周": "weeks", "星期": "weeks", "礼拜": "weeks", "月": "months"}
_UNITS |= {"年": "years", "小时": "hours", "钟头": "hours", "分钟": "minutes"}
# From which hour to which.
_PARTS = {"凌晨": (0, 6), "清晨": (5, 8), "早上": (6, 9), "早晨": (6, 9), "早": (6, 9), "上午": (6, 12)}
_PARTS |= {"中午": (11, 14), "下午": (12, 18), "傍晚": (17, 19)}
_PARTS |= {"晚上": (18, 24), "晚": (18, 24), "夜里": (18, 24), "夜": (18, 24)}

_N = (
    r"(?:(?<![\d.])\d{1,2}(?![\d.])"
    r"|(?<![一二两三四五六七八九十])(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]))"
)
_THIS = r"(?:上上|下下|上|下|这|本)"
_YEAR = r"(?:(?P<year>去年|今年|明年|前年|20\d\d\s?年)的?)?"
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_HOUR = rf"(?P<hour>{_N})\s?(?:点(?![击评])|:(?=\d\d))(?P<minute>半|一刻|\d{{1,2}}(?!\d))?[分钟]?"
_BEFORE_AFTER = r"(?:之|以)?(?P<side>前(?![天台面往后])|后(?![天台面续悔来]))"
# What may follow a day: a part of it, an hour, and that it is only a limit.
_REST = re.compile(rf"(?:的?(?P<part>{_PART}))?(?:{_HOUR})?(?:{_BEFORE_AFTER})?")

Days = tuple[date, date]
Rule = tuple[re.Pattern[str], Callable[[re.Match[str], datetime], Days | datetime | None]]


def now() -> datetime:
    """The present moment in China."""
    return datetime.now(CHINA)


class Times:
    """Finds days and times.

    A value is a year, a month, a day, a day with an hour, or two of them with ``/`` between
    (``2026-11-21T12:00/2026-11-21T18:00``, ``../2027-02-06``).
    """

    def __init__(self, festivals: dict[str, list[str] | None]) -> None:
        """Take day (``MM-DD`` or a name of lunar_python) → what shoppers call it."""
        self._days = {
            normalize(word): day
            for day, words in festivals.items()
            for word in (*(words or ()), *(() if day[0].isdigit() else (day,)))
        }
        self._rules = _RULES
        if self._days:
            words = "|".join(map(re.escape, sorted(self._days, key=len, reverse=True)))
            called = re.compile(
                rf"{_YEAR}(?<![\d.])(?P<word>{words})(?![\d.%折元块件斤码克月楼])(?:当?天|期间)?"
            )
            self._rules = [*_RULES, (called, self._festival)]

    def find(self, text: str, now: datetime) -> Iterator[Value]:
        """Give the days and times in normalized ``text``, seen from ``now``; overlaps included."""
        for pattern, resolve in self._rules:
            for match in pattern.finditer(text):
                found = resolve(match, now)
                if found is None:
                    continue
                rest = _REST.match(text, match.end())
                end = rest.end() if rest else match.end()
                if end > match.start():
                    yield Value("time", _written(found, rest), match.start(), end)

    def _festival(self, match: re.Match[str], now: datetime) -> Days | None:
        day = self._days[match["word"]]
        on = partial(_day_of_year, day)
        return _same(_in_year(match["year"], now, on))


def _day_of_year(day: str, year: int) -> date | None:
    return _date(year, *map(int, day.split("-"))) if day[0].isdigit() else _festivals(year).get(day)


@cache
def _festivals(year: int) -> dict[str, date]:
    """Festival → its day in ``year``."""
    found = {}
    for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        found |= dict.fromkeys(Solar.fromYmd(day.year, day.month, day.day).getFestivals(), day)
    # From the lunar day to the solar one: the other way costs half a second.
    for lunar_year in (year - 1, year):
        for month_day, name in LunarUtil.FESTIVAL.items():
            day = _day_of(Lunar.fromYmd(lunar_year, *map(int, month_day.split("-"))).getSolar())
            if day.year == year:
                found[name] = day
    found["除夕"] = found["春节"] - timedelta(days=1)
    found["清明"] = _day_of(Lunar.fromYmd(year, 1, 1).getJieQiTable()["清明"])
    return found


def _day_of(solar: Solar) -> date:
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _in_year(named: str | None, now: datetime, on: Callable[[int], date | None]) -> date | None:
    """The day ``on(year)`` of the year named, or of the most likely one."""
    if named:
        return on(now.year + _YEARS[named] if named in _YEARS else int(named[:4]))
    first = now.date() - _LOOK_BACK
    days = [on(year) for year in (first.year, first.year + 1)]
    return next((day for day in days if day and day >= first), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _same(day: date | None) -> Days | None:
    return (day, day) if day else None


def _int(text: str) -> int:
    return int(number(text) or 0)


def _relative_day(match: re.Match[str], now: datetime) -> Days | None:
    return _same(now.date() + timedelta(days=_DAYS[match["rel"]]))


def _week(match: re.Match[str], now: datetime) -> Days | None:
    monday = now.date() + timedelta(weeks=_WHICH[match["which"] or ""], days=-now.weekday())
    day = match["weekday"]
    if not day:
        return monday, monday + timedelta(days=6)
    if day == "末":
        return monday + timedelta(days=5), monday + timedelta(days=6)
    return _same(monday + timedelta(days="一二三四五六日".find(day.replace("天", "日"))))


def _month_and_day(match: re.Match[str], now: datetime) -> Days | None:
    month, day = _int(match["month"]), _int(match["day"])
    return _same(_in_year(match["year"], now, lambda year: _date(year, month, day)))


def _month(match: re.Match[str], now: datetime) -> Days | None:
    month = _int(match["month"])
    first = _in_year(match["year"], now, lambda year: _date(year, month, 1))
    return _part_of_month(first, match["edge"]) if first else None


def _this_month(match: re.Match[str], now: datetime) -> Days | None:
    first = now.date().replace(day=1) + relativedelta(months=_WHICH[match["which"] or ""])
    return _part_of_month(first, match["edge"])


def _part_of_month(first: date, edge: str | None) -> Days:
    start, end = _EDGES[edge] if edge else (1, 31)
    last = monthrange(first.year, first.month)[1]
    return first.replace(day=start), first.replace(day=min(end, last))


def _day(match: re.Match[str], now: datetime) -> Days | None:
    """The day of that number in the month named, or the nearest one."""
    shifts = (_WHICH[match["which"]],) if match["which"] else (-1, 0, 1)
    months = [now.date().replace(day=1) + relativedelta(months=shift) for shift in shifts]
    days = [_date(first.year, first.month, _int(match["day"])) for first in months]
    known = [day for day in days if day]
    return _same(min(known, key=lambda day: abs(day - now.date()))) if known else None


def _whole_year(match: re.Match[str], now: datetime) -> Days:
    year = now.year + _YEARS[match["year"]]
    return date(year, 1, 1), date(year, 12, 31)


def _full_date(match: re.Match[str], now: datetime) -> Days | None:
    return _same(_date(int(match["year"]), int(match["month"]), int(match["day"])))


def _distance(match: re.Match[str], now: datetime) -> Days | datetime:
    unit = _UNITS[match["unit"]]
    if match["n"] == "半":
        step = {
            "days": relativedelta(hours=12),
            "months": relativedelta(days=15),
            "years": relativedelta(months=6),
            "hours": relativedelta(minutes=30),
        }.get(unit, relativedelta())
    else:
        step = relativedelta(**{unit: _int(match["n"])})
    then = now - step if match["side"] == "前" else now + step
    if match["side"] == "内":
        return now.date(), then.date()
    return then if unit in ("hours", "minutes") else (then.date(), then.date())


def _today(match: re.Match[str], now: datetime) -> Days | None:
    return _same(now.date())


_RULES: list[Rule] = [
    (re.compile(r"(?P<rel>大前|大后|前|昨|今|明|后)(?:天|日|儿个?(?!子)|个儿|(?=[早晚夜]))"), _relative_day),
    (
        re.compile(
            rf"(?<![每一二两三四五六七八九十\d几半])(?:(?P<which>{_THIS})一?个?)?(?:周|星期|礼拜)"
            r"(?P<weekday>[一二三四五六日天末])(?![年个点天度半])"
        ),
        _week,
    ),
    (re.compile(rf"(?P<which>{_THIS})一?个?(?:周|星期|礼拜)(?P<weekday>)(?![一二三四五六日天末])"), _week),
    (
        re.compile(
            rf"{_YEAR}(?P<month>{_N})\s?月\s?(?P<day>{_N}(?=\s?[号日])|\d\d?|[二三]?十[一二三四五六七八九]?)"
            r"(?:\s?[号日]|(?![\s\d]?[天个点次]))"
        ),
        _month_and_day,
    ),
    (re.compile(rf"{_YEAR}(?P<month>{_N})\s?月份?(?P<edge>[初中底])?(?!\s?[\d嫂]|[一两三几]次)"), _month),
    (re.compile(rf"(?P<which>{_THIS})一?个?月(?P<edge>[初中底])?(?!\d)"), _this_month),
    (re.compile(r"(?<![\d个一二三四五六七八九十上下这本])(?P<which>)月(?P<edge>[初中底])"), _this_month),
    # 三日 says "three days" in the south.
    (
        re.compile(
            rf"(?:(?P<which>{_THIS})一?个?月)?(?<!\d月)(?<![大小])(?P<day>{_N}(?=号)|\d\d?(?=日)|[二三]?十[一二三四五六七八九]?(?=日))"
            r"[号日](?![楼院线店门仓桌柜机码公内])"
        ),
        _day,
    ),
    (re.compile(r"(?P<year>去年|明年|前年|后年|今年)(?!\d)"), _whole_year),
    (
        re.compile(
            r"(?<!\d)(?P<year>20\d\d)(?P<sep>[./年-])(?P<month>\d{1,2})(?:(?P=sep)|月)(?P<day>\d{1,2})(?![\d])[日号]?"
        ),
        _full_date,
    ),
    # 11.20号, 11/20买的; on their own they are fractions and sizes.
    (
        re.compile(
            r"(?<![\d./-])(?P<year>)(?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?:[号日]|(?=的?(?:下单|买|拍|付款|签收|订的)))"
        ),
        _month_and_day,
    ),
    (
        re.compile(
            rf"(?P<n>半|{_N})\s?个?(?P<unit>{'|'.join(_UNITS)})(?:之|以)?(?P<side>前(?![天台面后])|后(?![天台面续悔来])|内)"
        ),
        _distance,
    ),
    (re.compile(rf"(?<![天日号\d])(?![早晚]一点)(?=(?:{_PART})\s?{_N}\s?(?:点(?![击评])|:\d\d))"), _today),
]


def _written(found: Days | datetime, rest: re.Match[str] | None) -> str:
    if isinstance(found, datetime):
        return f"{found:%Y-%m-%dT%H:%M}"
    first, last = found
    start, end = _iso(first, last), ""
    if rest and first == last and (rest["part"] or rest["hour"]):
        start, end = _hours(first, rest)
    whole = f"{start}/{end}" if end else start
    if rest and rest["side"]:
        return f"../{start.split('/')[0]}" if rest["side"] == "前" else f"{(end or start).split('/')[-1]}/.."
    return whole


def _iso(first: date, last: date) -> str:
    if first == last:
        return first.isoformat()
    if (first.day, first.month, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year)
    if first.day == 1 and last.day == monthrange(last.year, last.month)[1] and first.month == last.month:
        return f"{first:%Y-%m}"
    return f"{first}/{last}"


def _hours(day: date, rest: re.Match[str]) -> tuple[str, str]:
    midnight = datetime.combine(day, time())
    start, end = _PARTS[rest["part"]] if rest["part"] else (0, 24)
    if not rest["hour"]:
        return tuple(f"{midnight + timedelta(hours=hour):%Y-%m-%dT%H:%M}" for hour in (start, end))
    hour = _int(rest["hour"])
    minute = {"半": 30, "一刻": 15}.get(rest["minute"] or "") or int(rest["minute"] or 0)
    # 下午3点 is 15:00, 晚上12点 midnight, 中午12点 noon.
    if hour < 12 and (start >= 12 or (rest["part"] == "中午" and hour < 6)):
        hour += 12
    elif hour == 12 and start == 18:
        hour = 24
    elif hour == 12 and rest["part"] == "凌晨":
        hour = 0
    return f"{midnight + timedelta(hours=hour, minutes=minute):%Y-%m-%dT%H:%M}", ""
