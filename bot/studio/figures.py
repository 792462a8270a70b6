"""The figures as people read them: names of codes, numbers with their units, tables for Excel."""

import csv
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.conversations import titles
from bot.insights.figures import Card, Cell, Report, Table
from bot.settings import ROOT
from bot.staff import texts
from bot.staff.texts import Texts

TEXTS = texts.load(Path(__file__).parent / "texts" / "figures.yml")
FORMULA = ("=", "+", "-", "@")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Words:
    """Figures in one language.

    Args:
        agents: what agents are called, by id.
    """

    def __init__(self, t: Texts, agents: Mapping[int, str]) -> None:
        self._t = t
        self._agents = agents

    def name(self, column: str, code: str | None) -> str:
        """What people call what a row of a table stands for, by the table's first column."""
        if column == "agent":
            return self.agent(int(code or 0))
        if column == "reason":
            return self.reason(code)
        if column == "queue":
            return _title("desk.yml", "queues", code, self._t.language)
        if column == "intent":
            return titles.title(code or "")
        if column == "served_by":
            return self._t(f"by_{code}")
        return code or ""

    def reason(self, code: str | None) -> str:
        if code in ("taken_over", "passed_on"):
            return self._t(code)
        return reason_title(code, self._t.language)

    def agent(self, id: int) -> str:
        return self._agents.get(id) or self._t("gone", id=id)

    def outcome(self, code: str) -> str:
        """How a service, or one by people, has ended."""
        try:
            return self._t(f"ended_{code}")
        except KeyError:
            return _title("desk.yml", "outcomes", code, self._t.language)

    def number(self, cell: Cell) -> str:
        """With its unit; a dash where there is nothing to measure."""
        value = cell.value
        if not isinstance(value, int | float):
            return value or "—"
        if cell.kind == "share":
            return f"{value:.1%}"
        return self.seconds(value) if cell.kind == "seconds" else f"{value:,}"

    def seconds(self, value: float) -> str:
        if value < 59.5:
            return self._t("seconds", s=f"{value:.1f}" if value < 9.95 else round(value))
        minutes, seconds = divmod(round(value), 60)
        if minutes < 60:
            return self._t("minutes", m=minutes, s=seconds)
        return self._t("hours", h=minutes // 60, m=minutes % 60)

    def change(self, card: Card) -> str | None:
        """By how much it differs from the period before, with its sign."""
        change = card.change
        if change is None:
            return None
        if card.now.kind == "share":
            return self._t("points", points=f"{change * 100:+.1f}" if change else 0)
        return f"{change:+.0%}" if change else "0%"


def table_csv(table: Table, words: Words, t: Texts) -> str:
    """For Excel: a mark of UTF-8, names instead of codes, plain numbers, and nothing that is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([t(f"column_{column}") for column in table.columns])
    for first, *rest in table.rows:
        named = words.name(table.columns[0], str(first.value))
        writer.writerow([safe(named), *(_plain(cell) for cell in rest)])
    return "\ufeff" + out.getvalue()


def report_csv(report: Report) -> str:
    """Everything in one table of codes, for machines: table, row, figure, value, of how many."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("table", "row", "figure", "value", "of"))
    for card in report.cards:
        writer.writerow(("cards", "now", card.name, _plain(card.now), card.now.of))
        writer.writerow(("cards", "before", card.name, _plain(card.before), card.before.of))
    for table in report.tables.values():
        for first, *rest in table.rows:
            for column, cell in zip(table.columns[1:], rest, strict=True):
                writer.writerow((table.name, safe(str(first.value)), column, _plain(cell), cell.of))
    return out.getvalue()


def as_data(report: Report) -> dict[str, Any]:
    """The figures for machines: seconds and shares as they are, rows named by their codes."""
    return {
        "from": report.period.first.isoformat(),
        "to": report.period.last.isoformat(),
        "before": {"from": report.before.start.isoformat(), "to": report.before.end.isoformat()},
        "cards": {
            card.name: {
                "value": card.now.value,
                "of": card.now.of,
                "before": card.before.value,
                "before_of": card.before.of,
            }
            for card in report.cards
        },
        "unsettled": report.unsettled.value,
        "tables": {
            table.name: [
                {column: cell.value for column, cell in zip(table.columns, row, strict=True)}
                for row in table.rows
            ]
            for table in report.tables.values()
        },
    }


def safe(text: str) -> str:
    """On one line, and no formula, whichever program opens it; spaces before one do not help it."""
    text = CONTROLS.sub(" ", text)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _plain(cell: Cell) -> str:
    if isinstance(cell.value, float):
        return f"{cell.value:.4f}" if cell.kind == "share" else f"{cell.value:.1f}"
    return "" if cell.value is None else str(cell.value)


def reason_title(code: str | None, language: str) -> str:
    """Why a conversation goes to people, by the code of the reason."""
    return _title("handoff.yml", "reasons", code, language)


def _title(file: str, part: str, code: str | None, language: str) -> str:
    path = ROOT / "data" / file
    found = _parts(path, path.stat().st_mtime_ns)[part].get(code or "") or {}
    found = found.get("title", found)
    return str(found.get(language, code or ""))


@lru_cache(maxsize=8)
def _parts(path: Path, _changed: int) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = YAML(typ="safe").load(path)
    return parts
