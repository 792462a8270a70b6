"""The table of `make bench`: what was aimed at, what was measured, and whether it was reached."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.engine.measures import CONCURRENCIES, KINDS, TURNS


@dataclass(frozen=True)
class Row:
    """One measure; ``aim`` bounds the ratio ours : stock, from below where more is better."""

    name: str
    ours: float | None
    stock: float | None
    aim: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.stock if self.ours is not None and self.stock else None

    @property
    def reached(self) -> bool | None:
        """Whether the aim was; None where there is none, or nothing was measured."""
        if self.ratio is None or self.aim is None:
            return None
        return self.ratio >= self.aim if self.more_is_better else self.ratio <= self.aim

    def line(self) -> str:
        sign = "≥" if self.more_is_better else "≤"
        aim = "" if self.aim is None else f"{sign} {self.aim:g}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        said = {None: "", True: "yes", False: "NO"}[self.reached]
        return f"{self.name:52}{aim:>8}{_figure(self.ours):>11}{_figure(self.stock):>11}{ratio:>9}{said:>9}"


def rows(figures: dict[str, Any]) -> list[Row]:
    """The rows of what was measured."""
    return [*_speed(figures), *_growth(figures), *_weight(figures)]


def write(figures: dict[str, Any], path: Path) -> None:
    """Print the table, and write it with all figures to ``path`` as JSON."""
    table = rows(figures)
    print(f"\n{'':52}{'aim':>8}{'ours':>11}{'stock':>11}{'ratio':>9}{'reached':>9}")
    for row in table:
        print(row.line())
    for note in figures["notes"]:
        print(f"* {note}")
    named = [
        {
            "name": row.name,
            "aim": row.aim,
            "ours": row.ours,
            "stock": row.stock,
            "ratio": row.ratio,
            "reached": row.reached,
        }
        for row in table
    ]
    path.write_text(json.dumps({"table": named, **figures}, ensure_ascii=False, indent=2) + "\n")
    print(f"\nAll figures: {os.path.relpath(path)}")


def _speed(figures: dict[str, Any]) -> list[Row]:
    table = []
    for processes, kind in ((p, k) for p in ("one", "two") for k in KINDS):
        name = f"messages/s, {kind} turns, {processes} engine process{'es' * (processes == 'two')}"
        aim: float | None = {"plain": 5, "action": 6}[kind]
        table.append(
            _row(name, figures.get("saturated", {}).get(processes, {}).get(kind), "a second", aim, True)
        )
    for concurrency, kind, at in ((c, k, p) for c in CONCURRENCIES for k in KINDS for p in ("p50", "p95")):
        aim = 1 / 5 if (concurrency, at) == (8, "p95") else None
        measured = figures.get("turns", {}).get(str(concurrency), {}).get(kind)
        table.append(_row(f"ms of a turn, {kind}, {concurrency} at once, {at}", measured, at, aim))
    for kind in KINDS:
        measured = figures.get("turns", {}).get(str(CONCURRENCIES[-1]), {}).get(kind, {})
        computed = {which: each["CPU ms each"] for which, each in measured.items()}
        table.append(_row(f"ms that the engine computes for a turn, {kind}", computed, "engine"))
    table += [_row(f"ms to parse, {at}", figures.get("parse"), at) for at in ("p50", "p95")]
    return [row for row in table if row.ours is not None]


def _growth(figures: dict[str, Any]) -> list[Row]:
    table = []
    for kind, measured in figures.get("growth", {}).items():
        ours, stock = measured["ours"], measured["stock"]
        for at in map(str, TURNS):
            table.append(Row(f"ms of turn {at}, {kind}", ours.get(at), stock.get(at)))
        # Both are ours: turns of a long conversation and, alternating with them, the fifth of new ones.
        name = f"ms of our turn 500 : our turn 5, {kind}"
        table.append(Row(name, ours.get("late"), ours.get("fifth"), 1.3))
    return table


def _weight(figures: dict[str, Any]) -> list[Row]:
    aims = {
        "seconds from start to first answer": 1 / 2,
        "MB resident, loaded": 1 / 2,
        "MB resident, after the load": 1 / 2,
        "seconds of training, of the same examples": 1 / 2,
    }
    return [
        Row(name, measured["ours"], measured["stock"], aims.get(name))
        for name, measured in figures.get("process", {}).items()
    ]


def _row(name: str, measured: Any, key: str, aim: float | None = None, more_is_better: bool = False) -> Row:
    ours, stock = ((measured or {}).get(which, {}).get(key) for which in ("ours", "stock"))
    return Row(name, ours, stock, aim, more_is_better)


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
