"""What words name: goods among some, a place in a list, a number, a size or colour."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from actions.backend.contract import Variant
from actions.wording import wording, words_of

T = TypeVar("T")

_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "半": 1}


def best_fitting(text: str, product: str | None, choices: Iterable[tuple[T, str]]) -> list[T]:
    """Of ``choices``, each with its words, those that ``text`` names best; ``product``: as it names one.

    Returns:
        One when it is clear, several when they tie, none when nothing fits.
    """
    digits = re.findall(r"\d{4,}", text)
    words = without_service_words(text)
    product = (product or "").lower()
    scored = []
    for choice, described in choices:
        goods = described.lower()
        score = 10 * any(run in goods for run in digits) + 10 * bool(product and product in goods)
        pairs = {words[i : i + 2] for i in range(len(words) - 1)}
        common = set(words) & set(goods)
        # One character alone says little in a long sentence: most of the words must fit, or a pair.
        if any(pair in goods for pair in pairs) or 2 * len(common) > len(set(words)):
            score += 2 * sum(pair in goods for pair in pairs) + len(common)
        scored.append((score, choice))
    best = max((score for score, _ in scored), default=0)
    return [choice for score, choice in scored if score == best] if best else []


def without_service_words(text: str) -> str:
    """What is left of a message to compare with goods."""
    return re.sub(r"[\W\d_]", "", words_of("service_words").sub("", text.lower()))


def goods_words(text: str) -> list[str]:
    """What is left of a message that may name goods, in the order it is said."""
    parts = re.split(rf"{words_of('question_words', 'service_words').pattern}|[\W\d_a-z]", text.lower())
    return [part for part in parts if len(part) > 1 and not set(part) <= set(wording()["no_goods"])]


def pointed(ordinal: str, choices: Sequence[T]) -> T | None:
    """The one of ``choices`` that an entity ``ordinal`` points at."""
    named = {"latest": 1, "last": len(choices)}
    place = named.get(ordinal, int(ordinal) if ordinal.isdecimal() else 0)
    return choices[place - 1] if 0 < place <= len(choices) else None


def number(char: str) -> int:
    """A digit or its Chinese character."""
    return _DIGITS[char] if char in _DIGITS else int(char)


def says_token(text: str, token: str) -> bool:
    """Whether the text has this size or colour as a word of its own: M is not in XM."""
    edge = r"[A-Za-z\d.]"
    return bool(re.search(rf"(?<!{edge}){re.escape(token)}(?!{edge})", text, re.IGNORECASE))


def colours(variant: Variant) -> list[str]:
    """What of the variant's words is no size."""
    return [token for token in variant.spec.split() if not re.search(r"\d|^[XSML]+$", token)]


def sizes_up(text: str) -> int:
    """By how many sizes it shall be larger, or below 0 smaller."""
    for direction, words in ((1, wording()["larger"]), (-1, wording()["smaller"])):
        for word in words:
            if found := re.search(word.replace("N", "([一二两1-3半])"), text):
                return direction * (number(found[1]) if found.groups() else 1)
    return 0
