"""What was changed in the bot's files, by whom, line by line; and the way to take a change back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from bot.studio.files import Author, Refused, Trouble
from bot.studio.files.history import LONGEST
from bot.studio.services import Services

from . import troubles
from .shell import Admin, page, said

AT_ONCE = 40
"""Changes on one page."""
PROBLEMS = 12

Id = Annotated[str, Query(pattern="^[0-9a-f]{40}$")]


class Reverted(BaseModel):
    """The change that takes another back; none where there was nothing left to take back."""

    id: str | None
    said: str


def create_router(services: Services) -> APIRouter:
    """``/studio/history``."""
    router = APIRouter(prefix="/studio/history")

    @router.get("")
    def show(
        request: Request,
        staff: Admin,
        before: Id | None = None,
        path: Annotated[str | None, Query(max_length=300)] = None,
    ) -> HTMLResponse:
        try:
            pending = services.files.pending()
            changes = services.files.history(AT_ONCE + 1, before, path)
        except Trouble as why:
            return page(request, staff, "history", 503, failed=troubles.told(request, why).detail)
        return page(
            request,
            staff,
            "history",
            changes=changes[:AT_ONCE],
            older=changes[AT_ONCE - 1].id if len(changes) > AT_ONCE else None,
            before=before,
            path=path,
            pending=pending,
            most=PROBLEMS,
        )

    @router.get("/{change}")
    def one(request: Request, staff: Admin, change: str) -> HTMLResponse:
        try:
            told, files = services.files.change(change), services.files.diff(change)
        except Refused:
            return page(request, staff, "history", 404, failed=said(request, "history")("not_there"))
        except Trouble as why:
            return page(request, staff, "history", 503, failed=troubles.told(request, why).detail)
        return page(request, staff, "history", change=told, files=files, longest=LONGEST)

    @router.post("/{change}/revert")
    def revert(request: Request, staff: Admin, change: str) -> Reverted:
        t = said(request, "history")
        try:
            summary = services.files.change(change).summary
            made = services.files.revert(change, Author.of(staff), t("revert_summary", summary=summary))
        except Trouble as why:
            raise troubles.told(request, why) from why
        return Reverted(id=made, said=t("reverted" if made else "nothing"))

    return router
