"""The studio's first page: the inbox of turns from which the bot can learn."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import titles
from bot.conversations.steps import now
from bot.problems import Problem
from bot.staff.sessions import Staff
from bot.studio.files import Trouble
from bot.studio.knowledge import editing, placing, topics
from bot.studio.review import blame, decisions, inbox, segments, words
from bot.studio.review.decisions import CannotDecide, Kind, NewTopic, Wish
from bot.studio.review.due import Why
from bot.studio.review.known import Known
from bot.studio.services import Services

from . import numbers, troubles
from .shell import Admin, page, part, said

AGES = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}
ASSETS = ["review.css", *numbers.ASSETS, "marking.js", "review.js"]
SENTENCE = 2000  # characters of what a browser sends
_Line = Annotated[str, Field(max_length=SENTENCE)]
_Name = Annotated[str, Field(max_length=128)]

log = structlog.get_logger()


class Topic(BaseModel):
    """A topic as the form has it."""

    file: _Name
    name: _Name
    intent: _Name
    answer: Annotated[str, Field(max_length=SENTENCE)]
    questions: Annotated[list[_Line], Field(max_length=100)] = []


class Sentence(BaseModel):
    """A sentence to be looked at."""

    text: _Line


class Read(Sentence):
    """A sentence with its readings, likeliest first."""

    readings: Annotated[list[_Name], Field(max_length=10)] = []


class Decide(BaseModel):
    """What is to be done with texts of a group (``decisions.Wish``)."""

    group: int
    kind: Kind
    target: _Name | None = None
    keys: Annotated[list[_Name], Field(max_length=decisions.AT_ONCE)] | None = None
    examples: Annotated[dict[_Name, _Line], Field(max_length=decisions.AT_ONCE)] = {}
    topic: Topic | None = None


def create_router(services: Services) -> APIRouter:
    """``/studio`` and ``/studio/review/…``."""
    router = APIRouter()
    store, root = services.store, services.settings.bot_dir
    repository, known, views = services.files, Known(root), services.views

    def viewed(staff: Staff, opened: inbox.Opened | None) -> None:
        views.note(staff, "view_review")
        if opened:
            views.note(staff, "view_conversation", conversation=opened.turn.conversation_id, place="review")

    @router.get("/studio")
    def show(
        request: Request,
        staff: Admin,
        group: int | None = None,
        item: int | None = None,
        why: str = "",
        days: str = "",
        number: Annotated[int, Query(alias="page", ge=0, le=10_000)] = 0,
    ) -> HTMLResponse:
        reason = Why.__members__.get(why.upper())
        since = now() - AGES[days] if days in AGES else None
        values: dict[str, Any] = {
            "why": why if reason else "",
            "days": days if since else "",
            "whys": [each.lower() for each in Why.__members__],
            "ages": list(AGES),
            "number": number,
            "assets": ASSETS,
            "title": titles.title,
        }
        try:
            listed, more = inbox.groups(store, number, reason, since)
            chosen = group or (listed[0].id if listed else None)
            opened = inbox.open_group(store, chosen, item) if chosen else None
            turns, groups = inbox.waiting(store)
            viewed(staff, opened)
        except SQLAlchemyError:
            return page(request, staff, "review", 503, view="failed", **values)
        values |= {"groups": listed, "more": more, "opened": opened, "turns": turns, "count": groups}
        return page(request, staff, "review", view="open", named=group is not None, **values)

    @router.get("/studio/review/done")
    def done(
        request: Request, staff: Admin, number: Annotated[int, Query(alias="page", ge=0, le=10_000)] = 0
    ) -> HTMLResponse:
        values: dict[str, Any] = {"number": number, "whys": [], "ages": [], "why": "", "days": ""}
        values["assets"] = ASSETS
        try:
            listed, more = inbox.decided(store, number)
            viewed(staff, None)
        except SQLAlchemyError:
            return page(request, staff, "review", 503, view="failed", **values)
        return page(request, staff, "review", view="done", decided=listed, more=more, **values)

    @router.get("/studio/review/groups/{group}")
    def opened(request: Request, staff: Admin, group: int, item: int | None = None) -> HTMLResponse:
        found = inbox.open_group(store, group, item)
        if found is None:
            raise Problem(404, "no-such-group", said(request, "review")("gone"))
        viewed(staff, found)
        return part(request, "review", "review_group", opened=found, title=titles.title)

    @router.get("/studio/review/known")
    def choices(staff: Admin) -> dict[str, Any]:
        taught = known.now()
        return {
            "choices": [{"name": each.name, "title": each.title} for each in taught.choices],
            "entities": taught.entities,
        }

    # What shoppers wrote comes into no address, and so into nobody's log.
    @router.post("/studio/review/near")
    def near(staff: Admin, body: Sentence) -> dict[str, Any]:
        """The words of a sentence as jieba sees them, and what is taught and like it."""
        plain = decisions.plain(words.visible(body.text))
        found = known.now().near(plain)
        return {
            "words": segments.words(plain, root),
            "near": [
                {
                    "text": each.text,
                    "intent": each.intent,
                    "title": each.title,
                    "place": each.place,
                    "percent": each.percent,
                }
                for each in found
            ],
        }

    @router.post("/studio/review/place")
    def place(request: Request, staff: Admin, body: Read) -> dict[str, Any]:
        """What the form of a new topic offers, and where one belongs that is asked for so."""
        try:
            snapshot = repository.look()
            areas, usual = topics.areas(snapshot), topics.usual_intents(snapshot)
            names = {area: editing.free_name(snapshot, area) for area in areas}
            near = known.now().near(decisions.plain(words.visible(body.text)))
            alike = [each.intent for each in near if each.percent >= words.ALIKE_READ_ALIKE]
            found = placing.likeliest(snapshot, [*alike, *body.readings, *(each.intent for each in near)])
        except Trouble as why:
            raise troubles.told(request, why) from why
        return {
            "files": [
                {"name": name, "title": title, "intent": usual.get(name, ""), "free": names[name]}
                for name, title in areas.items()
            ],
            "intents": [{"name": name, "title": title} for name, title in topics.intents(snapshot).items()],
            "file": found.area if found else None,
            "intent": found.intent if found else None,
        }

    @router.post("/studio/review/decide")
    def decide(request: Request, staff: Admin, body: Decide) -> dict[str, Any]:
        topic = NewTopic(**body.topic.model_dump()) if body.topic else None
        wish = Wish(body.group, body.kind, body.target, body.keys, body.examples, topic)
        t = said(request, "review")
        made = _told(request, lambda: decisions.decide(store, repository, known, staff, wish, t.language))
        title = known.now().titles.get(made.target or "", made.target or "")
        key = "ignored" if body.kind == "ignore" else "decided" if made.written else "decided_known"
        told = t(key, title=title, turns=made.turns, sentences=len(made.written))
        return {"id": made.id, "told": told, "left": inbox.open_group(store, body.group) is not None}

    @router.post("/studio/review/earlier/{item}")
    def earlier(request: Request, staff: Admin, item: int) -> dict[str, Any]:
        """The question before it was not understood: that one is in the inbox instead."""
        found = _told(request, lambda: blame.move_back(store, item))
        told = said(request, "review")("moved_back")
        return {"told": told, "group": found.group_id, "item": found.id}

    @router.post("/studio/review/undo/{decision}")
    def undo(request: Request, staff: Admin, decision: int) -> dict[str, Any]:
        t = said(request, "review")
        undone = _told(request, lambda: decisions.undo(store, repository, staff, decision, t.language))
        return {"told": t("undone"), "group": undone.group_id}

    return router


def _told(request: Request, do: Callable[[], Any]) -> Any:
    """What was done, or why it was not, as a sentence."""
    try:
        return do()
    except CannotDecide as why:
        sentence = said(request, "review")(f"cannot_{why.why}", **why.values)
        raise Problem(409, re.sub("_", "-", why.why), sentence) from why
    except Trouble as why:
        told = troubles.told(request, why)
        raise Problem(
            told.status, told.type, said(request, "review")("not_written", why=told.detail)
        ) from why
