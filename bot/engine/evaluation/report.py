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


def beside(columns: dict[str, dict[str, Any]]) -> str:
    """The figures of several models over the same cases, as a Markdown table; ``columns`` by their titles."""
    all_figures = list(columns.values())
    first = all_figures[0]
    names = ["accuracy", "macro_f1", *_SHARES[2:], "resident_mb", "training_seconds"]
    rows = {name.replace("_", " "): [each[name] for each in all_figures] for name in names}
    rows |= {f"parse {q}, ms": [each["latency_ms"][q] for each in all_figures] for q in ("p50", "p95")}
    rows |= {
        f"style {style}": [each["per_style"][style] for each in all_figures] for style in first["per_style"]
    }
    lines = [
        f"{first['cases']}: {first['n']} rows; {', '.join(each['model'] for each in all_figures)}",
        "",
        f"| {'':20} |" + "".join(f" {title:>15} |" for title in columns),
        f"|{'-' * 22}|" + f"{'-' * 16}:|" * len(columns),
    ]
    lines += [
        f"| {name:20} |" + "".join(f" {_shown(one):>15} |" for one in row) for name, row in rows.items()
    ]
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


def _worst_first(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: (item[1], item[0]))


def _shown(value: float | str | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) and value <= 1 else str(value)
