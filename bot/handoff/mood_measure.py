"""How well moods are read, measured on messages with labels."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import mood

CALM = "calm"
LABELS = tuple(each or CALM for each in mood.MOODS)


class BadCases(Exception):
    """A table cannot be used; the text says why, and what to do."""


@dataclass(frozen=True)
class Reading:
    """A message, its label, and the mood that was read: each one of ``LABELS``."""

    text: str
    label: str
    read: str


@dataclass(frozen=True)
class Figures:
    """Of one label, from 0 to 1: ``precision`` of what was read so, ``recall`` of what is so."""

    label: str
    count: int
    precision: float
    recall: float


def read_all(path: Path) -> list[Reading]:
    """Read each message of a tab-separated table with the columns ``text`` and ``label``.

    Raises:
        BadCases: the file cannot be read, or a row has no text or no known label.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadCases(f"{path} cannot be read as UTF-8 text: is it there?") from error
    for line, row in enumerate(rows, start=2):
        if not row.get("text") or row.get("label") not in LABELS:
            raise BadCases(f"{path}:{line} needs the columns `text` and `label`, one of {', '.join(LABELS)}.")
    return [Reading(row["text"], row["label"], mood.read(row["text"]) or CALM) for row in rows]


def figures(readings: Sequence[Reading]) -> list[Figures]:
    """The figures of each label; 1 where there was nothing to be wrong with."""
    found = []
    for label in LABELS:
        right = sum(r.label == r.read == label for r in readings)
        count, said = sum(r.label == label for r in readings), sum(r.read == label for r in readings)
        found.append(Figures(label, count, right / said if said else 1.0, right / count if count else 1.0))
    return found
