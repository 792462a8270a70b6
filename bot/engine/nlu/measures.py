"""Quantities, sizes, colours by one character, and a body's height and weight."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.nlu.values import COUNTED, NUMBER, PIECES, Pattern, Value, find, number

_NO_LATIN = r"(?![A-Za-z\d])"
_ENDS = r"(?!\s?[*×xX]|[\d.一二三四五六七八九])"
# Beds, tables and cables are measured in metres too.
_THINGS = re.compile("床|桌|柜|沙发|绳|线|管|锁|宽|窗|帘|毯|架|够长|布料")
_TAKES = re.compile("[加要买拍来只退拿订换各少多剩]$")
_NAMED_HEIGHT = "身高|个子|净高|我|孩子|宝宝|小孩|娃|儿子|女儿|老公|老婆|男友|女友|妈|爸|男生|女生"


def _quantity(match: re.Match[str]) -> str | None:
    count = number(match["n"])
    # 一个 is mostly no more than an article.
    if (count, match["unit"]) == (1, "个") and not _TAKES.search(match.string, 0, match.start()):
        return None
    return f"{count:.0f}{match['unit']}" if count and count == int(count) else None


def _letters(match: re.Match[str]) -> str:
    letters = match["n"].upper()
    return "X" * int(letters[0]) + letters[2:] if letters[0].isdigit() else letters


def _numbered(match: re.Match[str]) -> str | None:
    size = number(match["n"])
    return f"{size + bool(match['half']) / 2:g}" if size and 18 <= size <= 180 else None


def _as_written(match: re.Match[str]) -> str:
    return match["v"].upper()


def _centimetres(match: re.Match[str]) -> str | None:
    return _height(float(match["n"]))


def _metres(match: re.Match[str]) -> str | None:
    return None if _THINGS.search(match.string) else _height(float(match["n"]) * 100)


def _metres_and_more(match: re.Match[str]) -> str | None:
    if _THINGS.search(match.string):
        return None
    more = "".join(c if c.isdecimal() else f"{number(c):.0f}" for c in match["more"])
    return _height(100 + float(f"0.{more}") * 100)


def _height(cm: float) -> str | None:
    return f"{cm:.0f}" if 50 <= cm <= 230 else None


def _weight(match: re.Match[str]) -> str | None:
    value = number(match["n"])
    if not value:
        return None
    kg = value / 2 if match["unit"] == "斤" else value
    # Five pounds are a parcel's weight, not a person's.
    return f"{kg:.1f}" if 30 <= kg <= 150 else None


def _weight_alone(match: re.Match[str]) -> str:
    return f"{_kilograms(float(match['n']), 165):.1f}"


def _kilograms(value: float, cm: float) -> float:
    """``value`` as kg or, halved, as 斤: whichever makes the more usual body of this height."""
    return min(value, value / 2, key=lambda kg: abs(kg / (cm / 100) ** 2 - 21.5))


_PATTERNS = [
    Pattern(
        "quantity",
        re.compile(
            rf"(?<![第每哪那这某另上下前后同有初近几])(?P<n>{NUMBER})\s?(?P<unit>[{COUNTED}]|块(?={PIECES}))"
            r"(?!月|多?小时|钟|星期|礼拜|工作日|问题|事|人|字|码|[账帐]号|中间|意思|建议|电话|说法|快递|代发|起批|号|性|体|头|子)"
        ),
        _quantity,
    ),
    Pattern(
        "size",
        re.compile(
            r"(?<![A-Za-z\d&'.-])(?P<v>(?P<n>[2-6]?[Xx]{1,5}[SsLl]|[SML]|[sml](?=\s?[码号])))(?![A-Za-z\d&'])"
        ),
        _letters,
    ),
    Pattern(
        "size",
        re.compile(
            r"(?P<v>(?<![\d.])(?P<n>\d{2,3}(?:\.5)?|(?<!十)[二三四五]十[一二三四五六七八九]?)\s?码(?P<half>半)?)"
        ),
        _numbered,
    ),
    Pattern(
        "size",
        re.compile(r"(?<![\d.])(?P<n>3[2-9]|4\d)(?:号(?P<half>半)?)(?![楼院线店门仓桌柜机])"),
        _numbered,
    ),
    Pattern("size", re.compile(rf"(?<![\d/])(?P<v>1\d\d/\d{{2,3}}[ABCYabcy]){_NO_LATIN}"), _as_written),
    Pattern(
        "size",
        re.compile(
            r"(?<![\d.])(?P<v>(?:3[4-9]|4[0-8])\.5)(?![\d.\s]*[元块斤公千克厘米cm度%折分岁万kKgG寸/])"
        ),
        _as_written,
    ),
    # The message is nothing but the number.
    Pattern("size", re.compile(r"^\W*(?P<v>3[4-9]|4[0-8])\W*$"), _as_written),
    Pattern(
        "size", re.compile(rf"(?<![A-Za-z\d.])(?P<v>[6-9][05][A-Fa-f]){_NO_LATIN}(?:罩?杯)?"), _as_written
    ),
    Pattern("size", re.compile(r"(?P<v>均码|(?:加{0,2}|特)大号|中号|(?:加|特)?小号)(?![是码])"), _as_written),
    Pattern(
        "colour",
        re.compile(
            r"(?:^|(?<=[要有换买发选拿订拍个件款双给和 ,。])|(?<=还是))"
            r"(?P<v>[黑白红粉灰蓝绿黄紫橙棕金银])(?=的|还是)"
        ),
        lambda match: f"{match['v']}色",
    ),
    Pattern(
        "height",
        re.compile(rf"(?<![\d.])[1一]米(?P<more>\d{{1,2}}|[一二三四五六七八九]{{1,2}}){_ENDS}"),
        _metres_and_more,
    ),
    Pattern(
        "height", re.compile(rf"(?<![\d.])(?P<n>[12]\.\d{{1,2}})\s?(?:m(?![A-Za-z])|米){_ENDS}"), _metres
    ),
    Pattern(
        "height",
        re.compile(rf"(?<![\d.长宽围径厚深约*×x])(?P<n>1[4-9]\d|20\d)\s?(?i:cm|厘米|公分){_ENDS}"),
        _centimetres,
    ),
    Pattern(
        "height",
        re.compile(
            rf"(?:{_NAMED_HEIGHT})[^\d,。;长宽围重]{{0,4}}(?P<v>(?P<n>1\d\d|[5-9]\d(?=\s?(?i:cm|厘米|公分)))"
            r"(?:\s?(?i:cm|厘米|公分))?)(?![\d.元块件斤kK公/码号岁个天])"
        ),
        _centimetres,
    ),
    # 168 52公斤
    Pattern(
        "height",
        re.compile(
            r"(?<![\d.])(?P<v>(?P<n>1[3-9]\d))"
            r"(?=\s?[/,、 ]\s?(?:体重)?\d{2,3}(?:\.\d)?\s?(?i:kg|公斤|千克|斤))"
        ),
        _centimetres,
    ),
    Pattern(
        "weight",
        re.compile(rf"(?P<n>{NUMBER})\s?(?P<unit>(?i:kg)|公斤|千克|斤)(?![A-Za-z\d装半])"),
        _weight,
    ),
    Pattern(
        "weight", re.compile(r"体重[^\d,。;]{0,3}(?P<v>(?P<n>\d{2,3}(?:\.\d)?))(?![\d.])"), _weight_alone
    ),
]

# 165/110, 身高180体重80: nothing but the two numbers, or in a message about a size.
_BODY = re.compile(
    r"(?<![\d.])(1[4-9]\d)(?:\s?(?i:cm|厘米|公分))?(?:\s?[/,、 ]\s?|(?=体?重))(?:体?重)?[是有:]?\s?"
    r"(\d{2,3}(?:\.\d)?)(?![\d.A-Za-z/斤公千元块件码号])"
)
_ABOUT_SIZE = re.compile(r"穿|码|尺|身高|体重|高|重|合适|推荐|^[\d\s/,.、]+$")


def find_measures(text: str) -> Iterator[Value]:
    """Give what is counted and measured in normalized ``text``, overlaps included.

    quantity with its unit (``2件``), size (``XXL``, ``38.5``, ``160/84A``), height in cm, weight in kg.
    """
    if _ABOUT_SIZE.search(text):
        for match in _BODY.finditer(text):
            kg = _kilograms(float(match[2]), float(match[1]))
            if 30 <= kg <= 150:
                yield Value("height", match[1], *match.span(1))
                yield Value("weight", f"{kg:.1f}", *match.span(2))
    yield from find(_PATTERNS, text)
