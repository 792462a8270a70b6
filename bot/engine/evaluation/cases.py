"""The tables that a model is measured with: tab-separated, with a header, in UTF-8."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


class BadCases(Exception):
    """A table cannot be used; the text says why."""


@dataclass(frozen=True)
class Case:
    """A labelled message; any of ``labels`` is right."""

    text: str
    labels: frozenset[str]
    style: str

    @property
    def gold(self) -> str:
        """The labels as the table has them, in one order."""
        return "|".join(sorted(self.labels))


@dataclass(frozen=True)
class Question:
    """A question that a written answer may fit, and the topic that its author gave it."""

    text: str
    topic: str


def read_cases(path: Path) -> list[Case]:
    """Read cases: ``text``, ``label`` (or ``our_intent``; ``a|b``: either is right), maybe ``style``.

    Raises:
        BadCases: no such file, no ``text`` or label column, or no row with a label.
    """
    rows = _rows(path)
    label = next((name for name in ("label", "our_intent") if rows and name in rows[0]), None)
    if not label or "text" not in rows[0]:
        raise BadCases(f"{path} needs a header with the columns `text` and `label`.")
    cases = [
        Case(row["text"], frozenset(row[label].split("|")), row.get("style") or row.get("mapping") or "")
        for row in rows
        if row["text"] and row[label]
    ]
    if not cases:
        raise BadCases(f"{path} has no labelled row.")
    return cases


def read_questions(path: Path) -> list[Question]:
    """Read questions: the columns ``question`` and ``topic``.

    Raises:
        BadCases: no such file, a column is missing, or no row is filled.
    """
    rows = _rows(path)
    if not rows or not {"question", "topic"} <= rows[0].keys():
        raise BadCases(f"{path} needs a header with the columns `question` and `topic`, and rows.")
    questions = [Question(row["question"], row["topic"]) for row in rows if row["question"] and row["topic"]]
    if not questions:
        raise BadCases(f"{path} has no question with a topic.")
    return questions


def read_judgement(path: Path) -> dict[str, frozenset[str]]:
    """Read which topics of ours (``our_topic``, blanks between) answer each ``their_topic``.

    Raises:
        BadCases: no such file, or a column is missing.
    """
    rows = _rows(path)
    if not rows or not {"their_topic", "our_topic"} <= rows[0].keys():
        raise BadCases(f"{path} needs a header with the columns `their_topic` and `our_topic`, and rows.")
    return {row["their_topic"]: frozenset((row["our_topic"] or "").split()) for row in rows}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadCases(f"{path} cannot be read ({error}).") from error
