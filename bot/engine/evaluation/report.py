"""The figures as people read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bot.engine.evaluation.cases import Case
from bot.engine.evaluation.readings import Reading

_SHARES = ("accuracy", "macro_f1", "answered", "wrong_answered", "out_of_scope_recall", "ece")


def table(figures: dict[str, Any]) -> str:
    """The figures of one file of cases."""
    limit = figures["recommended"]
    lines = [
        f"{figures['cases']}, {figures['model']}",
        *(f"{name:20} {_shown(figures[name])}" for name in ("n", *_SHARES)),
        f"{'latency_ms':20} p50 {figures['latency_ms']['p50']}  p95 {figures['latency_ms']['p95']}",
        f"{'resident_mb':20} {_shown(figures['resident_mb'])}",
        f"{'recommended':20} for at most {limit['wrong_limit']:.1%} wrong: "
        + (
            f"threshold {limit['threshold']:.3f} answers {limit['answered']:.1%},"
            f" {limit['wrong_answered']:.1%} of it wrong"
            if limit["threshold"] is not None
            else "no threshold does"
        ),
    ]
    for group in ("per_style", "per_label"):
        lines += ["", group]
        lines += [f"  {name:30} {value:.2f}" for name, value in _worst_first(figures[group])]
    lines += ["", "confusions (right, read as, how often)"]
    lines += [f"  {gold:30} {said:24} {n}" for gold, said, n in figures["confusions"][:15]]
    return "\n".join(lines)


def beside(ours: dict[str, Any], stock: dict[str, Any]) -> str:
    """The figures of two models over the same cases, as a Markdown table."""
    rows = [(name, ours[name], stock[name]) for name in ("accuracy", "macro_f1")]
    if ours["per_style"]:
        rows.append(("hardest style", _hardest(ours), _hardest(stock)))
    rows += [(name, ours[name], stock[name]) for name in _SHARES[2:]]
    rows += [(f"parse {q}, ms", ours["latency_ms"][q], stock["latency_ms"][q]) for q in ("p50", "p95")]
    rows += [
        (name.replace("_", " "), ours[name], stock[name]) for name in ("resident_mb", "training_seconds")
    ]
    rows += [
        (f"style {style}", ours["per_style"][style], stock["per_style"][style]) for style in ours["per_style"]
    ]
    lines = [
        f"{ours['cases']}: {ours['n']} rows; {ours['model']} and {stock['model']}",
        "",
        f"| {'':20} | {'ours':>18} | {'stock':>18} |",
    ]
    lines.append(f"|{'-' * 22}|{'-' * 19}:|{'-' * 19}:|")
    lines += [f"| {name:20} | {_shown(one):>18} | {_shown(two):>18} |" for name, one, two in rows]
    return "\n".join(lines)


def confusions(figures: dict[str, Any], cases: Sequence[Case], readings: Sequence[Reading]) -> str:
    """Markdown: for each label what it was read as, with the messages; labels with most wrong first."""
    totals: dict[str, int] = defaultdict(int)
    wrong: dict[str, dict[str, list[tuple[Reading, Case]]]] = defaultdict(lambda: defaultdict(list))
    for case, reading in zip(cases, readings, strict=True):
        totals[case.gold] += 1
        if reading.intent not in case.labels:
            wrong[case.gold][reading.intent].append((reading, case))
    counts = {label: sum(map(len, read_as.values())) for label, read_as in wrong.items()}
    lines = [
        f"# {figures['cases']}: {sum(counts.values())} of {len(cases)} read wrong ({figures['model']})",
        "",
    ]
    lines += ["Before each message its confidence, and `!` where the bot would have answered.", ""]
    for label in sorted(wrong, key=lambda each: (-counts[each] / totals[each], each)):
        lines += [f"## {label}: {counts[label]} of {totals[label]}", ""]
        for said, found in sorted(wrong[label].items(), key=lambda item: (-len(item[1]), item[0])):
            lines += [f"Read as **{said}**:", ""]
            for reading, case in sorted(found, key=lambda each: -each[0].confidence):
                style = f" ({case.style})" if case.style else ""
                lines.append(f"- {reading.confidence:.2f}{'!' * reading.answered} {case.text}{style}")
            lines.append("")
    return "\n".join(lines)


def _hardest(figures: dict[str, Any]) -> str:
    style, value = _worst_first(figures["per_style"])[0]
    return f"{value:.4f} {style}"


def _worst_first(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: (item[1], item[0]))


def _shown(value: float | str | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) and value <= 1 else str(value)
