"""``python -m bot.engine.evaluate CASES.tsv [--json]``: how well the trained model reads labelled messages.

The cases have the columns ``text`` and ``label`` (or ``our_intent``; ``a|b``: either is right) and
may have ``style``. FAQ topics count as the intent that their file names for them.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, current_model

OUT_OF_SCOPE = "out_of_scope"
BINS = 10


@dataclass(frozen=True)
class Case:
    """A labelled message; any of ``labels`` is right."""

    text: str
    labels: frozenset[str]
    style: str


@dataclass(frozen=True)
class Reading:
    """What the model made of a case."""

    intent: str
    """The best reading, FAQ topics as the intent they count as."""
    confidence: float
    answered: bool
    """Whether the gate lets the bot answer, neither asking back nor declining."""
    milliseconds: float


class BadCases(Exception):
    """The cases cannot be read; the text says why."""


def read_cases(path: Path) -> list[Case]:
    """Read tab-separated cases with a header.

    Raises:
        BadCases: no such file, no ``text`` or label column, or no row with a label.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadCases(f"{path} cannot be read ({error}).") from error
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


def measures(cases: Sequence[Case], readings: Sequence[Reading]) -> dict[str, Any]:
    """The figures of docs/nlu.md over cases and their readings, in the same order."""
    pairs = list(zip(cases, readings, strict=True))
    right = [reading.intent in case.labels for case, reading in pairs]
    inside = [(c, r) for c, r in pairs if OUT_OF_SCOPE not in c.labels]
    outside = [r for c, r in pairs if OUT_OF_SCOPE in c.labels]
    answered = [(c, r) for c, r in pairs if r.answered]
    confusions = Counter(
        ("|".join(sorted(c.labels)), r.intent) for (c, r), ok in zip(pairs, right, strict=True) if not ok
    )
    times = sorted(r.milliseconds for r in readings)
    return {
        "n": len(pairs),
        "accuracy": _share(right),
        "macro_f1": _macro_f1(pairs),
        "per_label": _accuracy_by(pairs, lambda case: sorted(case.labels)),
        "per_style": _accuracy_by(pairs, lambda case: [case.style] if case.style else []),
        "answered": _share(r.answered for _, r in inside),
        "wrong_answered": _share(r.intent not in c.labels for c, r in answered),
        "out_of_scope_recall": _share(not r.answered for r in outside),
        "ece": _calibration_error(readings, right),
        "latency_ms": {"p50": _quantile(times, 0.5), "p95": _quantile(times, 0.95)},
        "confusions": [[gold, said, n] for (gold, said), n in confusions.most_common(30)],
    }


def _share(values: Iterable[bool]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else None


def _accuracy_by(pairs: Sequence[tuple[Case, Reading]], groups: Any) -> dict[str, float | None]:
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


def _calibration_error(readings: Sequence[Reading], right: Sequence[bool]) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for reading, ok in zip(readings, right, strict=True):
        bins[min(int(reading.confidence * BINS), BINS - 1)].append((reading.confidence, ok))
    gaps = (
        abs(sum(confidence for confidence, _ in each) - sum(ok for _, ok in each)) for each in bins.values()
    )
    return round(sum(gaps) / len(right), 4)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)


async def read_all(model: Path, cases: Sequence[Case]) -> list[Reading]:
    """Read each case's text as the engine reads a typed message."""
    from rasa.core.agent import Agent

    from bot.engine.channel import as_typed

    agent = Agent.load(str(model))
    intents = topic_intents()
    await agent.parse_message("你好")  # what is loaded late is loaded now
    readings = []
    for case in cases:
        began = time.perf_counter()
        parsed = await agent.parse_message(as_typed(case.text))
        readings.append(_reading(parsed, intents, (time.perf_counter() - began) * 1000))
    return readings


def _reading(parsed: dict[str, Any], intents: dict[str, str], milliseconds: float) -> Reading:
    from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

    best = next(each for each in parsed["intent_ranking"] if each["name"] != UNSURE)
    intent = best["name"]
    if intent == "faq":
        intent = intents.get(parsed["response_selector"]["faq"]["response"]["intent_response_key"], intent)
    answered = parsed["intent"]["name"] not in (UNSURE, OUT_OF_SCOPE)
    return Reading(intent, best["confidence"], answered, milliseconds)


def topic_intents(folder: Path = ROOT / "data" / "nlu" / "faq") -> dict[str, str]:
    """The intent that each FAQ topic (``faq/…``) counts as."""
    from rasa.shared.utils.io import read_yaml_file

    entries = (entry for path in sorted(folder.glob("*.yml")) for entry in read_yaml_file(path)["nlu"])
    return {entry["intent"]: entry["metadata"]["intent"] for entry in entries}


def _print_table(figures: dict[str, Any]) -> None:
    for name in ("n", "accuracy", "macro_f1", "answered", "wrong_answered", "out_of_scope_recall", "ece"):
        print(f"{name:20} {figures[name]}")
    print(f"{'latency_ms':20} p50 {figures['latency_ms']['p50']}  p95 {figures['latency_ms']['p95']}")
    for group in ("per_style", "per_label"):
        print(f"\n{group}")
        for name, value in sorted(figures[group].items(), key=lambda item: item[1]):
            print(f"  {name:30} {value:.2f}")
    print("\nconfusions (right, read as, how often)")
    for gold, said, count in figures["confusions"][:15]:
        print(f"  {gold:30} {said:24} {count}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.evaluate", description=__doc__.partition("\n")[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--model", type=Path, help="archive; default: that of the files as they are")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    model = options.model or current_model(ROOT / "models")
    if not model:
        print("There is no model of the present files: run `make train`.", file=sys.stderr)
        return 1
    try:
        cases = read_cases(options.cases)
    except BadCases as bad:
        print(bad, file=sys.stderr)
        return 1
    prepare()
    import logging

    log_from(logging.ERROR)
    readings = asyncio.run(read_all(model, cases))
    figures = {**measures(cases, readings), "model": model.name}
    if options.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        _print_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
