"""The supervisor's live board, ``/desk/live``: who waits, who works, and her ways to step in."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request
from nicegui import Client, events, ui
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership
from bot.conversations.steps import NotYours, UnknownConversation
from bot.conversations.watch import wait
from bot.handoff import agents, desk_rules
from bot.staff import texts
from bot.staff.sessions import Staff, require

from .alerts import BreachAlerts
from .at_work import at_work, beat, colleagues
from .context import Context, Desk
from .dialogs import Answer, Option, ask, choice, line, lines
from .elements import el, text
from .live_facts import facts

STYLES = (
    "staff/office.css",
    "desk/desk.css",
    "desk/chat.css",
    "desk/lists.css",
    "desk/live.css",
    "desk/touch.css",
)
SCRIPTS = ("staff/office.js", "desk/shortcuts.js", "desk/desk.js", "desk/lists.js", "desk/live.js")
ICON = Path(texts.__file__).parent / "static" / "icon.svg"
ACCENT = "#1f6f5c"
AGAIN_EVERY = 5.0  # seconds
SAME = "same"  # the queue in which the conversation was
# What live.js writes; each is ``live_WORD`` in texts.yml.
WORDS = (
    *("waiting", "longest", "median", "overdue", "served", "there", "load", "lost", "empty", "none", "more"),
    *("queue", "queues", "moods", "agents", "conversations"),
    *("look", "take_over", "reassign", "put_back", "offline", "setup"),
)

_texts = texts.load(Path(__file__).parent / "texts.yml")
log = structlog.get_logger()


def install(desk: Desk) -> None:
    """Register the page ``/desk/live``."""

    @ui.page("/desk/live", title=_texts["zh"]("live"), reconnect_timeout=20, favicon=ICON)
    def show(request: Request, client: Client, who: Annotated[Staff, Depends(require("supervisor"))]) -> None:
        LivePage(desk, request, client, who).build()


class LivePage:
    """Draws the board as it changes, and carries out what the supervisor does."""

    def __init__(self, desk: Desk, request: Request, client: Client, staff: Staff) -> None:
        t = _texts[texts.language(request)]
        theme = texts.theme(request)
        self._ctx = Context(desk, client, request.session, staff, t, theme, lambda: "/desk/live")
        self._shown = ""
        self._breaches = BreachAlerts(self._ctx)

    def build(self) -> None:
        """Fill the client."""
        ctx, t = self._ctx, self._ctx.t
        ui.add_head_html(
            "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in STYLES)
            + f'<script>document.documentElement.dataset.theme = "{ctx.theme}"</script>'
            + "".join(f'<script src="/static/{name}"></script>' for name in SCRIPTS)
        )
        ui.colors(primary=ACCENT)
        ui.dark_mode({"auto": None, "light": False, "dark": True}[ctx.theme])
        ctx.root = el("div", "desk live", data_testid="live")
        with ctx.root:
            with el("header", "pane-head"):
                text("a", "‹", "icon-button", href="/desk", aria_label=t("live_back"), title=t("live_back"))
                text("strong", t("live"))
                el("span", "gap")
                text("span", ctx.staff.display_name, "hint")
            self._strip = text("div", t("heartbeat_failed"), "strip", role="status", data_kind="failed")
            self._strip.set_visibility(False)
            self._board = el("live-board", "live-board", data_testid="live-board")
            words = {word: t(f"live_{word}") for word in WORDS}
            self._board.props["words"] = json.dumps(words, ensure_ascii=False)
            self._board.on("act", self._act, args=["detail"])
        beat(ctx, self._heard)
        ctx.client.on_delete(ctx.stop)
        started = False

        def start() -> None:
            nonlocal started
            if not started:
                started = True
                ctx.run(self._follow())
                ctx.run(ctx.stay_signed_in())

        ctx.client.on_connect(start)
        ui.page_title(t("live"))

    def _heard(self, alive: bool) -> None:
        self._strip.set_visibility(not alive)

    async def _follow(self) -> None:
        ctx = self._ctx
        await self._note("live_view")
        with ctx.desk.board.waiting() as changed:
            while True:
                self._breaches.show(ctx.desk.board.snapshot)
                shown = json.dumps(facts(ctx.desk.board.snapshot, ctx.t, ctx.me), ensure_ascii=False)
                if shown != self._shown:
                    self._shown = shown
                    self._board.props["facts"] = shown
                # What has become overdue since is no change of the board.
                await wait(changed, AGAIN_EVERY)

    async def _note(self, action: str, **detail: Any) -> None:
        try:
            await asyncio.to_thread(audits.note, self._ctx.desk.store, self._ctx.me, action, **detail)
        except SQLAlchemyError as error:
            log.error("desk.audit_failed", error=type(error).__name__)

    # -- stepping in ----------------------------------------------------------------------------------

    async def _act(self, event: events.GenericEventArguments) -> None:
        """One of the buttons: ``do`` what with the conversation or agent ``id``."""
        said = event.args.get("detail") if isinstance(event.args, dict) else None
        if not isinstance(said, dict) or not await self._may():
            return
        do, id = str(said.get("do")), str(said.get("id"))
        conversation = {"take_over": self._take_over, "reassign": self._reassign, "put_back": self._put_back}
        agent = {"offline": self._offline, "setup": self._setup}
        try:
            if do in conversation:
                await conversation[do](id)
                self._ctx.desk.watcher.hint(id)
            elif do in agent and id.isdecimal():
                await agent[do](int(id))
        except ownership.IllegalMove:
            self._ctx.tell("live_moved_on")
        except (NotYours, UnknownConversation, agents.UnknownAgent):
            self._ctx.tell("gone")
        except ValueError:
            self._ctx.tell("live_wrong")
        except SQLAlchemyError as error:
            log.error("desk.live_failed", error=type(error).__name__)
            self._ctx.tell("not_now")
        self._ctx.desk.board.refresh()

    async def _may(self) -> bool:
        """Whether she is still signed in, and still a supervisor."""
        ctx = self._ctx
        if not await ctx.signed_in():
            return False
        account = await asyncio.to_thread(ctx.desk.accounts.account, ctx.staff.id)
        return account is not None and Staff(account.id, "", "", account.role).may("supervisor")

    async def _do(self, action: str, do: Callable[[], object], **detail: Any) -> None:
        await asyncio.to_thread(do)
        await self._note(action, **detail)

    async def _take_over(self, id: str) -> None:
        store, staff = self._ctx.desk.store, self._ctx.staff

        def take_over() -> None:
            store.assign(id, staff.id, staff.id, staff.display_name)
            at_work(self._ctx)

        await self._do("take_over", take_over, conversation=id)
        self._ctx.client.open(f"/desk?c={id}")

    async def _reassign(self, id: str) -> None:
        ctx, t = self._ctx, self._ctx.t
        held = ctx.desk.board.snapshot.held.items()
        holder = next((owner for owner, rows in held if any(row.id == id for row in rows)), "")
        options = [each for each in colleagues(ctx, but=0) if ownership.agent(each.value) != holder]
        if not options:
            ctx.tell("live_nobody")
            return
        note = lines("note", t("live_note"), rows=2)
        answer = await ask(ctx, "live_reassign", choice("to", [("", options)]), note)
        to = answer and ctx.desk.board.snapshot.agents.get(_number(answer.one("to")))
        if answer and to:
            note_text = answer.one("note") or None
            await self._do(
                "assign",
                lambda: ctx.desk.store.assign(id, ctx.staff.id, to.id, to.name, note_text),
                conversation=id,
                to=to.id,
            )

    async def _put_back(self, id: str) -> None:
        ctx, t = self._ctx, self._ctx.t
        language = t.language
        options = [Option(SAME, t("live_same_queue"))]
        options += [Option(code, queue.title.of(language)) for code, queue in desk_rules.queues().items()]
        note = lines("note", t("live_note"), rows=2)
        answer = await ask(ctx, "live_put_back", choice("queue", [("", options)], tight=True), note)
        if answer is None:
            return
        queue = answer.one("queue")
        chosen = queue if queue in desk_rules.queues() else None
        note_text = answer.one("note") or None
        await self._do(
            "put_back",
            lambda: ctx.desk.store.put_back(id, ctx.staff.id, note_text, chosen),
            conversation=id,
            queue=chosen,
        )

    async def _offline(self, id: int) -> None:
        ctx = self._ctx
        agent = ctx.desk.board.snapshot.agents.get(id)
        held = len(ctx.desk.board.snapshot.held.get(ownership.agent(id), []))
        hint = ctx.t("live_offline_hint", name=agent.name if agent else "", count=held)
        if await ask(ctx, "live_offline", hint=hint, danger=True):
            await self._do(
                "force_offline", lambda: agents.force_offline(ctx.desk.store, id, ctx.staff.id), agent=id
            )

    async def _setup(self, id: int) -> None:
        ctx, t = self._ctx, self._ctx.t
        agent = ctx.desk.board.snapshot.agents.get(id)
        if agent is None:
            return
        mine = agent.skills
        options = [
            Option(code, queue.title.of(t.language), chosen=mine is None or code in mine)
            for code, queue in desk_rules.queues().items()
        ]
        answer = await ask(
            ctx,
            "live_setup",
            line("capacity", t("live_capacity"), str(agent.capacity), limit=2, first=True),
            choice("skills", [(t("live_skills"), options)], several=True, tight=True),
            hint=t("live_setup_hint", name=agent.name),
        )
        if answer is None:
            return
        capacity, skills = self._wanted(answer)
        await self._do(
            "configure_agent",
            lambda: agents.configure(ctx.desk.store, id, capacity=capacity, skills=skills),
            agent=id,
            capacity=capacity,
            skills=skills,
        )

    @staticmethod
    def _wanted(answer: Answer) -> tuple[int, list[str] | None]:
        """Capacity and skills as filled in; all queues are every queue there will ever be."""
        chosen = answer.all("skills")
        return int(answer.one("capacity")), None if set(chosen) >= set(desk_rules.queues()) else chosen


def _number(said: str) -> int:
    return int(said) if said.isdecimal() else 0
