"""Examples that say the same as a sentence, or nearly: what it would teach must not be taught otherwise."""

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from bot.data_check import folded, plain
from bot.data_near import MEASURED, Texts

from . import language
from .language import Example
from .snapshot import Snapshot

MOST = 8
"""Examples that are told."""


@dataclass(frozen=True)
class Near:
    """An example that is like a sentence."""

    example: Example
    same: bool
    """But for spaces, signs and width."""
    elsewhere: bool
    """Whether it is under another intent or topic: then the two cannot both be learned."""


def conflicts(files: Snapshot, text: str, intent: str | None = None) -> list[Near]:
    """The examples that a sentence for ``intent`` repeats or nearly repeats: the worst first, few of them.

    Quick enough to be asked at each keystroke: all examples are read once for each commit.
    """
    wanted = folded(plain(text.strip()[: language.LONGEST]))
    if not wanted:
        return []
    known, texts = _index(files)
    found = [
        (other != wanted, each.intent == intent, Levenshtein.distance(wanted, other), each)
        for other in texts.near(wanted, MEASURED)
        for each in known[other]
    ]
    found.sort(key=lambda entry: entry[:3])
    return [Near(each, not differs, not here) for differs, here, _, each in found[:MOST]]


@lru_cache(maxsize=2)
def _index(files: Snapshot) -> tuple[dict[str, list[Example]], Texts]:
    known: dict[str, list[Example]] = {}
    for each in language.examples(files):
        known.setdefault(folded(each.plain), []).append(each)
    return known, Texts(known)
