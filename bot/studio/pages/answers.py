"""What the bot says, but for the FAQ: its texts, what is filled into them, and who says them."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from bot.studio.files import Author, Trouble
from bot.studio.services import Services
from bot.studio.teaching import answers
from bot.studio.teaching.answers import MOST, Wanted
from bot.studio.uses import uses

from .language import HERE, Asked, Number, done, failed, paged, show
from .shell import Admin, said


class Text(BaseModel):
    """A text as the form has it (``answers.Wanted``)."""

    text: Annotated[str, Field(max_length=4000)]
    channel: Annotated[str, Field(max_length=64)] = ""
    since: date | None = None
    until: date | None = None
    was: Annotated[int, Field(ge=0, le=1000)] | None = None


class Saved(BaseModel):
    """An answer as the form has it; ``version`` is the file's that it was made from."""

    version: Annotated[str, Field(max_length=64)]
    texts: Annotated[list[Text], Field(max_length=MOST)]
    dropping: bool = False


def create_router(services: Services) -> APIRouter:
    """``/studio/language/answers``."""
    router = APIRouter(prefix=f"{HERE}/answers")
    files = services.files

    @router.get("")
    def listed(request: Request, staff: Admin, q: Asked = "", number: Number = 1) -> HTMLResponse:
        try:
            snapshot = files.look()
            found = answers.listed(snapshot, uses(snapshot), q)
        except Trouble as why:
            return failed(request, staff, "answers", why)
        rows, number, pages = paged(found, number)
        return show(request, staff, "answers", q=q, rows=rows, found=len(found), number=number, pages=pages)

    @router.get("/{name}")
    def one(request: Request, staff: Admin, name: str) -> HTMLResponse:
        try:
            snapshot = files.look()
            found = answers.found(snapshot, uses(snapshot), name)
            channels = answers.channels(snapshot)
        except Trouble as why:
            return failed(request, staff, "answers", why)
        if found is None:
            return show(request, staff, "answers", 404, missing=name)
        return show(request, staff, "answer", answer=found, channels=channels)

    @router.post("/{name}")
    def save(request: Request, staff: Admin, name: str, body: Saved) -> dict[str, Any]:
        t = said(request, "answers")
        wanted = [Wanted(**each.model_dump()) for each in body.texts]
        summary = t("summary", name=name)
        author = Author.of(staff)
        commit = done(
            request,
            lambda: answers.save(files, author, summary, name, body.version, wanted, body.dropping),
        )
        return {"told": t("saved" if commit else "unchanged")}

    return router
