"""Trainings and models: train now, watch it, and what is there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits
from bot.conversations.steps import now
from bot.problems import Problem
from bot.staff.sessions import Staff
from bot.staff.texts import Texts, language
from bot.studio.files import Change, Pending, Repository, Trouble
from bot.studio.models import Damaged, Model, Models, UnknownModel
from bot.studio.proof import Verdict
from bot.studio.proof.comparisons import verdict_of
from bot.studio.proof.models import Comparison
from bot.studio.services import Services
from bot.studio.serving import serving
from bot.studio.training import queue, refusals, sentences
from bot.studio.training.models import RUNNING, Training
from bot.studio.training.queue import By

from . import promotion, troubles
from .shell import Admin, page, said

CHANGES = 20
SHORT = 7


@dataclass(frozen=True)
class Changes:
    """What the data has become since the model that serves was trained; None: not known."""

    since: list[Change] | None = None
    more: bool = False
    pending: Pending | None = None
    readable: bool = True


def create_router(services: Services) -> APIRouter:
    """``/studio/models`` and ``/studio/trainings``."""
    router = APIRouter()
    store, files, models = services.store, services.files, Models(services.settings.models_dir)

    @router.get("/studio/models")
    def show(request: Request, staff: Admin) -> HTMLResponse:
        t = said(request, "models")
        try:
            open_ones, past = queue.under_way(store), queue.latest(store)
        except SQLAlchemyError:
            return page(request, staff, "models", 503, models=None)
        listed = models.listed()
        serve = serving(services.settings)
        return page(
            request,
            staff,
            "models",
            under_way=[_shown(t, each) for each in open_ones],
            key=_key(open_ones),
            past=[_shown(t, each) | {"why": refusals.reason(t, each, files)} for each in past],
            changes=_changes(files, [model for model in listed if model.name in serve]),
            models=[_row(t, model, model.name in serve) for model in listed],
            newest=_newest(files, listed),
            kept=services.settings.models_kept,
            **_proven(services, language(request)),
            **promotion.view(request, services),
        )

    @router.get("/studio/trainings")
    def look(request: Request, staff: Admin) -> dict[str, object]:
        """What is under way, for the page that looks each second."""
        open_ones = queue.under_way(store)
        t = said(request, "models")
        running = next((each for each in open_ones if each.state == RUNNING), None)
        return {"key": _key(open_ones), "running": _shown(t, running) if running else None}

    @router.post("/studio/trainings")
    def train(request: Request, staff: Admin) -> dict[str, object]:
        t = said(request, "models")
        try:
            asked = queue.ask(store, files.head(), _by(staff))
        except Trouble as why:
            raise Problem(409, "files-unreadable", troubles.told(request, why).detail) from why
        return {"training": asked.training.id, "said": t(f"asked_{asked.how}")}

    @router.post("/studio/trainings/{id}/cancel")
    def cancel(id: int, request: Request, staff: Admin) -> dict[str, object]:
        if not queue.cancel(store, id, _by(staff)):
            raise Problem(409, "training-over", said(request, "models")("too_late"))
        return {}

    @router.post("/studio/models/{name}/pin")
    def pin(name: str, staff: Admin, request: Request, pinned: Annotated[bool, Form()]) -> Response:
        try:
            models.pin(name, pinned)
        except UnknownModel:
            raise Problem(404, "unknown-model", said(request, "models")("unknown_model")) from None
        audits.note(store, _by(staff).audited, "pin_model", model=name, pinned=pinned)
        return RedirectResponse("/studio/models#models", 303)

    @router.post("/studio/models/{name}/check")
    def check(name: str, request: Request, staff: Admin) -> dict[str, object]:
        t = said(request, "models")
        try:
            models.checked(name)
        except UnknownModel:
            raise Problem(404, "unknown-model", t("unknown_model")) from None
        except Damaged:
            raise Problem(409, "damaged-model", t("check_damaged", name=name)) from None
        return {"said": t("check_good", name=name)}

    return router


def _proven(services: Services, spoken: str) -> dict[str, Any]:
    """The model that answers, and of each other the newest comparison with it and what that came to."""
    current = services.comparisons.current()
    newest: dict[str, tuple[Comparison, Verdict]] = {}
    for each in services.comparisons.latest():
        if each.current == current and each.candidate not in newest:
            newest[each.candidate] = (each, verdict_of(each, spoken))
    return {"current": current, "compared": newest}


def _newest(files: Repository, models: list[Model]) -> str | None:
    """The model of the files as they are, which is the next to be compared; None: it is yet to be trained."""
    try:
        head = files.head()
    except Trouble:
        return None
    return next((model.name for model in models if model.commit == head), None)


def _by(staff: Staff) -> By:
    return By(staff.display_name, staff.id)


def _key(under_way: Sequence[Training]) -> str:
    """Changes whenever the page has something else to show than new figures."""
    return ",".join(f"{each.id}:{each.state}:{each.attempts}:{each.cancelled_by or ''}" for each in under_way)


def _changes(files: Repository, serve: list[Model]) -> Changes:
    try:
        pending = files.pending()
        if not serve:
            return Changes(pending=pending)
        oldest = min(serve, key=lambda model: model.trained_at)
        at = oldest.trained_at
        if oldest.commit:
            with suppress(Trouble):  # it may be of another repository
                at = files.change(oldest.commit).at
        listed = files.history(CHANGES + 1)
        since = [*takewhile(lambda each: each.id != oldest.commit and each.at > at, listed)]
        return Changes(since[:CHANGES], len(since) > CHANGES, pending)
    except Trouble:
        return Changes(readable=False)


def _shown(t: Texts, training: Training) -> dict[str, object]:
    """A training as the page and its script show it."""
    left = training.seconds_left
    took = ""
    if training.began_at:
        seconds = ((training.ended_at or now()) - training.began_at).total_seconds()
        took = t("took_so_far" if training.ended_at is None else "took_all", time=sentences.time(t, seconds))
    return {
        "id": training.id,
        "state": training.state,
        "by": training.by,
        "commit": training.commit_id[:SHORT],
        "asked_at": training.asked_at.isoformat(),
        "attempts": training.attempts,
        "cancelled_by": training.cancelled_by,
        "step": t("cancelling") if training.cancelled_by else sentences.step(t, training.step),
        "percent": None if training.share is None else round(training.share * 100),
        "left": t("left_unknown") if left is None else t("left", time=sentences.time(t, left)),
        "took": took,
        "log": training.log,
        "model": training.model,
        "fresh": training.fresh,
        "failure": sentences.failure(t, training),
    }


def _row(t: Texts, model: Model, serves: bool) -> dict[str, object]:
    counts = {name: model.rows.get(name, 0) for name in ("intents", "examples", "topics", "stories")}
    counts["stories"] += model.rows.get("rules", 0)
    return {
        "name": model.name,
        "short": model.name.removeprefix("guitai-"),
        "serves": serves,
        "pinned": model.pinned,
        "trained_at": model.trained_at.isoformat(),
        "by": model.by,
        "commit": model.commit[:SHORT] if model.commit else None,
        "figures": t("figures", **counts) if model.rows else None,
        "took": sentences.time(t, model.seconds) if model.seconds else None,
        "size": f"{model.size / 1e6:.0f} MB" if model.size >= 1e6 else f"{model.size / 1e3:.0f} kB",
        "sha256": model.sha256,
    }
