"""The sandbox chat: an admin chats with any trained model and sees how each answer came about."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from bot.conversations import audits, titles
from bot.problems import Problem
from bot.staff.sessions import Staff
from bot.studio.action_names import called
from bot.studio.figures import reason_title
from bot.studio.models import Models
from bot.studio.sandbox import AT_ONCE, IDLE_MINUTES, CannotChat, Sandbox
from bot.studio.sandbox.process import CHANNELS, LONGEST
from bot.studio.sandbox.turns import shown
from bot.studio.services import Services
from bot.studio.serving import serving
from bot.studio.training.queue import By

from .shell import Admin, page, part, said

STATUS = {
    "unknown_model": 404,
    "busy": 409,
    "no_memory": 503,
    "gone": 409,
    "no_message": 400,
    "no_button": 400,
}

_Name = Annotated[str, Field(max_length=128)]


class Start(BaseModel):
    """Which model is to be chatted with."""

    model: _Name


class Message(BaseModel):
    """What is typed, or the payload of a button that was tapped."""

    text: Annotated[str, Field(max_length=LONGEST)] | None = None
    payload: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class Anew(BaseModel):
    """As whom the dialogue begins anew; ``customer`` None: a visitor."""

    customer: _Name | None = None
    channel: Literal["web", "wechat"] = "web"


def create_router(services: Services) -> APIRouter:
    """``/studio/sandbox``."""
    router = APIRouter(prefix="/studio/sandbox")
    sandboxes, models = services.sandboxes, Models(services.settings.models_dir)

    def mine(request: Request, staff: Staff) -> Sandbox:
        found = sandboxes.of(staff.id)
        if found is None:
            raise Problem(409, "no-sandbox", said(request, "sandbox")("cannot_gone"))
        return found

    @router.get("")
    async def show(request: Request, staff: Admin, model: str = "") -> HTMLResponse:
        listed = [each.name for each in await run_in_threadpool(models.listed)]
        serve = await run_in_threadpool(serving, services.settings)
        running = sandboxes.of(staff.id)
        wanted = model if model in listed else running.model if running else ""
        chosen = wanted or next((name for name in listed if name in serve), listed[0] if listed else "")
        return page(
            request,
            staff,
            "sandbox",
            models=listed,
            serve=serve,
            chosen=chosen,
            idle=IDLE_MINUTES,
            at_once=AT_ONCE,
            longest=LONGEST,
            channels=CHANNELS,
            **_view(request, running),
        )

    @router.get("/talk")
    async def talk(request: Request, staff: Admin) -> HTMLResponse:
        """What the page shows of the chat, for its script."""
        view = _view(request, sandboxes.of(staff.id))
        return part(request, "sandbox", "_sandbox", longest=LONGEST, channels=CHANNELS, **view)

    @router.get("/state")
    async def state(staff: Admin) -> dict[str, Any]:
        found = sandboxes.of(staff.id)
        return {"key": found.key if found else ""}

    @router.get("/events/{number}")
    async def events(request: Request, staff: Admin, number: int) -> dict[str, Any]:
        """What Rasa noted of a turn, as it is."""
        turns = mine(request, staff).turns
        if not 1 <= number <= len(turns):
            raise Problem(404, "no-turn", said(request, "sandbox")("cannot_gone"))
        return {"events": turns[number - 1].events}

    @router.post("/start")
    async def start(request: Request, staff: Admin, body: Start) -> dict[str, Any]:
        try:
            await sandboxes.start(staff.id, staff.display_name, body.model)
        except CannotChat as why:
            raise _told(request, why) from why
        who = By(staff.display_name, staff.id).audited
        await run_in_threadpool(lambda: audits.note(services.store, who, "sandbox", model=body.model))
        return {}

    @router.post("/say")
    async def say(request: Request, staff: Admin, body: Message) -> dict[str, Any]:
        if (body.text is None) == (body.payload is None) or not (body.payload or (body.text or "").strip()):
            raise _told(request, CannotChat("no_message", most=LONGEST))
        try:
            await mine(request, staff).say(body.text, body.payload)
        except CannotChat as why:
            raise _told(request, why) from why
        return {}

    @router.post("/back")
    async def back(request: Request, staff: Admin) -> dict[str, Any]:
        sandbox = mine(request, staff)
        text = sandbox.turns[-1].text if sandbox.turns and not sandbox.turns[-1].tapped else ""
        try:
            await sandbox.back()
        except CannotChat as why:
            raise _told(request, why) from why
        return {"text": text}

    @router.post("/anew")
    async def anew(request: Request, staff: Admin, body: Anew) -> dict[str, Any]:
        try:
            await mine(request, staff).anew(body.customer or None, body.channel)
        except CannotChat as why:
            raise _told(request, why) from why
        return {}

    @router.post("/end")
    async def end(staff: Admin) -> dict[str, Any]:
        await sandboxes.end(staff.id)
        return {}

    return router


def _told(request: Request, why: CannotChat) -> Problem:
    sentence = said(request, "sandbox")(f"cannot_{why.why}", **why.values)
    return Problem(STATUS.get(why.why, 409), why.why.replace("_", "-"), sentence)


def _view(request: Request, sandbox: Sandbox | None) -> dict[str, Any]:
    t = said(request, "sandbox")

    def action(name: str) -> str:
        return called(name, titles.title, t.language)

    def policy(name: str) -> str:
        try:
            return t(f"policy_{name}")
        except KeyError:
            return name

    changed = {each.slot for each in _changes(sandbox)}
    slots = [
        (name, shown(value), name in changed)
        for name, value in (sandbox.slots if sandbox else {}).items()
        if name != "requested_slot"
    ]
    return {
        "sandbox": sandbox,
        "key": sandbox.key if sandbox else "",
        "slots": sorted(slots, key=lambda slot: not slot[2]),
        "asked": (sandbox.slots if sandbox else {}).get("requested_slot"),
        "title": titles.title,
        "action": action,
        "policy": policy,
        "reason": lambda code: reason_title(code, t.language),
    }


def _changes(sandbox: Sandbox | None) -> list[Any]:
    if not sandbox or not sandbox.turns:
        return []
    last = sandbox.turns[-1]
    return [*last.heard, *(change for step in last.steps for change in step.changes)]
