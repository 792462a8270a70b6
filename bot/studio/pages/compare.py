"""Candidates beside the model that serves: the verdict, why, and every changed outcome to be judged."""

import re
from typing import Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership, titles
from bot.problems import Problem
from bot.staff import texts
from bot.staff.texts import Texts
from bot.studio.proof import Comparisons, causes, replay, rules
from bot.studio.proof.comparisons import ENDED, Judged, Refused, problem_of, verdict_of
from bot.studio.proof.models import Comparison
from bot.studio.services import Services

from .language import address
from .shell import Admin, page, said

PAGE = 50
# The curve's picture, in its own units.
WIDTH, HEIGHT, EDGE = 640, 260, 40
# How much of the whole each step takes, in percent, in their order.
STEPS = {
    ("", "stage"): 20,
    ("candidate", "load"): 8,
    ("candidate", "cases"): 4,
    ("candidate", "replay"): 16,
    ("candidate", "dialogues"): 24,
    ("current", "load"): 8,
    ("current", "cases"): 4,
    ("current", "replay"): 16,
}
KINDS = ("intents", "slots", "forms", "topics", "entities", "actions", "responses")

# What bot/dialogues/expected.py says of an answer, and the sentence for it in texts/compare.yml.
WRONG = {
    "wrong_text": re.compile(r"text: '(.*)' is not said", re.DOTALL),
    "wrong_not": re.compile(r"not: '(.*)' is said", re.DOTALL),
    "wrong_buttons": re.compile(r"buttons: none offers '(.*)'", re.DOTALL),
    "wrong_tap": re.compile(r"tap: no button offers '(.*)'", re.DOTALL),
    "wrong_handoff": re.compile(r"handoff: (\w+) expected, there was (\w+)"),
    "wrong_cards": re.compile(r"cards: (.*)", re.DOTALL),
}

Show = Literal["all", "open", "better", "worse", "same"]


class Judging(BaseModel):
    """What an admin thinks of one change; None takes it back."""

    key: str
    judged: Judged | None


def create_router(services: Services) -> APIRouter:
    """``/studio/compare`` and what lies below it."""
    router = APIRouter(prefix="/studio/compare")
    comparisons, store = services.comparisons, services.store

    @router.get("")
    def show_all(request: Request, staff: Admin) -> HTMLResponse:
        return _all(request, staff)

    def _all(request: Request, staff: Admin, problem: str = "", status: int = 200) -> HTMLResponse:
        language = texts.language(request)
        try:
            listed, current = comparisons.latest(), comparisons.current()
        except SQLAlchemyError:
            return page(request, staff, "compare_list", 503, here="models", failed=True)
        return page(
            request,
            staff,
            "compare_list",
            status,
            here="models",
            comparisons=[(each, verdict_of(each, language)) for each in listed],
            models=comparisons.models(),
            current=current,
            problem=problem,
        )

    @router.post("")
    def begin(request: Request, staff: Admin, candidate: str = Form(), current: str = Form()) -> Response:
        try:
            id = comparisons.compare(candidate, current, staff.display_name)
            audits.note(store, ownership.agent(staff.id), "compare", comparison=id, model=candidate)
        except Refused as refused:
            return _all(request, staff, refused.say(texts.language(request)), refused.status)
        return RedirectResponse(f"/studio/compare/{id}", 303)

    @router.get("/{id}")
    def show(
        request: Request,
        staff: Admin,
        id: int,
        show: Show = "all",
        number: int = Query(1, alias="page", ge=1, le=10_000),
    ) -> HTMLResponse:
        language = texts.language(request)
        try:
            found = comparisons.comparison(id)
            values: dict[str, Any] = {
                "comparison": found,
                "verdict": verdict_of(found, language),
                "problem": problem_of(found, language),
                "under_way": found.state not in ENDED,
                "percent": percent(found.progress),
            }
            if found.report:
                sentences = said(request, "compare")
                values |= _report(found.report) | {"told": lambda wrong: _told(sentences, wrong)}
                values["why"] = causes.causes(store, services.settings.models_dir, services.files, found)
                values["address"] = lambda name: address("topic" if "/" in name else "intent", name)
                values |= _changes(comparisons, services, found, show, number)
                if values["lines"]:
                    services.views.note(staff, "view_replay", comparison=id)
        except SQLAlchemyError:
            return page(request, staff, "compare", 503, here="models", comparison=None)
        except Refused:
            return page(request, staff, "compare", 404, here="models", comparison=None)
        return page(request, staff, "compare", here="models", **values)

    @router.get("/{id}/state")
    def state(id: int, staff: Admin) -> dict[str, Any]:
        found = comparisons.comparison(id)
        return {"state": found.state, "percent": percent(found.progress), "step": found.progress}

    @router.post("/{id}/cancel")
    def cancel(id: int, staff: Admin) -> Response:
        comparisons.cancel(id)
        audits.note(store, ownership.agent(staff.id), "cancel_comparison", comparison=id)
        return RedirectResponse(f"/studio/compare/{id}", 303)

    @router.post("/{id}/judge")
    def judge(request: Request, id: int, judging: Judging, staff: Admin) -> dict[str, Any]:
        language = texts.language(request)
        try:
            comparisons.judge(id, judging.key, judging.judged, staff.display_name)
            audits.note(store, ownership.agent(staff.id), "judge", comparison=id, judged=judging.judged)
        except Refused as refused:
            raise Problem(refused.status, refused.type, refused.say(language)) from None
        found = comparisons.comparison(id)
        verdict = verdict_of(found, language)
        counts = _counts(found.report or {}, comparisons.judgements(id))
        return {"passed": verdict.passed, "reasons": verdict.reasons, "counts": counts}

    return router


