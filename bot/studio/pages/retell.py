"""A story from a conversation: the admin says what was meant and what the bot should have done."""

import re
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import titles
from bot.problems import Problem
from bot.studio import retelling
from bot.studio.files import Author, Trouble, language
from bot.studio.retelling import CannotTell, Choice, Conversed, NewAnswer, NewIntent, Story
from bot.studio.review import words
from bot.studio.services import Services

from . import numbers, troubles
from .shell import Admin, page, said

SANDBOX = "sandbox"
UNNAMED, UNNAMED_INTENT = "utter_…", "new_intent"
ID = re.compile(r"[\w-]{1,32}", re.ASCII)

_Name = Annotated[str, Field(max_length=128)]


class Chosen(BaseModel):
    """What becomes of a turn (``retelling.Choice``)."""

    number: int
    intent: _Name
    bot: _Name


class Answer(BaseModel):
    """A new response."""

    name: _Name
    text: Annotated[str, Field(max_length=retelling.LONGEST_ANSWER)]


class Intent(BaseModel):
    """A new intent."""

    name: _Name
    title: Annotated[str, Field(max_length=40)]
    examples: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=50)]


class Wish(BaseModel):
    """A story as the form has it."""

    conversation: Annotated[str, Field(max_length=32)]
    seq: int | None = None
    name: Annotated[str, Field(max_length=retelling.LONGEST_NAME)] = ""
    choices: Annotated[list[Chosen], Field(max_length=retelling.MOST)]
    answer: Answer | None = None
    intent: Intent | None = None


def create_router(services: Services) -> APIRouter:
    """``/studio/retell``."""
    router = APIRouter(prefix="/studio/retell")

    def conversed(staff: Admin, conversation: str, seq: int | None) -> Conversed:
        if conversation == SANDBOX:
            sandbox = services.sandboxes.of(staff.id)
            return retelling.of_chat(list(sandbox.turns) if sandbox else [])
        if not ID.fullmatch(conversation):
            raise CannotTell("gone")
        return retelling.of_log(services.store, services.settings, conversation, seq)

    @router.get("")
    def show(request: Request, staff: Admin, c: str = SANDBOX, seq: int | None = None) -> HTMLResponse:
        t = said(request, "retell")
        try:
            found, files = conversed(staff, c, seq), services.files.look()
            if c != SANDBOX:
                services.views.note(staff, "view_conversation", conversation=c, place="retell")
        except CannotTell as why:
            return page(request, staff, "retell", 404, why=t(f"cannot_{why.why}", **why.values), story=None)
        except (SQLAlchemyError, Trouble):
            return page(request, staff, "retell", 503, why=t("cannot_read"), story=None)
        choices = {each.number: each for each in retelling.usual(found)}
        answered = next((turn for turn in found.turns if turn.number in choices and turn.people), None)
        # The longest is most likely the answer, and not the greeting.
        person = max(answered.people, key=len) if answered else ""
        shop = retelling.shop_numbers(files)
        text = retelling.masked(person, shop)
        unknown = answered and choices[answered.number].intent == retelling.NEW_INTENT
        example = words.example(answered.text) if answered and unknown else ""
        first = None
        with suppress(CannotTell, Trouble):
            answer = NewAnswer(UNNAMED, text) if answered else None
            intent = NewIntent(UNNAMED_INTENT, "", []) if example else None
            first = _shown(retelling.compose(files, found, list(choices.values()), "", answer, intent))
        return page(
            request,
            staff,
            "retell",
            why=None,
            story=True,
            first=first,
            first_example=example,
            unnamed=UNNAMED,
            unnamed_intent=UNNAMED_INTENT,
            conversation=c,
            seq=seq,
            turns=found.turns,
            remembered=found.remembered,
            choices=choices,
            answer_text=text,
            mask=partial(retelling.masked, shop=shop),
            example=words.example,
            new_intent=retelling.NEW_INTENT,
            masked=text != " ".join(person.split()),
            intents=[(each.name, titles.title(each.name)) for each in language.intents(files)],
            actions=retelling.actions(files),
            limits={"name": retelling.LONGEST_NAME, "answer": retelling.LONGEST_ANSWER},
            title=titles.title,
            assets=["retell.css", *numbers.ASSETS, "retell.js"],
        )

    @router.post("/preview")
    def preview(request: Request, staff: Admin, body: Wish) -> dict[str, Any]:
        """The story as it is now."""
        return _shown(_composed(request, staff, body, final=False))

    @router.post("/save")
    def save(request: Request, staff: Admin, body: Wish) -> dict[str, Any]:
        t = said(request, "retell")
        story = _composed(request, staff, body, final=True)
        if story.unclear:
            raise Problem(422, "unclear", t("cannot_unclear"))
        if story.clashes:
            raise Problem(422, "clashes", t("cannot_clash"))
        try:
            stories = said(request, "stories")
            summary = stories("summary_added", kind=stories(story.kind), name=story.name)
            commit = retelling.save(services.files, Author.of(staff), summary, story)
        except Trouble as why:
            told = troubles.told(request, why)
            raise Problem(told.status, told.type, t("not_saved", why=told.detail)) from why
        return {"commit": commit, "told": t("saved", name=story.name)}

    def _composed(request: Request, staff: Admin, body: Wish, final: bool) -> Story:
        answer = NewAnswer(body.answer.name, body.answer.text) if body.answer else None
        fresh = body.intent
        intent = NewIntent(fresh.name, fresh.title, fresh.examples) if fresh else None
        choices = [Choice(each.number, each.intent, each.bot) for each in body.choices]
        try:
            found, files = conversed(staff, body.conversation, body.seq), services.files.look()
            story = retelling.compose(files, found, choices, body.name, answer, intent)
            if final and story.answer:
                retelling.check_answer(files, story.answer, found)
            if final and story.intent:
                retelling.check_intent(files, story.intent, found)
        except CannotTell as why:
            _refuse(request, why)
        except Trouble as why:
            raise troubles.told(request, why) from why
        return story

    return router


def _refuse(request: Request, why: CannotTell) -> NoReturn:
    status = 404 if why.why == "gone" else 422
    sentence = said(request, "retell")(f"cannot_{why.why}", **why.values)
    raise Problem(status, why.why.replace("_", "-"), sentence) from why


def _shown(story: Story) -> dict[str, Any]:
    """The story as the page's script draws it."""
    return {
        "name": story.name,
        "source": story.source,
        "path": story.path,
        "kind": story.kind,
        "unclear": story.unclear,
        "clashes": story.clashes,
        "steps": [_step(each) for each in story.steps],
        "fresh": bool(story.answer or story.intent),
    }


def _step(step: Any) -> dict[str, Any]:
    """A step as the page draws it."""
    if "intent" in step:
        entities = [
            next(iter(e.items())) if isinstance(e, dict) else (e, "") for e in step.get("entities", ())
        ]
        told = [f"{name} = {value}" if value else name for name, value in entities]
        return {"kind": "user", "name": step["intent"], "title": titles.title(step["intent"]), "more": told}
    if "action" in step:
        return {"kind": "bot", "name": step["action"], "title": "", "more": []}
    if "active_loop" in step:
        name = step["active_loop"]
        return {"kind": "loop" if name else "loop_ends", "name": name or "", "title": "", "more": []}
    slots = [next(iter(each)) if isinstance(each, dict) else each for each in step.get("slot_was_set", ())]
    return {"kind": "slot", "name": ", ".join(map(str, slots)), "title": "", "more": []}
