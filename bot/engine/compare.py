"""``python -m bot.engine.compare``: what changes if one trained model takes the place of another.

Both read the same cases and the same shoppers' words, one after the other, so that only one is in memory.
Whole dialogues are played with the candidate, and those that fail also with the current model. The report is
JSON (docs/comparing-models.md). Progress is a line of JSON on standard output for each step.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import logging
import sys
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engine.environment import log_from, prepare
from bot.engine.evaluation.cases import BadCases, Case, read_cases
from bot.engine.evaluation.measures import curve, per_intent
from bot.engine.evaluation.readings import (
    OUT_OF_SCOPE,
    BadModel,
    Reading,
    best,
    is_answered,
    load,
    resident_mb,
    topic_intents,
)
from bot.engine.run import CannotStart, components
from bot.engine.without_tensorflow import leave_out

if TYPE_CHECKING:
    from rasa.core.agent import Agent

CURVE_POINTS = 80
# How often progress is told, in readings.
EACH = 25
# What a model's domain names, as its archive has it.
DOMAIN = ("intents", "slots", "forms", "entities", "responses", "actions")
TOPIC = "utter_faq/"

Parsed = dict[str, Any]
Outcome = dict[str, Any]
Progress = Callable[[str, int, int], None]


def main() -> int:
    options = _options()
    try:
        report = asyncio.run(_report(options))
        options.out.write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    except (BadCases, BadModel, CannotStart, OSError, ValueError) as why:
        print(why, file=sys.stderr)
        return 1
    return 0


@dataclass
class Measured:
    """What one model makes of everything."""

    readings: list[Reading]
    outcomes: list[Outcome]
    played: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    resident_mb: int | None = None


async def _report(options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    models = {"candidate": options.candidate, "current": options.current}
    domains = {side: domain(model) for side, model in models.items()}
    cases = [case for path in options.cases for case in read_cases(path)]
    turns = _lines(options.turns) if options.turns else []
    staged = json.loads(options.dialogues.read_text(encoding="utf-8")) if options.dialogues else {}
    prepare()
    leave_out(set().union(*map(components, models.values())))
    log_from(logging.ERROR)
    from bot.engine import patches

    try:
        patches.apply()
    except patches.OtherRasa as error:
        raise BadModel(str(error)) from error

    texts = [turn["text"] for turn in turns]
    measured: dict[str, Measured] = {}
    dialogues = staged.get("candidate", [])
    for side, model in models.items():  # the candidate first: only what fails with it is played again
        say = _Told(side, options.progress)
        measured[side] = await _measure(model, cases, texts, dialogues, staged, say)
        gc.collect()
        failed = {id for id, played in measured[side].played.items() if not played["passed"]}
        dialogues = [each for each in staged.get("current", []) if each["id"] in failed]
    candidate, current = measured["candidate"], measured["current"]
    return {
        "version": 1,
        "models": {side: _described(path) for side, path in models.items()},
        "seconds": round(time.monotonic() - began, 1),
        "resident_mb": max(filter(None, (m.resident_mb for m in measured.values())), default=None),
        "domain": _domain_changes(domains["current"], domains["candidate"]),
        "cases": _cases(cases, current.readings, candidate.readings),
        "dialogues": _dialogues(current.played, candidate.played),
        "replay": _replay(turns, current.outcomes, candidate.outcomes),
    }


class _Told:
    """Says on standard output how far one model is."""

    def __init__(self, side: str, wanted: bool) -> None:
        self._side, self._wanted = side, wanted

    def __call__(self, step: str, done: int, of: int) -> None:
        if self._wanted and (done % EACH == 0 or done == of):
            line = {"model": self._side, "step": step, "done": done, "of": of}
            print(json.dumps(line), flush=True)


async def _measure(
    model: Path,
    cases: Sequence[Case],
    texts: Sequence[str],
    dialogues: Sequence[Mapping[str, Any]],
    staged: Mapping[str, Any],
    say: Progress,
) -> Measured:
    from rasa.utils.endpoints import EndpointConfig

    began = time.monotonic()
    say("load", 0, 1)
    parts: dict[str, Any] = {}
    if staged:
        from rasa.shared.core.domain import Domain

        from bot.engine.replies import ShopReplies

        headers = {"Authorization": f"Bearer {staged['actions_secret']}"}
        parts["action_endpoint"] = EndpointConfig(staged["actions_url"], headers=headers)
        parts["generator"] = ShopReplies(EndpointConfig(), Domain.from_dict(_metadata(model)["domain"]))
    agent = await load(model, **parts)
    say("load", 1, 1)
    intents = topic_intents()
    readings = [
        Reading(*best(parsed, intents), is_answered(parsed), milliseconds)
        async for parsed, milliseconds in _read(agent, [case.text for case in cases], "cases", say)
    ]
    outcomes = [outcome(parsed) async for parsed, _ in _read(agent, texts, "replay", say)]
    played = await _play(agent, dialogues, staged, say) if dialogues else {}
    return Measured(readings, outcomes, played, round(time.monotonic() - began, 1), resident_mb())


async def _read(agent: Agent, texts: Sequence[str], step: str, say: Progress) -> Any:
    from bot.engine.channel import as_typed

    for number, text in enumerate(texts, start=1):
        began = time.perf_counter()
        parsed = await agent.parse_message(as_typed(text))
        yield parsed, (time.perf_counter() - began) * 1000
        say(step, number, len(texts))


async def _play(
    agent: Agent, dialogues: Sequence[Mapping[str, Any]], staged: Mapping[str, Any], say: Progress
) -> dict[str, dict[str, Any]]:
    from bot.engine.playing import Shop, play_all

    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        say("dialogues", done, len(dialogues))

    shop = Shop(staged["shop_url"], staged["shop_secret"])
    played = await play_all(agent.processor, dialogues, shop, one_more)
    return {each["id"]: each for each in played}


def outcome(parsed: Parsed) -> Outcome:
    """What the gate decides over a message by itself.

    Returns:
        ``kind``: answer, ask (back) or decline; ``name``: the intent, or FAQ topic (``faq/…``), that is
        answered, None else; ``reading`` and ``confidence``: the best reading, whatever came of it.
    """
    from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

    from bot.engine.nlu.faq import FAQ

    intent = parsed["intent"]["name"]
    top = next((each for each in parsed["intent_ranking"] if each["name"] != UNSURE), parsed["intent"])
    reading = top["name"]
    if reading == FAQ:
        reading = parsed["response_selector"][FAQ]["response"]["intent_response_key"]
    kind = {UNSURE: "ask", OUT_OF_SCOPE: "decline"}.get(intent, "answer")
    if kind == "answer" and intent != FAQ:
        reading = intent  # also where something else than the ranking decided
    return {
        "kind": kind,
        "name": reading if kind == "answer" else None,
        "reading": reading,
        "confidence": round(float(top["confidence"]), 4),
    }


def domain(model: Path) -> dict[str, set[str]]:
    """The names in a model's domain, by kind; FAQ topics are told apart from other responses.

    Raises:
        BadModel: it is no model.
    """
    given = _metadata(model)["domain"]
    names = {kind: {_name(each) for each in given.get(kind) or ()} for kind in DOMAIN}
    names["topics"] = {each for each in names["responses"] if each.startswith(TOPIC)}
    names["responses"] -= names["topics"]
    names["topics"] = {each.removeprefix("utter_") for each in names["topics"]}
    return names


def _metadata(model: Path) -> dict[str, Any]:
    try:
        with tarfile.open(model) as archive:
            found = archive.extractfile("metadata.json")
            metadata: dict[str, Any] = json.load(found) if found else {}
            if "domain" not in metadata:
                raise KeyError("domain")
            return metadata
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError) as error:
        raise BadModel(f"{model} cannot be read as a model ({error}).") from error


def _name(entry: Any) -> str:
    """The name of an entry that may have properties, as intents and entities do."""
    return str(next(iter(entry)) if isinstance(entry, dict) else entry)


def _domain_changes(current: dict[str, set[str]], candidate: dict[str, set[str]]) -> dict[str, Any]:
    return {
        "vanished": {kind: sorted(names - candidate[kind]) for kind, names in current.items()},
        "added": {kind: sorted(names - current[kind]) for kind, names in candidate.items()},
    }


def _cases(cases: Sequence[Case], current: Sequence[Reading], candidate: Sequence[Reading]) -> dict[str, Any]:
    sides = {"current": current, "candidate": candidate}
    figures = {side: per_intent(cases, readings) for side, readings in sides.items()}
    return {
        "n": len(cases),
        "intents": [
            {
                "intent": intent,
                "cases": now["cases"],
                **{
                    side: {"right": figures[side][intent]["right"], "f1": figures[side][intent]["f1"]}
                    for side in sides
                },
            }
            for intent, now in figures["current"].items()
        ],
        **{side: _as_a_whole(cases, readings) for side, readings in sides.items()},
        # The project's own sentences, so their text may stand here.
        "changed": [
            {
                "text": case.text,
                "labels": sorted(case.labels),
                "current": _reading(case, before),
                "candidate": _reading(case, after),
            }
            for case, before, after in zip(cases, current, candidate, strict=True)
            if (before.intent in case.labels) != (after.intent in case.labels)
        ],
    }


def _reading(case: Case, reading: Reading) -> dict[str, Any]:
    return {
        "intent": reading.intent,
        "confidence": round(reading.confidence, 4),
        "answered": reading.answered,
        "right": reading.intent in case.labels,
    }


def _as_a_whole(cases: Sequence[Case], readings: Sequence[Reading]) -> dict[str, Any]:
    """What the gate answers now, and what other thresholds would: the curve, in so many points."""
    inside = [r for c, r in zip(cases, readings, strict=True) if OUT_OF_SCOPE not in c.labels]
    answered = [(c, r) for c, r in zip(cases, readings, strict=True) if r.answered]
    wrong = sum(r.intent not in c.labels for c, r in answered)
    points = curve(cases, readings)
    chosen = sorted({round(i * (len(points) - 1) / (CURVE_POINTS - 1)) for i in range(CURVE_POINTS)})
    times = sorted(r.milliseconds for r in readings)
    return {
        "right": sum(r.intent in c.labels for c, r in zip(cases, readings, strict=True)),
        "answered": round(sum(r.answered for r in inside) / len(inside), 4) if inside else 0.0,
        "wrong_answered": round(wrong / len(answered), 4) if answered else 0.0,
        "milliseconds": round(times[len(times) // 2], 2) if times else None,
        "curve": [
            [round(points[i].answered, 4), round(points[i].wrong_answered, 4), round(points[i].threshold, 4)]
            for i in (chosen if points else ())
        ],
    }


def _dialogues(current: dict[str, Any], candidate: dict[str, Any]) -> dict[str, Any]:
    readings = {id: played.pop("readings") for id, played in candidate.items()}
    before = {id: played.pop("readings") for id, played in current.items()}
    failed = [played for _, played in sorted(candidate.items()) if not played["passed"]]
    return {
        "played": len(candidate),
        "broken": [
            {**played, "readings": read_otherwise(before[played["id"]], readings[played["id"]])}
            for played in failed
            if current[played["id"]]["passed"]
        ],
        "failed_before": [played for played in failed if not current[played["id"]]["passed"]],
    }


def read_otherwise(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """The turns of a dialogue that the candidate reads otherwise, as far as it came, from first to last."""
    told = ("kind", "reading", "confidence")
    then = {each["turn"]: each for each in before}
    return [
        {
            **{"turn": now["turn"], "text": now["text"]},
            **{"before": {key: was[key] for key in told}, "after": {key: now[key] for key in told}},
        }
        for now in after
        if (was := then.get(now["turn"])) and (was["kind"], was["reading"]) != (now["kind"], now["reading"])
    ]


def _replay(
    turns: Sequence[Mapping[str, Any]], current: Sequence[Outcome], candidate: Sequence[Outcome]
) -> dict[str, Any]:
    """Which texts come to something else, by their keys: the report holds no shopper's word."""
    changed = [
        {"key": turn["key"], "before": before, "after": after}
        for turn, before, after in zip(turns, current, candidate, strict=True)
        if (before["kind"], before["name"]) != (after["kind"], after["name"])
    ]
    return {"texts": len(turns), "changed": changed}


def _lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file with a JSON object, ``key`` and ``text``, on each line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def _described(model: Path) -> dict[str, str]:
    with model.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return {"name": model.name.removesuffix(".tar.gz"), "sha256": digest.hexdigest()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bot.engine.compare", description=__doc__.partition("\n")[0])
    parser.add_argument("--current", type=Path, required=True, help="archive of the model that serves")
    parser.add_argument("--candidate", type=Path, required=True, help="archive that may take its place")
    parser.add_argument("--cases", type=Path, nargs="*", default=[], help="tables as for bot evaluate")
    parser.add_argument("--turns", type=Path, help="shoppers' words, a JSON object with key and text a line")
    parser.add_argument("--dialogues", type=Path, help="dialogues that bot/comparing.py has laid out")
    parser.add_argument("--out", type=Path, required=True, help="where the report goes")
    parser.add_argument("--progress", action="store_true", help="tell each step on standard output")
    options = parser.parse_args()
    for name in ("current", "candidate", "out", "turns", "dialogues"):
        if path := getattr(options, name):
            setattr(options, name, path.resolve())
    return options


if __name__ == "__main__":
    sys.exit(main())
