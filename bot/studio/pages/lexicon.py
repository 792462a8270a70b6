"""The words that the bot knows: searched, added, removed; and a sentence tried on them."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from bot.studio.cannot import Cannot
from bot.studio.files import Author, Trouble
from bot.studio.services import Services
from bot.studio.teaching import vocabulary
from bot.studio.teaching.vocabulary import TRIED, WORDS, Change, Read

from .language import HERE, Asked, Name, Number, done, failed, paged, show
from .shell import Admin, said


class Word(BaseModel):
    """A word, or what is typed for a name (``vocabulary.Change``)."""

    dictionary: Name
    name: Name
    typed: Name = ""


class Try(BaseModel):
    """A sentence, and what would be added before it is read again."""

    sentence: Annotated[str, Field(max_length=TRIED)]
    word: Word | None = None


def create_router(services: Services) -> APIRouter:
    """``/studio/language/lexicon``."""
    router = APIRouter(prefix=f"{HERE}/lexicon")
    files = services.files

    @router.get("")
    def listed(
        request: Request, staff: Admin, of: Asked = WORDS, q: Asked = "", number: Number = 1
    ) -> HTMLResponse:
        try:
            snapshot = files.look()
            every = vocabulary.dictionaries(snapshot)
            chosen = next((each for each in every if each.name == of), every[0])
            found = vocabulary.entries(snapshot, chosen.name, q)
            names = [each.name for each in vocabulary.entries(snapshot, chosen.name)]
            works = vocabulary.synonyms_work(snapshot)
        except Trouble as why:
            return failed(request, staff, "lexicon", why)
        rows, number, pages = paged(found, number)
        return show(
            request,
            staff,
            "lexicon",
            dictionaries=every,
            chosen=chosen,
            names=names if chosen.name not in (WORDS, vocabulary.CATALOGUE) else [],
            rows=rows,
            found=len(found),
            number=number,
            pages=pages,
            q=q,
            works=works,
            longest=TRIED,
            called=title,
        )

    @router.post("/add")
    def add(request: Request, staff: Admin, body: Word) -> dict[str, Any]:
        t = said(request, "lexicon")
        summary = t("summary_add", word=body.typed or body.name)
        change = Change(**body.model_dump())
        done(request, lambda: vocabulary.add(files, Author.of(staff), summary, change))
        return {"told": t("added", word=body.typed or body.name)}

    @router.post("/remove")
    def remove(request: Request, staff: Admin, body: Word) -> dict[str, Any]:
        t = said(request, "lexicon")
        summary = t("summary_remove", word=body.typed or body.name)
        change = Change(**body.model_dump())
        done(request, lambda: vocabulary.remove(files, Author.of(staff), summary, change))
        return {"told": t("removed", word=body.typed or body.name)}

    @router.post("/try")
    def attempt(request: Request, staff: Admin, body: Try) -> dict[str, Any]:
        t = said(request, "lexicon")
        snapshot = done(request, files.look)
        change = Change(**body.word.model_dump()) if body.word else None
        why = ""
        try:
            now, after = vocabulary.tried(snapshot, body.sentence, change)
        except (Cannot, Trouble):
            # Half-typed: what it says now is told all the same.
            now, after = vocabulary.tried(snapshot, body.sentence, None)
            why = t("cannot_try")
        return {"now": _told(t, now), "after": _told(t, after) if after else None, "why": why}

    return router


def _told(t: Any, read: Read) -> dict[str, Any]:
    return {
        "words": read.words,
        "hits": [
            {"kind": title(t, each.dictionary), "name": each.name, "start": each.start, "end": each.end}
            for each in read.hits
        ],
    }


def title(t: Any, dictionary: str) -> str:
    """What a list of the lexicon is called; its own name where nobody has given it one."""
    try:
        return str(t(f"list_{dictionary}"))
    except KeyError:
        return dictionary
