"""Examples that all but repeat each other, or a row of a set that measures the bot.

A repeated line teaches nothing, and a measured one makes the measure worthless.
"""

import csv
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract

from bot.data_check import Example, folded
from bot.data_files import Unreadable

# Edits over the longer text's length, below which two texts are as good as one.
REPEATED = 0.15
MEASURED = 0.2
# Shorter lines are naturally alike: “有货吗” and “没货吗”.
SHORTEST = 8


def repeated(examples: Iterable[Example]) -> Iterator[str]:
    """Tell which examples nearly equal one before them; of a FAQ topic, the first question is kept."""
    known: dict[str, tuple[bool, int, Example]] = {}
    for index, example in enumerate(examples):
        text = folded(example.text)
        if len(text) >= SHORTEST:
            # What comes first in this order is kept.
            entry = (not example.names_topic, index, example)
            if text in known:
                yield _repeats(known[text], entry)
            known[text] = min(known.get(text, entry), entry)
    texts = Texts(known)
    for text in known:
        for other in texts.near(text, REPEATED):
            # Each pair is met twice.
            if (len(text), text) < (len(other), other):
                yield _repeats(known[text], known[other])


def _repeats(one: tuple[bool, int, Example], two: tuple[bool, int, Example]) -> str:
    (*_, kept), (*_, example) = sorted((one, two))
    return (
        f"{example.place}: example “{example.text}” nearly repeats “{kept.text}” ({kept.place}). "
        "Say it differently or remove it."
    )


def measured(examples: Iterable[Example], path: Path) -> Iterator[str]:
    """Tell which examples nearly equal a row of the measuring set ``path``, without saying what is in it.

    Raises:
        Unreadable: it is no table with a header that has ``text`` or ``question``.
    """
    places: dict[str, list[str]] = {}
    for example in examples:
        places.setdefault(folded(example.text), []).append(example.place)
    texts = Texts(places)
    for number, row in _rows(path):
        for text in texts.near(folded(row), MEASURED):
            for place in places[text]:
                yield f"{place}: the example nearly equals line {number} of {path}. Remove it from the data."


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            column = next((name for name in ("text", "question") if name in (table.fieldnames or ())), None)
            if not column:
                raise Unreadable(f"{path}:1: the header has neither `text` nor `question`. Name the column.")
            for row in table:
                if row[column]:
                    yield table.line_num, row[column]
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}. Give a table with tabs, in UTF-8.") from error


class Texts:
    """Texts by length, as near texts are nearly as long as each other."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(texts, key=len)
        self._lengths = [len(text) for text in self._texts]

    def near(self, text: str, limit: float) -> list[str]:
        """The texts whose normalized edit distance from ``text`` is below ``limit``, itself included."""
        start = bisect_left(self._lengths, len(text) * (1 - limit))
        end = bisect_left(self._lengths, len(text) / (1 - limit))
        found = extract(
            text,
            self._texts[start:end],
            scorer=Levenshtein.normalized_distance,
            score_cutoff=limit,
            limit=None,
        )
        return [other for other, distance, _ in found if distance < limit]