def percent(progress: dict[str, Any] | None) -> int:
    """How much of a comparison is done."""
    if not progress:
        return 0
    here = (str(progress.get("model")), str(progress.get("step")))
    if here not in STEPS:
        return 0
    steps = list(STEPS)
    before = sum(STEPS[step] for step in steps[: steps.index(here)])
    return round(before + STEPS[here] * float(progress["done"]) / max(int(progress["of"]), 1))


def _report(report: dict[str, Any]) -> dict[str, Any]:
    """The report's figures as the page shows them."""
    cases = report["cases"]
    intents = sorted(
        (
            {**each, "title": titles.title(each["intent"]), "points": rules.points(each)}
            for each in cases["intents"]
        ),
        key=lambda each: (each["points"], each["candidate"]["f1"] - each["current"]["f1"]),
    )
    allowed = rules.margins()
    domain = report["domain"]
    return {
        "report": report,
        "cases": cases,
        "allowed": allowed,
        "changed_intents": [each for each in intents if each["current"] != each["candidate"]],
        "same_intents": [each for each in intents if each["current"] == each["candidate"]],
        "curve": _curve(cases) if cases["n"] else None,
        "names": {
            side: [(kind, domain[side][kind]) for kind in KINDS if domain[side][kind]]
            for side in ("vanished", "added")
        },
        "title": titles.title,
    }


def _told(sentences: Texts, wrong: str) -> str:
    """What went wrong in a dialogue, in the page's language where it has a sentence for it."""
    for key, pattern in WRONG.items():
        if found := pattern.fullmatch(wrong):
            return sentences(key).format(*found.groups())
    return wrong


def _curve(cases: dict[str, Any]) -> dict[str, Any]:
    """Both models' curves as points of a picture: answered to the right, wrong of it upwards."""
    sides = ("current", "candidate")
    most = max((wrong for side in sides for _, wrong, _ in cases[side]["curve"]), default=0.0)
    top = next((step for step in (0.05, 0.1, 0.2, 0.5, 1.0) if most <= step), 1.0)

    def place(answered: float, wrong: float) -> tuple[float, float]:
        x = EDGE + answered * (WIDTH - 2 * EDGE)
        y = HEIGHT - EDGE - min(wrong / top, 1) * (HEIGHT - 2 * EDGE)
        return round(x, 1), round(y, 1)

    lines = {
        side: " ".join("{},{}".format(*place(a, w)) for a, w, _ in cases[side]["curve"]) for side in sides
    }
    dots = {side: place(cases[side]["answered"], cases[side]["wrong_answered"]) for side in sides}
    rows = [(f"{top * share:.1%}", place(0, top * share)[1]) for share in (0, 0.5, 1)]
    columns = [(f"{share:.0%}", place(share, 0)[0]) for share in (0, 0.25, 0.5, 0.75, 1)]
    return {
        **{"lines": lines, "dots": dots, "rows": rows, "columns": columns},
        **{"width": WIDTH, "height": HEIGHT, "edge": EDGE},
    }


def _changes(
    comparisons: Comparisons, services: Services, found: Comparison, show: Show, number: int
) -> dict[str, Any]:
    """One page of the changed outcomes, the most frequent first, with what is left of their texts."""
    report = found.report or {}
    judged = comparisons.judgements(found.id)
    changed = sorted(report["replay"]["changed"], key=lambda each: -each["count"])
    chosen = [each for each in changed if show in ("all", judged.get(each["key"], "open"))]
    pages = max(1, -(-len(chosen) // PAGE))
    number = min(number, pages)
    listed = chosen[(number - 1) * PAGE : number * PAGE]
    known = replay.said(services.store, [id for each in listed for id in each["ids"]])
    lines = []
    for each in listed:
        left = next((known[id] for id in each["ids"] if id in known), None)
        lines.append({**each, "said": left, "judged": judged.get(each["key"])})
    return {
        "lines": lines,
        "show": show,
        "number": number,
        "pages": pages,
        "counts": _counts(report, judged),
    }


def _counts(report: dict[str, Any], judged: dict[str, str]) -> dict[str, int]:
    """How many changes there are, by what is thought of them."""
    counts = dict.fromkeys(("all", "open", "better", "worse", "same"), 0)
    for each in report["replay"]["changed"]:
        counts["all"] += 1
        counts[judged.get(each["key"], "open")] += 1
    return counts
