"""The n-grams by which the linear models see a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.normalizer import NORMALIZED

_CHARS = range(1, 5)
_LONG_NUMBER = re.compile(r"\d[\d -]{6,}\d")
_NUMBER = re.compile(r"\d{2,}")


def ngrams(message: Message) -> Iterator[str]:
    """Give a message's features: characters 1–4 (with its two ends) and words 1–2.

    Numbers are replaced by their kind: which order it is says nothing about what is wanted of it.
    """
    text = f"^{_mask(message.get(NORMALIZED) or '').lower()}$"
    for size in _CHARS:
        for start in range(len(text) - size + 1):
            yield text[start : start + size]
    words = [_mask(token.text).lower() for token in message.get(TOKENS_NAMES[TEXT]) or ()]
    for word in words:
        yield f"w:{word}"
    for first, second in pairwise(words):
        yield f"w:{first} {second}"


def _mask(text: str) -> str:
    return _NUMBER.sub("№", _LONG_NUMBER.sub("№№", text))
