"""Names of goods, couriers, colours and places, found by dictionary whatever words a segmenter would see."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from bot.engine.nlu.normalizer import normalize
from bot.engine.nlu.values import Value

# Spelling → (entity, canonical name); the first that claims a spelling has it.
Spellings = dict[str, tuple[str, str]]

_OPENING = 3
# A part of a product's name that more products share says no longer which one is meant.
_FEW = 20
_LONGEST_PART = 10
# What a name may end with after the thing itself: "明前龙井礼盒" is still 龙井.
_PACKING = re.compile(
    r"(?:\s*[(\[【].*|\s+\S{1,4}色|\s+\S*[号码款版]|\d+[件只瓶包袋盒双条支片][装套]?"
    r"|混合装|组合装?|套装|礼盒装?|家庭装|量贩装)+$"
)


class Names:
    """Finds spellings in a message.

    spaCy's PhraseMatcher, character by character, finds where a name may begin, by the few thousand
    different openings; a dictionary tells which of the names it is. A matcher of the whole names would
    need half a gigabyte for a hundred thousand of them.
    """

    def __init__(self, spellings: Spellings) -> None:
        self._spellings = spellings
        lengths: dict[str, set[int]] = defaultdict(set)
        for spelling in spellings:
            lengths[spelling[:_OPENING]].add(len(spelling))
        self._lengths = {opening: sorted(some, reverse=True) for opening, some in lengths.items()}
        self._vocab = spacy.blank("zh").vocab
        self._matcher = PhraseMatcher(self._vocab)
        self._matcher.add("opening", [Doc(self._vocab, words=list(opening)) for opening in lengths])

    def find(self, text: str) -> Iterator[Value]:
        """Give the names in normalized ``text``, overlaps included; blanks inside a name do not matter."""
        places = [index for index, char in enumerate(text) if char != " "]
        chars = [_lower(text[index]) for index in places]
        if not self._lengths or not chars:
            return
        solid = "".join(chars)
        for _, start, end in self._matcher(Doc(self._vocab, words=chars)):
            for length in self._lengths[solid[start:end]]:
                named = self._spellings.get(solid[start : start + length])
                if named and start + length <= len(solid):
                    first, last = places[start], places[start + length - 1] + 1
                    if not _cuts_latin_word(text, first, last):
                        yield Value(*named, first, last)
                        break


def spellings(entity: str, names: dict[str, list[str] | None]) -> Spellings:
    """Return what ``names`` (canonical name → further spellings) may be typed as."""
    return {
        _solid(normalize(spelling)): (entity, canonical)
        for canonical, further in names.items()
        for spelling in (canonical, *(further or ()))
        if normalize(spelling)
    }


def catalogue(names: Iterable[str], cut: Callable[[str], list[str]]) -> Spellings:
    """Return what the products called ``names`` may be typed as; ``cut`` tells the words of a name.

    A shopper writes 降噪耳机 for 真无线降噪耳机. So the endings of a name, word by word, count too: for the
    product where it alone ends so, for themselves where a few do, and not at all where many do.
    """
    plain = {name: normalize(name) for name in names}
    endings = {name: _endings(text, cut) for name, text in plain.items()}
    shared = Counter(ending for some in endings.values() for ending in some)
    parts = {
        ending: ("product", name if shared[ending] == 1 else ending)
        for name, some in endings.items()
        for ending in some
        if shared[ending] <= _FEW
    }
    return parts | {_solid(text): ("product", name) for name, text in plain.items() if text}


def _endings(name: str, cut: Callable[[str], list[str]]) -> set[str]:
    thing = _PACKING.sub("", name)
    words = cut(thing) if thing else []
    tails = (_solid("".join(words[index:])) for index in range(len(words)))
    return {tail for tail in tails if 2 <= len(tail) <= _LONGEST_PART and not tail.isascii()}


def _solid(text: str) -> str:
    return "".join(map(_lower, text.replace(" ", "")))


def _lower(char: str) -> str:
    # One character stays one, or the offsets would shift.
    lower = char.lower()
    return lower if len(lower) == 1 else char


def _cuts_latin_word(text: str, start: int, end: int) -> bool:
    """Tell whether a span such as ``ems`` lies inside a longer Latin word such as ``items``."""
    return any(
        0 < edge < len(text) and _is_latin(text[edge - 1]) and _is_latin(text[edge]) for edge in (start, end)
    )


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
