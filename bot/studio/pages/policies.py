"""The shop's own numbers in one place, and who says them."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from bot.problems import Problem
from bot.studio.files import Author, Trouble
from bot.studio.files.lexicon import POLICIES
from bot.studio.knowledge import policies, saying
from bot.studio.knowledge.editing import CannotEdit
from bot.studio.services import Services

from . import troubles
from .shell import Admin, page, said

HERE = "/studio/knowledge/policies"
TOLD = 3
"""Values that the history's line names."""

_Name = Annotated[str, Field(max_length=64)]
_Value = Annotated[str, Field(max_length=2000)]


class Value(BaseModel):
    """A policy as the form was made with it, and as it is to be."""

    was: _Value
    value: _Value


class Save(BaseModel):
    """The policies that were changed, by name."""

    values: Annotated[dict[_Name, Value], Field(max_length=500)]


def create_router(services: Services) -> APIRouter:
    """``/studio/knowledge/policies``."""
    router = APIRouter(prefix=HERE)
    files = services.files

    @router.get("")
    def show(request: Request, staff: Admin) -> HTMLResponse:
        try:
            snapshot = files.look()
            groups = policies.groups(snapshot)
            last = files.last_change(POLICIES, lambda text: text)
        except Trouble as why:
            detail = troubles.told(request, why).detail
            return page(request, staff, "policies", 503, here="knowledge", failed=detail)
        values = {
            each.name: each.value for group in groups for entry in group.entries for each in entry.policies
        }
        return page(
            request,
            staff,
            "policies",
            here="knowledge",
            groups=groups,
            path=POLICIES,
            last=last,
            pieces=lambda text: saying.pieces(text, values),
        )

    @router.post("")
    def save(request: Request, staff: Admin, body: Save) -> dict[str, Any]:
        t = said(request, "policies")
        changes = {name: policies.Change(each.was, each.value) for name, each in body.values.items()}
        named = [f"{name} {each.was[:30]} → {each.value.strip()[:30]}" for name, each in changes.items()]
        more = t("and_more", count=len(named) - TOLD) if len(named) > TOLD else ""
        summary = t("summary", changes=t("joiner").join(named[:TOLD]) + more)
        try:
            commit = policies.save(files, Author.of(staff), changes, summary)
        except CannotEdit as why:
            status = 409 if why.why == "changed" else 422
            raise Problem(status, re.sub("_", "-", why.why), t(f"cannot_{why.why}", **why.values)) from why
        except Trouble as why:
            raise troubles.told(request, why) from why
        return {"told": t("saved" if commit else "nothing")}

    return router
