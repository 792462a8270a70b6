"""The reliability diagram and the curve of answered and wrong answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bot.engine.evaluation.cases import Case
from bot.engine.evaluation.measures import bins, curve, recommended
from bot.engine.evaluation.readings import Reading


def draw(
    folder: Path, name: str, cases: Sequence[Case], readings: Sequence[Reading], limit: float
) -> list[Path]:
    """Write ``NAME-reliability.png`` and ``NAME-answered.png`` into ``folder`` and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}-reliability.png", folder / f"{name}-answered.png"]
    _reliability(paths[0], cases, readings)
    _answered(paths[1], cases, readings, limit)
    return paths


def _reliability(path: Path, cases: Sequence[Case], readings: Sequence[Reading]) -> None:
    figure = Figure(figsize=(5, 5))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1, label="as sure as right")
    found = bins(cases, readings)
    axes.plot([b.confidence for b in found], [b.right for b in found], marker="o", label="the model")
    for each in found:
        axes.annotate(
            f"n={each.n}", (each.confidence, each.right), (4, -10), textcoords="offset points", size=7
        )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1), title="Reliability")
    axes.legend(loc="upper left")
    _save(figure, path)


def _answered(path: Path, cases: Sequence[Case], readings: Sequence[Reading], limit: float) -> None:
    figure = Figure(figsize=(6.5, 4.5))
    axes = figure.subplots()
    points = curve(cases, readings)
    thresholds = [point.threshold for point in points]
    axes.plot(thresholds, [100 * p.answered for p in points], label="answered, % of what is in scope")
    axes.plot(thresholds, [100 * p.wrong_answered for p in points], label="wrong, % of what is answered")
    axes.axhline(
        100 * limit, color="grey", linestyle=":", linewidth=1, label=f"wrong-answer limit {limit:.0%}"
    )
    if point := recommended(points, limit):
        text = f"from {point.threshold:.2f} on {point.answered:.0%} answered"
        axes.axvline(point.threshold, color="grey", linestyle="--", linewidth=1, label=text)
    axes.set(xlabel="threshold", ylabel="%", xlim=(0, 1), ylim=(0, 100), title="Answered and wrong")
    axes.legend(loc="center left", fontsize=8)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=120)
