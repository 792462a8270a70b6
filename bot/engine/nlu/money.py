"""Sums of money, in fen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.nlu.values import COUNTED, NUMBER, PIECES, Pattern, Value, find, number

# After a number without a unit these say that it counts something else.
_OTHER = (
    rf"[\d.%+折天小分年月日号点cmkgCMKGWw公米里厘毫克斤两度岁周位码次块寸几来多人粉字步倍期级代{COUNTED}]"
)


def _yuan(match: re.Match[str]) -> str | None:
    value = number(match["n"])
    return str(round(value * 100)) if value else None


def _tenths(match: re.Match[str]) -> str | None:
    value = number(match["n"])
    return str(round(value * 10)) if value else None


def _thousands(match: re.Match[str]) -> str | None:
    return str(round(float(match["n"]) * 100_000))


def _yuan_and_more(match: re.Match[str]) -> str | None:
    value = number(match["n"])
    fraction = "".join(c if c.isdecimal() else f"{number(c):.0f}" for c in match["more"])
    return None if value is None else str(round((value + float(f"0.{fraction}")) * 100))


_PATTERNS = [
    Pattern("money", re.compile(rf"(?:[¥$]|(?<![A-Za-z])(?i:rmb|cny))\s?(?P<n>{NUMBER})(?![kK])"), _yuan),
    Pattern("money", re.compile(rf"(?P<n>{NUMBER})\s?(?:元钱?|圆|(?i:rmb)(?![A-Za-z])|人民币)"), _yuan),
    # 一块 says "together" as often as one yuan, 两块手表 counts watches.
    Pattern("money", re.compile(rf"(?P<n>(?!一块(?!钱)){NUMBER})\s?(?:块钱|块(?!{PIECES}))"), _yuan),
    # 12块8, 三块五毛; but 5块一斤 is five yuan.
    Pattern(
        "money",
        re.compile(
            rf"(?P<n>{NUMBER})\s?块(?P<more>\d{{1,2}}|[一二两三四五六七八九])(?:毛钱?|角|(?!{_OTHER}))"
        ),
        _yuan_and_more,
    ),
    Pattern("money", re.compile(rf"(?P<n>{NUMBER})\s?(?:毛钱?|角)(?![衣巾呢线绒尖毯度落])"), _tenths),
    Pattern(
        "money",
        re.compile(
            r"(?<![\d.A-Za-z])(?:[¥$]\s?)?(?P<n>\d{1,3}(?:\.\d{1,2})?)[kK](?![A-Za-z\d屏高超显电画视投分色])"
        ),
        _thousands,
    ),
    # 两百五, 1.2万
    Pattern(
        "money",
        re.compile(
            rf"(?P<n>(?<![百千万\d])[一二两三四五六七八九][百千万][零一二两三四五六七八九十百千]*"
            rf"|(?<![\d.])\d{{1,3}}(?:\.\d+)?万)(?!{_OTHER})"
        ),
        _yuan,
    ),
    # 满300减50, 花了128
    Pattern(
        "money",
        re.compile(
            r"(?:满|减|花了?|付了?|实付|原价|现价|卖|到手价?|价格|[降涨][到了]|便宜了?|优惠了?)"
            rf"(?P<v>(?P<n>(?![一二两三四五六七八九](?![十百千万])){NUMBER}))(?!{_OTHER}|[元毛角])"
        ),
        _yuan,
    ),
]


def find_money(text: str) -> Iterator[Value]:
    """Give the sums in normalized ``text``, overlaps included."""
    return find(_PATTERNS, text)
