"""Rules and stories: found, edited in a form and as text, drawn, and checked for contradictions."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from bot.conversations.notices import ZONE
from bot.data_faults import said as fault
from bot.problems import Problem
from bot.staff.texts import Texts
from bot.studio.files import Author, Draft, Refused, Snapshot, Trouble
from bot.studio.files import stories as kept
from bot.studio.files.stories import LONGEST, Kind, Told
from bot.studio.services import Services
from bot.studio.stories import checking, editing, graph, listing, problems, saving
from bot.studio.stories.known import Known, known, path_of
from bot.studio.stories.sentences import told as told_contradiction
from bot.studio.stories.steps import Story

from . import troubles
from .shell import Admin, page, part, said

AT_ONCE = 100
"""Rules and stories on one page of the list."""
_Name = Annotated[str, Field(max_length=1000)]
_Source = Annotated[str, Field(max_length=2 * LONGEST)]
_Keys = Annotated[list[Annotated[str, Field(max_length=64)] | int], Field(max_length=8)]
_Number = Annotated[int, Field(ge=0, le=10_000)]


class Op(BaseModel):
    """One edit of the form (``editing``)."""

    do: Literal["name", "kind", "flag", "choice", "add", "branch", "move", "remove", "named"]
    keys: _Keys = []
    number: _Number | None = None
    sort: editing.Sort = "intent"
    kind: Kind = "rule"
    flag: editing.Flag = "wait_for_user_input"
    name: _Name = ""
    value: _Name | None = None
    on: bool = False


class Text(BaseModel):
    """The text of a rule or story; ``kind`` and ``name``: which it is in the files, none if it is new."""

    source: _Source
    kind: Kind | None = None
    name: _Name = ""
    op: Op | None = None


class Save(Text):
    """A text to be kept."""

    path: _Name
    version: Annotated[str, Field(max_length=64)] = ""


class Remove(BaseModel):
    """A rule or story to be removed."""

    kind: Kind
    name: _Name
    path: _Name
    version: Annotated[str, Field(max_length=64)]


class Check(BaseModel):
    """What is to be checked: the files, or the files with this text."""

    source: _Source = ""
    kind: Kind | None = None
    name: _Name = ""
    path: _Name = ""


@dataclass(frozen=True)
class Seen:
    """A text as the editor shows it."""

    source: str
    story: Story | None
    wrong: list[dict[str, Any]]
    drawing: graph.Drawing | None
    known: Known
    path: str
    """The file in which it belongs, where that can be told."""


def create_router(services: Services) -> APIRouter:
    """``/studio/stories``."""
    router = APIRouter(prefix="/studio/stories")
    files = services.files

    @router.get("")
    def show(
        request: Request,
        staff: Admin,
        q: Annotated[str, Query(max_length=200)] = "",
        kind: str = "",
        file: Annotated[str, Query(max_length=300)] = "",
        number: Annotated[int, Query(alias="page", ge=0, le=10_000)] = 0,
        only: Annotated[str, Query(alias="part", max_length=8)] = "",
    ) -> HTMLResponse:
        try:
            now = files.look()
            chosen: Kind | None = kind if kind in ("rule", "story") else None  # type: ignore[assignment]
            found = listing.search(now, q, chosen, file)
            every = listing.files_of(now)
        except Trouble as why:
            return page(request, staff, "stories", 503, failed=troubles.told(request, why).detail)
        names = known(now)
        opened = next((each for each in every if each.path == file), None)
        values: dict[str, Any] = {
            "q": q,
            "kind": chosen or "",
            "file": opened,
            "total": len(found),
            "all": sum(len(each.rows) for each in every),
            "files": every,
            "groups": listing.by_file(now, found[number * AT_ONCE : (number + 1) * AT_ONCE]),
            "number": number,
            "more": len(found) > (number + 1) * AT_ONCE,
            "known": names,
        }
        if only == "list":
            return part(request, "stories", "_stories_list", **values)
        if opened:
            values["drawing"] = _drawn(request, [row.story for row in opened.rows], names, down=False)
        return page(request, staff, "stories", view="list", **values)

    @router.get("/known")
    def choices(request: Request, staff: Admin) -> dict[str, Any]:
        """What the form offers."""
        names, language = _now(request, services)[1], said(request, "stories").language
        return {
            "intent": [
                {"name": each.name, "title": each.title, "words": each.example}
                for each in names.intents.values()
            ],
            "action": [{"name": name, "words": names.called(name, language)} for name in names.actions],
            "loop": [{"name": name, "words": names.called(name, language)} for name in sorted(names.forms)],
            "slot": [{"name": name, "words": kind} for name, kind in names.slots.items()],
            "entity": [{"name": name} for name in names.entities],
        }

    @router.get("/new")
    def new(
        request: Request,
        staff: Admin,
        kind: Kind = "rule",
        of: Kind | None = None,
        name: Annotated[str, Query(max_length=1000)] = "",
        file: Annotated[str, Query(max_length=300)] = "",
    ) -> HTMLResponse:
        """The editor of a new rule or story; ``of`` and ``name``: as a copy of that."""
        t = said(request, "stories")
        source = f'- {kind}: ""\n  steps:\n  - intent: ""\n  - action: ""\n'
        if of:
            now, _ = _now(request, services)
            there = saving.found(now, of, name)
            if there is None:
                return _gone(request, staff)
            source, file = _copy(there, kept.told(now), t), there.path
        return _editor(request, staff, services, source, path=file)

    @router.post("/new")
    def prefilled(
        request: Request,
        staff: Admin,
        source: Annotated[str, Form(max_length=4 * LONGEST)],
        file: Annotated[str, Form(max_length=300)] = "",
    ) -> HTMLResponse:
        """The editor of a new rule or story with a text to begin with. Saves nothing."""
        return _editor(request, staff, services, source.replace("\r\n", "\n"), path=file)

    @router.post("/look")
    def look(request: Request, staff: Admin, body: Text) -> dict[str, Any]:
        """A text as the editor shows it, after an edit of the form if there was one."""
        now, names = _now(request, services)
        source, refused = body.source, ""
        if body.op:
            try:
                source = _edited(source, body.op)
            except Refused as why:
                refused = said(request, "stories")("in_text", why=troubles.told(request, why).detail)
        seen = _seen(request, now, names, source, _which(body))
        shown = {"seen": seen, "known": names}
        return {
            "source": source,
            "refused": refused,
            "wrong": seen.wrong,
            "name": seen.story.name if seen.story else "",
            "kind": seen.story.kind if seen.story else "",
            "path": seen.path,
            "form": _html(part(request, "stories", "_story_form", **shown)),
            "graph": _html(part(request, "stories", "_story_graph", drawing=seen.drawing, known=names)),
        }

    @router.post("/save")
    def save(request: Request, staff: Admin, body: Save) -> Response:
        t = said(request, "stories")
        now, names = _now(request, services)
        seen = _seen(request, now, names, body.source, _which(body))
        if seen.wrong or seen.story is None:
            lines = [t("wrong_line", line=each["line"], said=each["said"]) for each in seen.wrong]
            raise Problem(422, "story-wrong", "\n".join(lines[:8]))
        if not body.kind and body.path not in [path_of(stem) for stem in names.stems]:
            raise Problem(422, "no-file", t("no_file"))
        story, author = seen.story, Author.of(staff)
        kind = t(story.kind)
        try:
            if body.kind:
                which = saving.Which(body.kind, body.name, body.path, body.version)
                summary = t("summary_changed", kind=kind, name=story.name)
                saving.replace(files, author, summary, which, body.source)
            else:
                summary = t("summary_added", kind=kind, name=story.name)
                saving.add(files, author, summary, body.path, body.source)
        except saving.Changed as why:
            return _changed(t, why)
        except Trouble as why:
            raise _not_kept(request, why) from why
        return JSONResponse({"kind": story.kind, "name": story.name, "said": t("saved")})

    @router.post("/remove")
    def remove(request: Request, staff: Admin, body: Remove) -> Response:
        t = said(request, "stories")
        which = saving.Which(body.kind, body.name, body.path, body.version)
        try:
            summary = t("summary_removed", kind=t(body.kind), name=body.name)
            saving.remove(files, Author.of(staff), summary, which)
        except saving.Changed as why:
            return _changed(t, why)
        except Trouble as why:
            raise _not_kept(request, why) from why
        return JSONResponse({"said": t("removed", name=body.name)})

    @router.post("/check")
    async def check(request: Request, staff: Admin, body: Check) -> StreamingResponse:
        """Rasa's checks of the files, with the text if there is one: lines of JSON as it goes on."""
        t = said(request, "stories")
        draft, names = await asyncio.to_thread(_draft, request, services, body)
        mine = (body.kind, body.name)
        if body.source:
            kind, name, _ = kept.read(body.source)
            mine = (kind, name)
        return StreamingResponse(_checked(request, t, draft, names, mine), media_type="application/x-ndjson")

    @router.get("/{kind}")
    def one(
        request: Request, staff: Admin, kind: Kind, name: Annotated[str, Query(max_length=1000)]
    ) -> HTMLResponse:
        try:
            there = saving.found(files.look(), kind, name)
        except Trouble as why:
            return page(request, staff, "stories", 503, failed=troubles.told(request, why).detail)
        if there is None:
            return _gone(request, staff)
        return _editor(request, staff, services, there.source, there)

    return router


