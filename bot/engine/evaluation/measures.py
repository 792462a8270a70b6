"""The figures over cases and their readings, which stand in the same order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.evaluation.cases import Case
from bot.engine.evaluation.readings import OUT_OF_SCOPE, Reading

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The readings of about one confidence."""

    confidence: float
    """Their mean confidence."""
    right: float
    """The share of them that is right."""
    n: int


@dataclass(frozen=True)
class Point:
    """What would come of answering from a confidence on."""

    threshold: float
    answered: float
    """Share of the in-scope rows."""
    wrong_answered: float
    """Share of the answered rows."""


def measures(cases: Sequence[Case], readings: Sequence[Reading], wrong_limit: float = 0.03) -> dict[str, Any]:
    """The figures of docs/understanding.md."""
    pairs = list(zip(cases, readings, strict=True))
    inside = [(c, r) for c, r in pairs if OUT_OF_SCOPE not in c.labels]
    outside = [r for c, r in pairs if OUT_OF_SCOPE in c.labels]
    answered = [(c, r) for c, r in pairs if r.answered]
    confusions = Counter((c.gold, r.intent) for c, r in pairs if r.intent not in c.labels)
    times = sorted(r.milliseconds for r in readings)
    point = recommended(curve(cases, readings), wrong_limit)
    return {
        "n": len(pairs),
        "accuracy": _share(r.intent in c.labels for c, r in pairs),
        "macro_f1": _macro_f1(pairs),
        "per_label": _accuracy_by(pairs, lambda case: sorted(case.labels)),
        "per_style": _accuracy_by(pairs, lambda case: [case.style] if case.style else []),
        "answered": _share(r.answered for _, r in inside),
        "wrong_answered": _share(r.intent not in c.labels for c, r in answered),
        "out_of_scope_recall": _share(not r.answered for r in outside),
        "ece": _calibration_error(cases, readings),
        "recommended": {
            "wrong_limit": wrong_limit,
            "threshold": point and round(point.threshold, 4),
            "answered": point and round(point.answered, 4),
            "wrong_answered": point and round(point.wrong_answered, 4),
        },
        "latency_ms": {"p50": _quantile(times, 0.5), "p95": _quantile(times, 0.95)},
        "confusions": [[gold, said, n] for (gold, said), n in confusions.most_common(30)],
    }


def per_intent(cases: Sequence[Case], readings: Sequence[Reading]) -> dict[str, dict[str, Any]]:
    """For each label how many ``cases`` it has, how many were read ``right``, and its ``f1``.

    A case with several labels counts for the first of them, whichever of them was read.
    """
    gold = [min(case.labels) for case in cases]
    said = [g if r.intent in c.labels else r.intent for g, c, r in zip(gold, cases, readings, strict=True)]
    golds, saids = Counter(gold), Counter(said)
    hits = Counter(g for g, s in zip(gold, said, strict=True) if g == s)
    return {
        label: {
            "cases": n,
            "right": hits[label],
            "f1": round(2 * hits[label] / (n + saids[label]), 4),
        }
        for label, n in sorted(golds.items())
    }


def curve(cases: Sequence[Case], readings: Sequence[Reading]) -> list[Point]:
    """For each confidence that would answer more: how much, and how much of it wrongly; falling confidence.

    What is read as out of scope is declined at any confidence.
    """
    inside = sum(OUT_OF_SCOPE not in case.labels for case in cases)
    pairs = [(c, r) for c, r in zip(cases, readings, strict=True) if r.intent != OUT_OF_SCOPE]
    pairs.sort(key=lambda pair: -pair[1].confidence)
    points: list[Point] = []
    inside_answered = wrong = 0
    for n, (case, reading) in enumerate(pairs, start=1):
        inside_answered += OUT_OF_SCOPE not in case.labels
        wrong += reading.intent not in case.labels
        if n < len(pairs) and pairs[n][1].confidence == reading.confidence:
            continue
        points.append(Point(reading.confidence, inside_answered / inside if inside else 0.0, wrong / n))
    return points


def recommended(points: Sequence[Point], wrong_limit: float) -> Point | None:
    """The point that answers most with at most ``wrong_limit`` of it wrong, or None where none does."""
    return next((point for point in reversed(points) if point.wrong_answered <= wrong_limit), None)


def bins(cases: Sequence[Case], readings: Sequence[Reading]) -> list[Bin]:
    """Ten bins of equal width over the confidence, without the empty ones."""
    grouped: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for case, reading in zip(cases, readings, strict=True):
        place = min(int(reading.confidence * BINS), BINS - 1)
        grouped[place].append((reading.confidence, reading.intent in case.labels))
    return [
        Bin(sum(c for c, _ in each) / len(each), sum(ok for _, ok in each) / len(each), len(each))
        for _, each in sorted(grouped.items())
    ]


def _share(values: Iterable[bool]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else None


def _accuracy_by(
    pairs: Sequence[tuple[Case, Reading]], groups: Callable[[Case], Iterable[str]]
) -> dict[str, float | None]:
    grouped: dict[str, list[bool]] = defaultdict(list)
    for case, reading in pairs:
        for group in groups(case):
            grouped[group].append(reading.intent in case.labels)
    return {group: _share(grouped[group]) for group in sorted(grouped)}


def _macro_f1(pairs: Sequence[tuple[Case, Reading]]) -> float:
    """F1 for each label that the cases have; of several right labels the one that was read counts."""
    gold = [r.intent if r.intent in c.labels else min(c.labels) for c, r in pairs]
    said = [r.intent for _, r in pairs]
    hits = Counter(g for g, s in zip(gold, said, strict=True) if g == s)
    golds, saids = Counter(gold), Counter(said)
    return round(sum(2 * hits[label] / (golds[label] + saids[label]) for label in golds) / len(golds), 4)


def _calibration_error(cases: Sequence[Case], readings: Sequence[Reading]) -> float:
    """Expected calibration error (Guo et al. 2017)."""
    gaps = (each.n * abs(each.confidence - each.right) for each in bins(cases, readings))
    return round(sum(gaps) / len(cases), 4)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)
