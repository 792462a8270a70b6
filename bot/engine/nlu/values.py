"""What is found in a message: one value each, and which of overlapping ones holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import cn2an

# Of two values over the same characters the longer one wins, then the one named first here.
PRECEDENCE = (
    "email",
    "order_no",
    "tax_no",
    "tracking_no",
    "phone_tail",
    "invoice_title",
    "time",
    "height",
    "weight",
    "money",
    "size",
    "quantity",
    "product",
    "courier",
    "colour",
    "place",
    "ordinal",
    "reason",
)

# A number as people write it: `1,234.5`, `三十`, `3千`. A longer run of digits is no number but a code.
NUMBER = (
    r"(?:(?<![\d.])(?:\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.\d{1,2})?(?!\.?\d)[百千万]?"
    r"|(?<![零一二两三四五六七八九十百千万\d])[零一二两三四五六七八九十百千万]+)"
)

# What is counted, and what 块 is a piece of where it is no yuan; for character classes and look-aheads.
COUNTED = "件个双条套盒箱瓶包袋只支枚台部把份罐桶斤对顶副床卷盏串张本片"
PIECES = "(?:手表|表|布|地毯|香?皂|毛巾|电池|蛋糕|巧克力|硬盘|屏|玉)"


class Value(NamedTuple):
    """A value found in the normalized text at ``start``–``end``."""

    entity: str
    value: str
    start: int
    end: int


class Pattern(NamedTuple):
    """How an entity is written, and what a match is worth. It stands at group ``v``, if there is one."""

    entity: str
    regex: re.Pattern[str]
    write: Callable[[re.Match[str]], str | None]


def find(patterns: Iterable[Pattern], text: str) -> Iterator[Value]:
    """Give what ``patterns`` find in normalized ``text``, overlaps included."""
    for entity, regex, write in patterns:
        for match in regex.finditer(text):
            value = write(match)
            if value:
                yield Value(entity, value, *match.span("v" if "v" in regex.groupindex else 0))


def number(text: str) -> float | None:
    """Return the number that ``text`` (``12``, ``1,234.5``, ``两百五``, ``3千``) names, if it names one."""
    try:
        return float(text) if text.isdigit() else float(cn2an.cn2an(text.replace(",", ""), "smart"))
    except ValueError:
        return None


def without_overlaps(values: Iterable[Value]) -> list[Value]:
    """Keep the longest of overlapping values, of equally long ones the most specific; in text order."""
    kept: list[Value] = []
    taken: set[int] = set()
    for value in sorted(values, key=lambda v: (v.start - v.end, PRECEDENCE.index(v.entity), v.start)):
        if taken.isdisjoint(range(value.start, value.end)):
            taken.update(range(value.start, value.end))
            kept.append(value)
    return sorted(kept, key=lambda value: value.start)