# ---- the editor ----


def _editor(
    request: Request, staff: Admin, services: Services, source: str, there: Told | None = None, path: str = ""
) -> HTMLResponse:
    try:
        now, names = _now(request, services)
    except Problem as why:
        return page(request, staff, "stories", why.status, failed=why.detail)
    source = source.replace("\r\n", "\n")
    seen = _seen(request, now, names, source, (there.kind, there.name) if there else None)
    again = [each for each in kept.told(now) if there and (each.kind, each.name) == (there.kind, there.name)]
    return page(
        request,
        staff,
        "stories",
        view="editor",
        there=there,
        again=again if len(again) > 1 else [],
        version=saving.version(there.source) if there else "",
        seen=seen,
        drawing=seen.drawing,
        known=names,
        path=there.path if there else path or seen.path,
        into=[(path_of(stem), names.title(stem)) for stem in names.stems],
    )


def _seen(request: Request, now: Snapshot, names: Known, source: str, which: tuple[Kind, str] | None) -> Seen:
    t = said(request, "stories")
    read = problems.read(source, names, problems.taken(kept.told(now), which))
    wrong = [{"line": each.line, "said": t(f"wrong_{each.code}", **each.values)} for each in read.wrong]
    drawing = _drawn(request, [read.story], names, down=True) if read.story else None
    return Seen(source, read.story, wrong, drawing, names, listing.path_for(now, read.story))


