"""Texts compared, and made fit to be examples."""

import re
import unicodedata
from functools import cache
from hashlib import blake2b
from typing import Any

from opencc import OpenCC
from rapidfuzz.fuzz import ratio
from ruamel.yaml import YAML

from bot.data_check import folded
from bot.settings import ROOT

COMPARED = 200  # characters of a text, from its beginning
# Percent of letters in common from which two texts are about one thing; where they were read alike, less.
ALIKE_READ_ALIKE = 75
ALIKE = 88
SHORTEST = 4  # characters: in shorter texts one is the whole difference
LONGEST_EXAMPLE = 200

# An order, a parcel, a telephone: whose it is makes no difference.
_NUMBER = re.compile(r"(?:(?<![a-z])[a-z]{1,4}[ -]?)?\d(?:[ -]?\d){4,}")
_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)
_LONG_NUMBER = re.compile(r"\d{5,}")


def normal(text: str) -> str:
    """The text as it is compared: simplified, without case, width, signs and the digits of long numbers."""
    plain = _simplified().convert(unicodedata.normalize("NFKC", visible(text[:COMPARED]))).lower()
    return _RUN.sub(r"\1\1\1", folded(_NUMBER.sub("0", plain)))


def key(normalized: str) -> str:
    """16 hexadecimal digits that stand for a text that ``normal`` gave."""
    return blake2b(normalized.encode("utf-8", "replace"), digest_size=8).hexdigest()


def repeats(earlier: str, later: str) -> bool:
    """Whether a shopper who said both, as ``normal`` gives them, has said the same again."""
    return len(earlier) >= SHORTEST and ratio(earlier, later) >= ALIKE_READ_ALIKE


def denies(normalized: str) -> bool:
    """Whether she says that she was not understood."""
    return any(phrase in normalized for phrase in known()["denials"])


def only_denies(normalized: str) -> bool:
    """Whether she says this and nothing else."""
    said = [len(phrase) for phrase in known()["denials"] if phrase in normalized]
    return bool(said) and len(normalized) <= max(said) + int(known()["beside"])


def visible(text: str) -> str:
    """The text in one line, without characters that are not seen or turn others round."""
    shown = "".join(c for c in text if c.isspace() or not unicodedata.category(c).startswith("C"))
    return " ".join(shown.split())


def example(text: str) -> str:
    """The text as it may stand among the examples: no annotation by accident, and nobody's number."""
    plain = visible(text).replace("[", "［").replace("]", "］").lstrip("-— ")
    return _LONG_NUMBER.sub(lambda found: ("1234567890" * 8)[: len(found[0])], plain)


@cache
def known() -> dict[str, Any]:
    """What ``data/review.yml`` says."""
    data: dict[str, Any] = YAML(typ="safe").load(ROOT / "data" / "review.yml")
    return data


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")
