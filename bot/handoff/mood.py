"""The mood of what a shopper writes, by words and rules: a hint for people, not a judgement."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product, zip_longest
from typing import Any

from opencc import OpenCC
from ruamel.yaml import YAML

from bot.settings import ROOT

MOODS = ("angry", "unhappy", "hurried", None, "pleased")
"""From the worst to the best; None is calm."""

LIMIT = 1000  # characters that are read, which takes less than a millisecond
ENOUGH = 2
EARLY = 4  # of the shopper's last messages

_SIGNS = " ,。.;!?~\n"
_CLAUSE = re.compile(r"[^,。;!?~\n]+")
_SHOUT = re.compile(r"[!?]{2,}")
# What is put between the characters of a swear word to hide it.
_GAP = re.compile(r"(?<=[\d\u4e00-\u9fff])[ \t*·]{1,3}(?=[\u4e00-\u9fff])")
# Zero width, bidirectional, variation selectors; OpenCC would end at a NUL.
_UNSEEN = re.compile("[\0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_TITLE = re.compile(r"《[^《》]{0,60}》")
_RUN = re.compile(r"([^\W\d])\1{2,}")
# "不能快" is a negation, "能不能快" is none.
_NOT = re.compile(
    r"((?<!能)不能|(?<!会)不会|(?<!是)不是|(?<!有)没有|(?<!想)不想|不太|不是很|不用|不算|并不|并非|从不|不|没说|没|未|唔)$"
)


def read(text: str) -> str | None:
    """``angry``, ``unhappy``, ``hurried`` or ``pleased``; None where the shopper is calm."""
    said = _plain(text)
    words = lexicon()
    bare = said.strip(_SIGNS)
    shouts = min(len(_SHOUT.findall(said)), 2)
    ends = [sign for sign in "!?" if sign in said]
    for whole in (*(bare + sign for sign in ends), bare):
        if whole in words.whole:
            return words.whole[whole]
    scores = _scores(said)
    for mood in ("angry", "hurried"):
        scores[mood] += shouts if scores[mood] else 0
    if scores["pleased"] >= ENOUGH and scores["fault"] and not words.thanks.search(said):
        scores["unhappy"] += ENOUGH  # sarcasm
    if scores["angry"] >= ENOUGH:
        return "angry"
    if scores["unhappy"] >= max(ENOUGH, scores["hurried"]):
        return "unhappy"
    if scores["hurried"] >= ENOUGH:
        return "hurried"
    if scores["pleased"] >= ENOUGH:
        rest = words.thanks.sub("", said)
        if words.thanks.search(said) and _scores(rest)["pleased"] < ENOUGH and words.wishes.search(rest):
            return None
        return None if words.questions.search(rest) or words.but.search(rest) else "pleased"
    return "hurried" if said and not scores["pleased"] and (shouts > 1 or (shouts and not bare)) else None


def worst(moods: Iterable[str | None]) -> str | None:
    """The one of ``moods`` that asks most for a person's care; None of none."""
    return min(moods, key=MOODS.index, default=None)


def early(moods: Sequence[str | None], unsure: bool) -> bool:
    """Whether a shopper in these moods is to be given to a person without being asked.

    Args:
        moods: of her last messages, the newest last.
        unsure: whether the bot is unsure what the newest means.
    """
    last = list(moods)[-EARLY:]
    if not last or last[-1] in (None, "pleased"):
        return False
    return last.count("angry") >= 2 or (last[-1] == "angry" and unsure)


class Lexicon:
    """The words of ``data/mood.yml``."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.marks: dict[str, list[tuple[str, int, bool]]] = defaultdict(list)
        """What each word shows: mood, weight, and whether also inside a question."""
        for group in data["groups"]:
            mark = (group["mood"], group["weight"], group.get("asked", True))
            for word in _all(group["words"]):
                if mark not in self.marks[word]:
                    self.marks[word].append(mark)
        lengths: dict[str, set[int]] = defaultdict(set)
        for word in self.marks:
            lengths[word[:2]].add(len(word))
        for start, found in lengths.items():
            if start[0] in self.marks:
                found.add(1)
        self.lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}
        """How long the words are that begin with these two characters, the longest first."""
        self.whole: dict[str, str] = {
            word: mood for mood, words in data["whole"].items() for word in _all(str(words))
        }
        self.questions = _any(data["questions"])
        self.thanks = _any(data["thanks"])
        self.wishes = _any(data["wishes"])
        self.but = _any(data["but"])
        self._right = {typo: right for right, typos in data["typos"].items() for typo in _all(typos)}
        self._typos = _any(" ".join(self._right))

    def spelt(self, said: str) -> str:
        """``said`` with its misspelt words as they should be."""
        return self._typos.sub(lambda typo: self._right[typo[0]], said)

    def found(self, said: str) -> Iterator[tuple[int, str]]:
        """The words of ``said`` and where they begin: of each place the longest, none inside another."""
        free = 0
        for at, pair in enumerate(map("".join, zip_longest(said, said[1:], fillvalue=""))):
            if at < free:
                continue
            for length in self.lengths.get(pair) or self.lengths.get(pair[0]) or ():
                word = said[at : at + length]
                if word in self.marks and not _inside_latin(said, at, at + length):
                    yield at, word
                    free = at + length
                    break


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    return Lexicon(YAML(typ="safe").load(ROOT / "data" / "mood.yml"))


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")


def _plain(text: str) -> str:
    """Simplified, lower case, half-width; without what cannot be seen."""
    whole = text[:LIMIT].encode(errors="ignore").decode()
    said = unicodedata.normalize("NFKC", whole)[:LIMIT].lower()
    said = _GAP.sub("", _TITLE.sub("", _simplified().convert(_UNSEEN.sub("", said))))
    return lexicon().spelt(_RUN.sub(r"\1", said))


def _scores(said: str) -> Counter[str]:
    words = lexicon()
    scores: Counter[str] = Counter()
    for clause in _CLAUSE.findall(said):
        clause = f"^{clause.strip(_SIGNS)}$"
        asked = words.questions.search(clause)
        for at, word in words.found(clause):
            if _NOT.search(clause[max(0, at - 4) : at]) and clause[at - 2 : at - 1] != word[0]:
                continue  # denied, and not "快不快"
            for mood, weight, in_question in words.marks[word]:
                if in_question or not asked:
                    scores[mood] += weight
    return scores


def _inside_latin(said: str, start: int, end: int) -> bool:
    """Whether a word of Latin letters or digits goes on before ``start`` or after ``end``."""

    def latin(char: str) -> bool:
        return char.isascii() and char.isalnum()

    return (start > 0 and latin(said[start]) and latin(said[start - 1])) or (
        end < len(said) and latin(said[end - 1]) and latin(said[end])
    )


def _all(words: str) -> Iterator[str]:
    """Each of ``words``, with every choice of its ``(a|b)``."""
    for word in words.split():
        parts = re.split(r"\(([^()]*)\)", word)
        choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
        yield from map("".join, product(*choices))


def _any(words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(_all(words), key=len, reverse=True))))