def _drawn(request: Request, told: list[Story], names: Known, down: bool) -> graph.Drawing:
    return graph.draw(told, names, said(request, "stories"), down)


_EDITS: dict[str, Callable[[str, Op], str]] = {
    "name": lambda source, op: editing.set_name(source, op.name),
    "kind": lambda source, op: editing.set_kind(source, op.kind),
    "flag": lambda source, op: editing.set_flag(source, op.flag, op.on),
    "choice": lambda source, op: editing.set_choice(source, tuple(op.keys), op.name),
    "add": lambda source, op: editing.add_step(source, tuple(op.keys), op.number or 0, op.sort, op.name),
    "branch": lambda source, op: editing.add_branch(source, tuple(op.keys), op.name),
    "move": lambda source, op: editing.move(source, tuple(op.keys), op.number or 0),
    "remove": lambda source, op: editing.remove(source, tuple(op.keys)),
    "named": lambda source, op: editing.set_named(source, tuple(op.keys), op.number, op.name, op.value),
}


def _edited(source: str, op: Op) -> str:
    return _EDITS[op.do](source, op)


def _which(body: Text) -> tuple[Kind, str] | None:
    return (body.kind, body.name) if body.kind else None


def _now(request: Request, services: Services) -> tuple[Snapshot, Known]:
    """The files as they are, and what they name."""
    try:
        now = services.files.look()
        return now, known(now)
    except Trouble as why:
        raise troubles.told(request, why) from why


