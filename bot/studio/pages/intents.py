"""Intents and their examples: what shoppers may mean, and by which sentences the bot learns to tell."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.steps import now
from bot.insights import periods
from bot.insights.periods import Period
from bot.studio.files import Author, Snapshot, Trouble, language
from bot.studio.services import Services
from bot.studio.teaching import doings, intents
from bot.studio.teaching.intents import AT_ONCE, NewIntent
from bot.studio.uses import uses

from .language import CLASHES, HERE, Asked, Line, Name, Number, done, failed, paged, show
from .shell import Admin, said

DAYS = timedelta(days=29)  # before today


class Look(BaseModel):
    """Sentences to be looked at; ``but`` is the example that the one of them is made from."""

    texts: Annotated[list[Line], Field(max_length=AT_ONCE)]
    but: Line | None = None


class Add(BaseModel):
    """Sentences that become examples."""

    texts: Annotated[list[Line], Field(min_length=1, max_length=AT_ONCE)]


class Chosen(BaseModel):
    """Examples, as they are written; ``to``: where they go."""

    texts: Annotated[list[Line], Field(min_length=1, max_length=AT_ONCE)]
    to: Name = ""


class Changed(BaseModel):
    """An example that becomes another."""

    old: Line
    new: Line


class Title(BaseModel):
    """What an intent is called."""

    title: Name


class New(BaseModel):
    """An intent to be made (``intents.NewIntent``)."""

    name: Name
    title: Name
    examples: Annotated[list[Line], Field(max_length=AT_ONCE)]
    action: Name = ""
    answer: Annotated[str, Field(max_length=4000)] = ""


def create_router(services: Services) -> APIRouter:
    """``/studio/language`` and ``/studio/language/intents/…``."""
    router = APIRouter(prefix=HERE)
    files = services.files

    def _called(request: Request) -> dict[str, str]:
        return done(request, lambda: intents.titles(files.look()))

    @router.get("")
    def listed(request: Request, staff: Admin, q: Asked = "") -> HTMLResponse:
        period = _period()
        try:
            snapshot = files.look()
            counts = _meant(services, period)
            rows = intents.listed(snapshot, uses(snapshot), counts or {}, q)
        except Trouble as why:
            return failed(request, staff, "intents", why)
        values: dict[str, Any] = {
            "unread": counts is None,
            "period": period,
            "most": AT_ONCE,
            "shown": CLASHES,
        }
        return show(request, staff, "intents", q=q, rows=rows, **values)

    @router.get("/doings")
    def offered(request: Request, staff: Admin) -> list[dict[str, Any]]:
        """What the rule of a new intent may do, in groups."""
        t = said(request, "intents")
        snapshot = done(request, files.look)
        called = intents.titles(snapshot)
        fixed = {group: t(f"group_{group}") for group in (doings.ACTIONS, doings.DIRECT, doings.OTHERS)}
        between = t("between")
        return [
            {
                "name": each.name,
                "group": fixed.get(each.group) or t("group_of", title=called.get(each.group, each.group)),
                "title": between.join(called.get(intent, intent) for intent in each.intents),
                "says": each.says,
            }
            for each in done(request, lambda: doings.known(snapshot, uses(snapshot)))
        ]

    # What is typed comes into no address, and so into nobody's log.
    @router.post("/intents/look")
    def compare(request: Request, staff: Admin, body: Look) -> dict[str, Any]:
        """Sentences of an intent that is not there yet."""

        def looked() -> dict[str, Any]:
            snapshot = files.look()
            called = intents.titles(snapshot)
            return {"looked": [_looked(snapshot, called, text, "", None) for text in body.texts]}

        return done(request, looked)

    @router.post("/intents")
    def make(request: Request, staff: Admin, body: New) -> dict[str, Any]:
        t = said(request, "intents")
        wanted = NewIntent(**body.model_dump())
        summary = t("summary_new", title=body.title[:40])
        done(request, lambda: intents.new(files, Author.of(staff), summary, wanted))
        return {"told": t("made", title=body.title), "to": f"{HERE}/intents/{body.name}"}

    @router.get("/intents/{name}")
    def one(request: Request, staff: Admin, name: str, q: Asked = "", number: Number = 1) -> HTMLResponse:
        period = _period()
        try:
            snapshot = files.look()
            if all(each.name != name for each in language.intents(snapshot)):
                return show(request, staff, "intents", 404, missing=name)
            found = intents.found(snapshot, name, q)
            values = _about(snapshot, name)
        except Trouble as why:
            return failed(request, staff, "intents", why)
        counts = _meant(services, period)
        shown, number, pages = paged(found, number)
        return show(
            request,
            staff,
            "intent",
            intent=name,
            q=q,
            examples=shown,
            found=len(found),
            number=number,
            pages=pages,
            parts=intents.parts,
            counts=counts,
            period=period,
            most=AT_ONCE,
            **values,
        )

    @router.post("/intents/{name}/look")
    def look(request: Request, staff: Admin, name: str, body: Look) -> dict[str, Any]:
        def looked() -> dict[str, Any]:
            snapshot = files.look()
            called = intents.titles(snapshot)
            return {
                "looked": [_looked(snapshot, called, text, name, body.but) for text in body.texts],
            }

        return done(request, looked)

    @router.post("/intents/{name}/add")
    def add(request: Request, staff: Admin, name: str, body: Add) -> dict[str, Any]:
        t = said(request, "intents")
        title = _called(request).get(name, name)
        summary = t("summary_add", title=title)
        added, commit = done(request, lambda: intents.add(files, Author.of(staff), summary, name, body.texts))
        told = [t("added", count=len(added.written), title=title)] if commit else [t("added_none")]
        if added.already:
            told.append(t("left_already", count=len(added.already)))
        if added.elsewhere:
            told.append(t("left_elsewhere", count=len(added.elsewhere)))
        return {"told": "".join(told), "written": len(added.written)}

    @router.post("/intents/{name}/replace")
    def replace(request: Request, staff: Admin, name: str, body: Changed) -> dict[str, Any]:
        t = said(request, "intents")
        summary = t("summary_replace", title=_called(request).get(name, name))
        done(request, lambda: intents.replace(files, Author.of(staff), summary, name, body.old, body.new))
        return {"told": t("replaced")}

    @router.post("/intents/{name}/remove")
    def remove(request: Request, staff: Admin, name: str, body: Chosen) -> dict[str, Any]:
        t = said(request, "intents")
        title = _called(request).get(name, name)
        summary = t("summary_remove", title=title)
        done(request, lambda: intents.remove(files, Author.of(staff), summary, name, body.texts))
        return {"told": t("removed", count=len(body.texts), title=title)}

    @router.post("/intents/{name}/move")
    def move(request: Request, staff: Admin, name: str, body: Chosen) -> dict[str, Any]:
        t = said(request, "intents")
        called = _called(request)
        title = called.get(body.to, body.to)
        summary = t("summary_move", title=called.get(name, name), to=title[:40])
        done(request, lambda: intents.move(files, Author.of(staff), summary, name, body.to, body.texts))
        return {"told": t("moved", count=len(body.texts), to=title)}

    @router.post("/intents/{name}/title")
    def entitle(request: Request, staff: Admin, name: str, body: Title) -> dict[str, Any]:
        t = said(request, "intents")
        summary = t("summary_title", title=body.title[:40])
        done(request, lambda: intents.set_title(files, Author.of(staff), summary, name, body.title))
        return {"told": t("entitled")}

    @router.post("/intents/{name}/drop")
    def drop(request: Request, staff: Admin, name: str) -> dict[str, Any]:
        t = said(request, "intents")
        title = _called(request).get(name, name)
        summary = t("summary_drop", title=title)
        done(request, lambda: intents.drop(files, Author.of(staff), summary, name))
        return {"told": t("dropped", title=title), "to": HERE}

    return router


def _period() -> Period:
    today = periods.day(now())
    return periods.of_days(today - DAYS, today)


def _meant(services: Services, period: Period) -> dict[str, int] | None:
    """How often each intent was meant; None where the log cannot be read just now."""
    try:
        return intents.meant(services.store, period)
    except SQLAlchemyError:
        return None


def _about(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """What an intent's page shows beside its examples."""
    used = uses(snapshot).of("intent", name)
    called = intents.titles(snapshot)
    return {
        "title": called[name],
        "offered": intents.offered(snapshot, name),
        "total": len(language.examples(snapshot, name)),
        "uses": [use for use in used if use.by != "topic"],
        "topics": [(use.name, called.get(use.name, use.name)) for use in used if use.by == "topic"],
        "going": intents.removal(snapshot, name),
    }


def _looked(
    snapshot: Snapshot, called: dict[str, str], text: str, name: str, but: str | None
) -> dict[str, Any]:
    looked = intents.look(snapshot, text, name, but)
    return {
        "text": looked.text,
        "words": looked.words,
        "near": [
            {
                "text": each.example.plain,
                "intent": each.example.intent,
                "title": called.get(each.example.intent, each.example.intent),
                "same": each.same,
                "elsewhere": each.elsewhere,
            }
            for each in looked.near
        ],
    }
