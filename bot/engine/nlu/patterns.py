"""Numbers of orders, parcels and phones, mail addresses, and which one of a list is meant.

A pattern uses ``(?<!\\d)…(?!\\d)``, as ``\\b`` finds no boundary between a digit and a Chinese character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from bot.engine.nlu.values import Pattern, Value, find, number

LATEST = "latest"
LAST = "last"


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match["v"])


def _plain(match: re.Match[str]) -> str:
    return re.sub(r"[ -]", "", match["v"]).upper()


def _tail(match: re.Match[str]) -> str:
    return _digits(match)[-4:]


def _ordinal(match: re.Match[str]) -> str | None:
    value = number(match["v"])
    return f"{value:.0f}" if value else None


_PATTERNS = [
    Pattern(
        "email",
        re.compile(
            r"(?<![A-Za-z\d._%+-])(?P<v>[A-Za-z\d._%+-]{1,64}@(?:[A-Za-z\d-]{1,63}\.){1,4}[A-Za-z]{2,24})"
        ),
        lambda match: match["v"],
    ),
    Pattern(
        "tracking_no",
        re.compile(r"(?<![\dA-Za-z])(?P<v>[A-Za-z]{2,4}[ -]?\d{9,15})(?![\dA-Za-z])"),
        _plain,
    ),
    Pattern("tracking_no", re.compile(r"(?<![\dA-Za-z])(?P<v>\d{12,15})(?![\dA-Za-z])"), _plain),
    Pattern(
        "phone_tail",
        re.compile(
            r"(?:尾号|尾数|[后末][四4]位|手机号?码?|电话号?码?|预留)[^\d\n]{0,6}(?<!\d)(?P<v>\d{4})(?!\d)"
        ),
        _tail,
    ),
    Pattern("phone_tail", re.compile(r"(?<!\d)(?P<v>\d{4})(?!\d)(?=(?:的)?(?:结尾|尾号|那个号))"), _tail),
    # The message is nothing but the four digits, or an order number and the four digits.
    Pattern("phone_tail", re.compile(r"^[^\w]*(?P<v>\d{4})[^\w]*$"), _tail),
    Pattern("phone_tail", re.compile(r"^\D*20\d{14}[^\d\w]+(?P<v>\d{4})[^\w]*$"), _tail),
    # Whoever is asked for the tail often gives the whole number.
    Pattern("phone_tail", re.compile(r"(?<!\d)(?P<v>1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)"), _tail),
    Pattern(
        "ordinal",
        re.compile(r"第(?P<v>\d{1,2}|[一二两三四五六七八九十]{1,3})(?=[个单笔条件份款项张]|$)"),
        _ordinal,
    ),
    Pattern(
        "ordinal",
        re.compile(
            r"(?P<v>上一?[个单笔]|上[次回](?:[买下拍订]单?)?的?(?:那?[个单笔件双条台]|东西)|最近(?:的|那|这|一)*[个单笔]"
            r"|最近[买下拍]的(?:那?[个单笔件双条台])?|最近的|最新的?那?[个单笔]|刚刚?[下买拍]的?那?[个单笔件双条台])"
        ),
        lambda _: LATEST,
    ),
    Pattern("ordinal", re.compile(r"(?P<v>最后[一那]?[个单笔件])"), lambda _: LAST),
]


_ORDER_NUMBERS = [
    Pattern("order_no", re.compile(r"(?<![\dA-Za-z])(?P<v>\d{16})(?!\d)"), _digits),
    # Typed in groups it must begin with a date, or two neighbouring numbers would make an order.
    Pattern(
        "order_no",
        re.compile(
            r"(?<!\d)(?P<v>20\d\d[ -]{0,3}(?:0[1-9]|1[0-2])[ -]{0,3}"
            r"(?:0[1-9]|[12]\d|3[01])(?:[ -]{0,3}\d){8})(?!\d)"
        ),
        _digits,
    ),
]


def find_patterns(text: str, order_no: str | None = None) -> Iterator[Value]:
    """Give the numbers, addresses and ordinals in normalized ``text``, overlaps included.

    Args:
        text: the message.
        order_no: how the shop's order numbers are written, a regular expression whose group ``v``, if it
            has one, is the number; without it they are 16 digits.
    """
    numbers = _ORDER_NUMBERS if order_no is None else [_order_number(order_no)]
    return find([*numbers, *_PATTERNS], text)


@cache
def _order_number(written: str) -> Pattern:
    regex = re.compile(written)
    return Pattern("order_no", regex, lambda match: match["v" if "v" in regex.groupindex else 0])
