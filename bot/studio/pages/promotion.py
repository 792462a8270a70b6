"""Promoting a model and going back: routes, and the fragment ``_promotion.html`` that shows how it stands.

A page includes the fragment with the values of ``view``. A button ``data-promote="NAME"`` anywhere on it
promotes the model of this name; ``promotion-ended`` is an event of its document.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot.live_model import Unreadable
from bot.problems import Problem
from bot.staff.texts import Texts
from bot.studio.promotion import STEPS, Overview, Run, Stopped
from bot.studio.promotions import INTERRUPTED, Promotion
from bot.studio.services import Services

from .shell import Admin, page, said

WHY = 1000
UNREADABLE = (SQLAlchemyError, Unreadable, OSError)

log = structlog.get_logger()


class Reason(BaseModel):
    """Why an admin does it, as she says."""

    why: str = Field("", max_length=WHY)


def create_router(services: Services) -> APIRouter:
    """``/studio/promotion``, ``/studio/models/{name}/promote`` and ``/studio/rollback``."""
    router = APIRouter()
    promoter = services.promoter

    @router.get("/studio/promotion")
    def show(request: Request, staff: Admin) -> Response:
        """For people a page, for scripts JSON."""
        if "text/html" in request.headers.get("accept", ""):
            values = view(request, services)
            return page(request, staff, "promotion", 200 if values["promotion"] else 503, **values)
        try:
            return JSONResponse(_told(promoter.overview()))
        except (Unreadable, OSError) as error:
            raise Problem(503, "file", said(request, "promotion")("why_file", why=str(error))) from error

    @router.post("/studio/models/{name}/promote", status_code=202)
    def promote(request: Request, staff: Admin, name: str, reason: Reason) -> dict[str, Any]:
        return _begin(request, lambda: promoter.promote(name, f"agent:{staff.id}", reason.why))

    @router.post("/studio/rollback", status_code=202)
    def roll_back(request: Request, staff: Admin, reason: Reason) -> dict[str, Any]:
        return _begin(request, lambda: promoter.roll_back(f"agent:{staff.id}", reason.why))

    return router


def view(request: Request, services: Services) -> dict[str, Any]:
    """What the fragment needs: ``promotion`` (None: it cannot be read), its sentences ``p``, and more."""
    p = said(request, "promotion")
    try:
        found = services.promoter.overview()
    except UNREADABLE:
        return {"promotion": None, "p": p}
    people = services.accounts.display_names() if found.history or found.under_way else {}
    return {
        "p": p,
        "promotion": found,
        "steps": STEPS,
        "by": _who(p, found.under_way, people) if found.under_way else None,
        "left": {model: (row.at, _who(p, row, people)) for model, row in found.left.items()},
        "history": [_line(p, row, people) for row in found.history],
    }


def sentence(p: Texts, problem: dict[str, Any]) -> str:
    """What stood in the way, in words."""
    return p(f"why_{problem['code']}", **problem["values"])


def _begin(request: Request, begin: Callable[[], Run]) -> dict[str, Any]:
    try:
        run = begin()
    except Stopped as why:
        p = said(request, "promotion")
        raise Problem(409, why.code.replace("_", "-"), p(f"why_{why.code}", **why.values)) from why
    threading.Thread(target=_carry_out, args=(run,), name="promotion", daemon=True).start()
    return {"promotion": run.number}


def _carry_out(run: Run) -> None:
    try:
        run.carry_out()
    except Stopped as why:
        # It stands in the history, for whoever looks.
        log.warning("promotion.stopped", promotion=run.number, code=why.code)


def _line(p: Texts, row: Promotion, people: Mapping[int, str]) -> dict[str, Any]:
    outcome = row.outcome or INTERRUPTED
    problem = sentence(p, row.problem) if row.problem else None
    if outcome == INTERRUPTED:
        problem = p("interrupted")
    return {"row": row, "who": _who(p, row, people), "outcome": outcome, "problem": problem}


def _who(p: Texts, row: Promotion, people: Mapping[int, str]) -> str:
    kind, _, number = row.by.partition(":")
    if kind != "agent":
        return p("terminal")
    return people.get(int(number)) or p("gone_account", id=number)


def _told(found: Overview) -> dict[str, Any]:
    def row(each: Promotion) -> dict[str, Any]:
        names = ("id", "by", "kind", "from_model", "to_model", "sha256", "why", "against", "step")
        told = {name: getattr(each, name) for name in (*names, "outcome", "problem", "seconds")}
        return {"at": each.at.isoformat(), **told}

    return {
        "serves": found.serves,
        "since": found.since.isoformat() if found.since else None,
        "stands_by": found.stands_by,
        "way_back": found.way_back,
        "left": {model: row.at.isoformat() for model, row in found.left.items()},
        "under_way": row(found.under_way) if found.under_way else None,
        "history": [row(each) for each in found.history],
    }
