"""The evaluation's arithmetic, and its figures from models of the real kind."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot import model_sidecar
from bot.engine.evaluation.cases import BadCases, Case, Question, read_cases, read_judgement, read_questions
from bot.engine.evaluation.faq import answers, judged
from bot.engine.evaluation.measures import Point, curve, measures, recommended
from bot.engine.evaluation.readings import BadModel, Reading, best, load, topic_intents
from bot.engine.evaluation.report import beside, confusions
from bot.engine.evaluation.stock import THREADS, CannotTrain, _thinned, trained
from bot.engine.fingerprint import ROOT
from tests.engine.tiny import write_project


def case(labels: str, style: str = "plain") -> Case:
    return Case("x", frozenset(labels.split("|")), style)


def reading(intent: str, confidence: float = 1.0, answered: bool = True, ms: float = 1.0) -> Reading:
    return Reading(intent, confidence, answered, ms)


CASES = [
    case("greet"),
    case("greet|thanks"),
    case("invoice", "typo"),
    case("out_of_scope"),
    case("out_of_scope"),
]
READINGS = [
    reading("greet", 0.9),
    reading("thanks", 0.8, answered=False),
    reading("greet", 0.7, ms=5.0),
    reading("out_of_scope", 0.6, answered=False),
    reading("invoice", 0.5),
]


def test_figures_by_hand() -> None:
    figures = measures(CASES, READINGS)
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
    assert figures["recommended"] == {
        "wrong_limit": 0.03,
        "threshold": 0.8,
        "answered": 0.6667,
        "wrong_answered": 0.0,
    }


def test_curve_by_hand() -> None:
    points = curve(CASES, READINGS)
    # What is read as out of scope (0.6) is answered at no threshold.
    assert points == [
        Point(0.9, 1 / 3, 0.0),
        Point(0.8, 2 / 3, 0.0),
        Point(0.7, 1.0, 1 / 3),
        Point(0.5, 1.0, 0.5),
    ]
    assert recommended(points, 0.4) == points[2]
    assert recommended([Point(0.9, 0.1, 1.0), Point(0.5, 0.9, 0.2)], 0.1) is None
    # One threshold cannot part readings of one confidence.
    alike = curve([case("greet"), case("greet")], [reading("greet", 0.7), reading("thanks", 0.7)])
    assert alike == [Point(0.7, 1.0, 0.5)]


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
    for read in (read_cases, read_questions, read_judgement):
        with pytest.raises(BadCases, match="cases"):
            read(path)
        with pytest.raises(BadCases, match="missing"):
            read(tmp_path / "missing.tsv")


def test_every_topic_counts_as_an_intent() -> None:
    intents = topic_intents()
    assert len(intents) > 80
    assert intents["faq/return_postage"] == "return_policy"


@pytest.mark.parametrize(
    ("readings", "intent"),
    [
        ([{"name": "greet", "confidence": 0.7}], "greet"),
        ([{"name": "faq", "confidence": 0.7, "counts_as": "invoice"}], "invoice"),
        # The stock pipeline does not say what a topic counts as.
        ([{"name": "faq", "confidence": 0.7}], "return_policy"),
    ],
)
@pytest.mark.parametrize("unsure", [[], [{"name": "nlu_fallback", "confidence": 0.3}]])
def test_the_best_reading_is_behind_the_gate(readings: Any, intent: str, unsure: Any) -> None:
    topic = {"response": {"intent_response_key": "faq/return_postage"}}
    parsed = {"intent_ranking": [*unsure, *readings], "response_selector": {"faq": topic}}
    assert best(parsed, {"faq/return_postage": "return_policy"}) == (intent, 0.7)


def test_two_models_beside_each_other() -> None:
    figures = {
        **measures(CASES, READINGS),
        "cases": "c.tsv",
        "model": "m",
        "resident_mb": 500,
        "training_seconds": None,
    }
    lines = beside({"ours": figures, "stock": figures}).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert ["", "ours", "stock"] in rows
    assert ["accuracy", "0.6000", "0.6000"] in rows
    assert ["style typo", "0.0000", "0.0000"] in rows
    assert ["resident mb", "500", "500"] in rows
    assert ["training seconds", "–", "–"] in rows


def test_each_so_maniest_example_is_taken() -> None:
    greetings = "".join(f"    - {i}\n" for i in range(7))
    text = f"- intent: greet\n  examples: |\n{greetings}\n- intent: faq/x\n  examples: |\n    - a\n"
    kept = [line[6:] for line in _thinned(text, 3).splitlines() if line.startswith("    - ")]
    assert kept == ["0", "3", "6", "a"]
    assert _thinned(text, 1) == text


def test_worst_labels_come_first_in_the_confusions() -> None:
    text = confusions({"cases": "c.tsv", "model": "m"}, CASES, READINGS)
    assert text.index("## invoice: 1 of 1") < text.index("## out_of_scope: 1 of 2")
    assert "## greet" not in text
    assert "- 0.70! x (typo)" in text


@pytest.mark.timeout(180)
def test_the_command_measures_several_files(model: Path, tmp_path: Path) -> None:
    rows = {"one": "你好\tgreet\tplain\n在吗\tthanks\tplain\n", "two": "退货运费谁出\torder_status\tplain\n"}
    for name, row in rows.items():
        (tmp_path / f"{name}.tsv").write_text(f"text\tlabel\tstyle\n{row}", encoding="utf-8")
    command = [sys.executable, "-m", "bot.engine.evaluation", "one.tsv", "two.tsv", "--json"]
    command += ["--model", str(model), "--pictures", "pictures", "--confusions", "wrong.md"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout)
    assert (one["cases"], one["n"], one["accuracy"]) == ("one.tsv", 2, 0.5)
    # The tiny shop's own topics count as what its examples say.
    assert (two["accuracy"], two["answered"]) == (1.0, 1.0)
    assert one["model"] == model.name
    assert 100 < one["resident_mb"] < 2000
    pictures = {path.name: path.read_bytes()[:4] for path in (tmp_path / "pictures").iterdir()}
    assert pictures == dict.fromkeys(
        (f"{name}-{kind}.png" for name in rows for kind in ("reliability", "answered")), b"\x89PNG"
    )
    written = (tmp_path / "wrong.md").read_text(encoding="utf-8")
    assert "## thanks: 1 of 1" in written
    assert "在吗" in written


def test_faq_answers_as_the_shopper_sees_them(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITAI_BOT_DIR", str(model.parent.parent))

    async def rows() -> list[dict[str, Any]]:
        asked = [Question("退货运费谁出", "postage"), Question("今天天气怎么样", "weather")]
        return [row async for row in answers(model, asked)]

    postage, weather = asyncio.run(rows())
    assert postage["answered_topic"] == "faq/return_postage"
    assert postage["answer"] == "质量问题我们承担运费。"
    assert (postage["topic"], postage["intent"], postage["answered"]) == ("postage", "order_status", True)
    assert not weather["answered"]


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_text("no archive", encoding="utf-8")
    with pytest.raises(BadModel, match="Run `make train`"):
        asyncio.run(load(broken))


def test_foreign_topics_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "judgement.tsv"
    path.write_text("their_topic\tour_topic\npostage\tfaq/a faq/b\nnone\t\n", encoding="utf-8")
    rows = [
        {"topic": "postage", "answered_topic": "faq/b", "answered": True},
        {"topic": "postage", "answered_topic": "faq/c", "answered": True},
        {"topic": "none", "answered_topic": "faq/a", "answered": True},
    ]
    assert judged(rows, read_judgement(path)) == (
        "The right topic first: 50.0% of 2 questions (1 of topics without a judgement left out)."
        " Answered with a topic: 2, 1 of them rightly."
    )


OTHER = """
recipe: default.v1
language: zh
assistant_id: other
pipeline:
- {name: JiebaTokenizer}
- {name: CountVectorsFeaturizer, analyzer: char_wb}
- {name: LogisticRegressionClassifier}
- {name: FallbackClassifier, threshold: 0.2}
policies:
- {name: RulePolicy}
"""


def test_another_pipeline_is_trained_once_on_the_same_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path)
    config = tmp_path / "other_config.yml"
    config.write_text(OTHER, encoding="utf-8")
    models = tmp_path / "models"
    monkeypatch.chdir(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        # Training changes its process; put back what the other tests run with.
        for name in ("LOG_LEVEL", *THREADS):
            patch.setenv(name, "1")
        model = trained(config, models, tmp_path)
    assert model.name.startswith("other-")
    assert model_sidecar.read(model).training_seconds is not None
    written = model.stat().st_mtime_ns
    assert trained(config, models, tmp_path) == model
    assert model.stat().st_mtime_ns == written
    assert sorted(path.suffix for path in models.iterdir()) == [".gz", ".json"]

    async def first(text: str) -> str:
        agent = await load(model)
        return str((await agent.parse_message(text))["intent"]["name"])

    assert asyncio.run(first("早上好")) == "greet"
    config.write_text(OTHER.replace("JiebaTokenizer", "Lost"), encoding="utf-8")
    with pytest.raises(CannotTrain, match="Lost"):
        trained(config, models, tmp_path)
