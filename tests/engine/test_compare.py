"""What a comparison reads out of two models, in the engine's environment."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.engine.compare import domain, outcome, read_otherwise
from bot.engine.evaluation.cases import Case
from bot.engine.evaluation.measures import per_intent
from bot.engine.evaluation.readings import BadModel, Reading, load
from bot.engine.fingerprint import ROOT
from bot.engine.playing import read_as


def test_figures_by_intent_count_each_case_once() -> None:
    cases = [
        Case("1", frozenset({"a"}), ""),
        Case("2", frozenset({"a", "b"}), ""),
        Case("3", frozenset({"b"}), ""),
        Case("4", frozenset({"b"}), ""),
    ]
    readings = [Reading(intent, 0.9, True, 1.0) for intent in ("a", "b", "a", "b")]
    assert per_intent(cases, readings) == {
        # Twice right, and once said where b was right.
        "a": {"cases": 2, "right": 2, "f1": 0.8},
        "b": {"cases": 2, "right": 1, "f1": 0.6667},
    }


def test_names_of_a_model(model: Path, tmp_path: Path) -> None:
    names = domain(model)
    assert {"greet", "order_status", "faq"} <= names["intents"]
    assert "order_no" in names["slots"] and "utter_greet" in names["responses"]
    assert names["topics"] == {"faq/return_postage", "faq/invoice_how"}
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(model.read_bytes()[:2000])
    with pytest.raises(BadModel, match=r"torn\.tar\.gz cannot be read as a model"):
        domain(torn)


async def _outcomes(model: Path, *texts: str) -> list[tuple[str, str | None]]:
    agent = await load(model)
    parsed = [await agent.parse_message(text) for text in texts]
    return [(each["kind"], each["name"]) for each in map(outcome, parsed)]


def test_outcomes_are_what_the_gate_decides(model: Path) -> None:
    greeting, question, outside = asyncio.run(_outcomes(model, "你好", "怎么开发票", "今天天气怎么样"))
    assert greeting == ("answer", "greet")
    assert question == ("answer", "faq/invoice_how")
    assert outside == ("decline", None)


def test_who_is_unsure_asks_back_and_the_closest_reading_is_told() -> None:
    unsure = {"name": "nlu_fallback", "confidence": 0.6}
    parsed = {
        "intent": unsure,
        "intent_ranking": [unsure, {"name": "faq", "confidence": 0.4}],
        "response_selector": {"faq": {"response": {"intent_response_key": "faq/invoice_how"}}},
    }
    assert outcome(parsed) == {
        "kind": "ask",
        "name": None,
        "reading": "faq/invoice_how",
        "confidence": 0.4,
    }


def test_what_a_dialogue_reads_otherwise_is_told_by_turn() -> None:
    asked = {"intent": "faq", "confidence": 0.9, "ranking": [{"name": "faq", "confidence": 0.9}]}
    topic = read_as(asked | {"faq": {"topic": "invoice_how", "score": 0.8}})
    assert topic == {"kind": "answer", "reading": "faq/invoice_how", "confidence": 0.9}
    unsure = read_as({"intent": "nlu_fallback", "confidence": 0.3, "ranking": [topic | {"name": "greet"}]})
    assert unsure == {"kind": "ask", "reading": "greet", "confidence": 0.9}
    assert read_as({"intent": "out_of_scope", "confidence": 0.7, "ranking": []})["kind"] == "decline"

    before = [{"turn": turn, "text": f"第{turn}句", **topic} for turn in (1, 2, 3)]
    surer = {"turn": 1, "text": "第1句", **topic, "confidence": 1.0}
    # The third turn was not reached.
    assert read_otherwise(before, [surer, {"turn": 2, "text": "第2句", **unsure}]) == [
        {"turn": 2, "text": "第2句", "before": topic, "after": unsure}
    ]


def test_hostile_texts_are_read_and_stand_in_no_report(model: Path, tmp_path: Path) -> None:
    texts = ["/restart", "<script>你好", "\u202e好你", "'; DROP TABLE message;--", "\ud800", "长" * 2000]
    turns = tmp_path / "turns.jsonl"
    turns.write_text("".join(json.dumps({"key": str(i), "text": t}) + "\n" for i, t in enumerate(texts)))
    out = tmp_path / "report.json"
    command = [sys.executable, "-m", "bot.engine.compare", "--current", model, "--candidate", model]
    command += ["--turns", turns, "--out", out, "--progress"]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["replay"] == {"texts": len(texts), "changed": []}
    assert report["cases"]["n"] == 0 and report["models"]["current"] == report["models"]["candidate"]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[-1] == {"model": "current", "step": "replay", "done": len(texts), "of": len(texts)}
    assert "DROP" not in done.stdout + done.stderr + out.read_text(encoding="utf-8")
