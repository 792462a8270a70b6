"""What the rows of a sheet say, topic by topic, and what is wrong with them by themselves."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from bot.studio.files.language import Variation, as_line

from .columns import Column, channel_named, day, full, normal
from .reading import Fault, Row

LABELS: tuple[Column, Column] = ("area", "intent")
"""What all rows of a topic say alike, or leave out."""

_NAME = re.compile(r"[\w/-]{1,80}", re.ASCII)


@dataclass(frozen=True)
class Line:
    """A question of the sheet."""

    row: int
    text: str
    moved_from: str = ""
    """The topic that it was under until now."""


@dataclass(frozen=True)
class Said:
    """An answer of the sheet."""

    row: int
    variation: Variation


@dataclass
class Given:
    """A topic as the sheet has it. What the sheet says nothing of stays as it is."""

    name: str
    row: int
    """Its first."""
    cells: dict[Column, list[tuple[int, str]]] = field(default_factory=dict)
    """Row and text of what its rows say of area and intent, which is to be the same."""
    area: tuple[int, str] | None = None
    """Row and value that this comes to."""
    intent: tuple[int, str] | None = None
    wrong: set[Column] = field(default_factory=set)
    """Columns in which a cell was told to be wrong."""
    questions: dict[str, Line] = field(default_factory=dict)
    """By their texts."""
    answers: list[Said] = field(default_factory=list)


def gathered(rows: Iterable[Row], channels: Collection[str]) -> tuple[dict[str, Given], list[Fault]]:
    """The topics in the order of the sheet, and what is wrong.

    Args:
        channels: those that may be named besides the ones with a name.
    """
    found: dict[str, Given] = {}
    faults: list[Fault] = []
    above: Given | None = None
    lost = False
    for row in rows:
        name = row.cells.get("topic", "").strip()
        unreadable = "topic" in row.wrong
        if unreadable or (name and not _NAME.fullmatch(name)):
            if not unreadable:
                faults.append(Fault(row.number, "topic", "topic_name", {"name": name[:40]}))
            # The rows below without a name are of this topic, of which enough was told.
            above, lost = None, True
            continue
        # As where the cells of a topic were merged: only the first holds its name.
        given = found.setdefault(full(name), Given(full(name), row.number)) if name else above
        if given is None:
            if not lost:
                faults.append(Fault(row.number, "topic", "no_topic"))
            continue
        above, lost = given, False
        given.wrong |= row.wrong
        for column in LABELS:
            if text := row.cells.get(column, "").strip():
                given.cells.setdefault(column, []).append((row.number, text))
        faults += _texts(given, row, channels)
    return found, faults


def _texts(given: Given, row: Row, channels: Collection[str]) -> Iterator[Fault]:
    # Who writes several lines into one cell means several questions: a question has one line.
    for line in row.cells.get("question", "").splitlines():
        text = as_line(line)
        if text:
            given.questions.setdefault(text, Line(row.number, text))
    answer = Variation(normal(row.cells.get("answer", "")))
    channel = row.cells.get("channel", "").strip()
    if channel:
        known = channel_named(channel, channels)
        if known is None:
            yield Fault(row.number, "channel", "channel", {"name": channel[:40]})
        answer = replace(answer, channel=known or "")
    days: dict[Column, date | None] = {}
    columns: tuple[Column, Column] = ("since", "until")
    for column in columns:
        if written := row.cells.get(column):
            days[column] = day(written)
            if days[column] is None:
                yield Fault(row.number, column, "day", {"text": written.strip()[:40]})
    answer = replace(answer, since=days.get("since"), until=days.get("until"))
    if answer.since and answer.until and answer.until < answer.since:
        yield Fault(row.number, "until", "days_turned", {"since": answer.since, "until": answer.until})
    if answer.text:
        given.answers.append(Said(row.number, answer))
    elif (channel or days) and "answer" not in row.wrong:
        yield Fault(row.number, "answer", "no_answer")
