"""The evaluation's arithmetic, and its figures from a model of the real kind."""

from pathlib import Path

import pytest

from bot.engine.evaluate import BadCases, Case, Reading, measures, read_cases, topic_intents


def case(labels: str, style: str = "plain") -> Case:
    return Case("x", frozenset(labels.split("|")), style)


def reading(intent: str, confidence: float = 1.0, answered: bool = True, ms: float = 1.0) -> Reading:
    return Reading(intent, confidence, answered, ms)


def test_figures_by_hand() -> None:
    cases = [
        case("greet"),
        case("greet|thanks"),
        case("invoice", "typo"),
        case("out_of_scope"),
        case("out_of_scope"),
    ]
    readings = [
        reading("greet", 0.9),
        reading("thanks", 0.8, answered=False),
        reading("greet", 0.7, ms=5.0),
        reading("out_of_scope", 0.6, answered=False),
        reading("invoice", 0.5),
    ]
    figures = measures(cases, readings)
    assert figures["n"] == 5
    assert figures["accuracy"] == 0.6
    assert figures["answered"] == 0.6667
    assert figures["wrong_answered"] == 0.6667
    assert figures["out_of_scope_recall"] == 0.5
    assert figures["per_label"] == {"greet": 1.0, "invoice": 0.0, "out_of_scope": 0.5, "thanks": 1.0}
    assert figures["per_style"] == {"plain": 0.75, "typo": 0.0}
    # Bins .9: 1 right; .8: 1 right; .7: 0; .6: 1 right; .5: 0.
    assert figures["ece"] == pytest.approx((0.1 + 0.2 + 0.7 + 0.4 + 0.5) / 5, abs=1e-4)
    assert figures["latency_ms"] == {"p50": 1.0, "p95": 5.0}
    assert ["invoice", "greet", 1] in figures["confusions"]


def test_cases_are_read_with_columns_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "cases.tsv"
    path.write_text(
        'style\ttext\tother\tlabel\nplain\t他说"在吗\tx\tgreet|inform\n\t空\t\t\n', encoding="utf-8"
    )
    assert read_cases(path) == [Case('他说"在吗', frozenset({"greet", "inform"}), "plain")]


@pytest.mark.parametrize("content", ["", "text\n你好\n", "label\ngreet\n", "text\tlabel\n你好\t\n"])
def test_what_are_no_cases_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cases.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadCases):
        read_cases(path)
    with pytest.raises(BadCases):
        read_cases(tmp_path / "missing.tsv")


def test_every_topic_counts_as_an_intent() -> None:
    intents = topic_intents()
    assert len(intents) > 80
    assert intents["faq/return_postage"] == "return_policy"