def _gone(request: Request, staff: Admin) -> HTMLResponse:
    return page(request, staff, "stories", 404, failed=said(request, "stories")("gone"))


def _copy(there: Told, others: list[Told], t: Texts) -> str:
    """The text of a rule or story under a name that is free."""
    names = {each.name for each in others if each.kind == there.kind}
    name, number = t("copy_name", name=there.name), 2
    while name in names:
        name, number = t("copy_again", name=there.name, number=number), number + 1
    try:
        return editing.set_name(there.source, name)
    except Refused:
        return there.source


def _html(made: HTMLResponse) -> str:
    return bytes(made.body).decode()


# ---- what could not be kept ----


def _changed(t: Texts, why: saving.Changed) -> Response:
    at = f"{why.at.astimezone(ZONE):%m-%d %H:%M}" if why.at else ""
    key = "changed_by" if why.now else "removed_by"
    more = {
        "theirs": why.now.source if why.now else None,
        "version": saving.version(why.now.source) if why.now else "",
    }
    return Problem(409, "changed-meanwhile", t(key, by=why.by, at=at)).response(**more)


def _not_kept(request: Request, why: Trouble) -> Problem:
    told = troubles.told(request, why)
    return Problem(told.status, told.type, said(request, "stories")("not_kept", why=told.detail))


# ---- contradictions ----


def _draft(request: Request, services: Services, body: Check) -> tuple[Draft, Known]:
    """The files with the text in its place, and what they name without it.

    Raises:
        Problem: the text cannot be one of them.
    """
    now, names = _now(request, services)
    draft = Draft(now)
    try:
        if body.source and body.kind:
            kept.replace(draft, body.kind, body.name, body.source)
        elif body.source:
            kept.add(draft, body.path or path_of("new"), body.source)
    except Trouble as why:
        raise _not_checked(request, why) from why
    return draft, names


def _not_checked(request: Request, why: Trouble) -> Problem:
    told = troubles.told(request, why)
    return Problem(told.status, told.type, said(request, "stories")("not_checked", why=told.detail))


async def _checked(
    request: Request, t: Texts, draft: Draft, names: Known, mine: tuple[Kind | None, str]
) -> AsyncGenerator[str]:
    def called(name: str) -> str:
        return names.called(name, t.language)

    def line(**told: object) -> str:
        return json.dumps(told, ensure_ascii=False) + "\n"

    try:
        async with aclosing(checking.check(draft)) as steps:
            async for each in steps:
                match each:
                    case checking.Step(name=name):
                        yield line(step=t(f"check_{name}"))
                    case checking.Outcome(failed=why) if why:
                        yield line(failed=t("check_failed", why=fault(why, t.language)))
                    case checking.Outcome(found=found):
                        kind, name = mine
                        own = [each for each in found if kind and each.names(kind, name)]
                        others = [each for each in found if each not in own]
                        sentences = {
                            "own": [told_contradiction(t, each, called) for each in own],
                            "others": [told_contradiction(t, each, called) for each in others],
                        }
                        made = part(request, "stories", "_story_check", mine=mine, **sentences)
                        yield line(html=_html(made), clean=not found)
    except Trouble as why:
        yield line(failed=troubles.told(request, why).detail)
