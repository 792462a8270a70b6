"""The agent's presence: her shift's start and end, her heartbeat, and what becomes of her chats."""

import asyncio
from collections.abc import Callable

import structlog
from nicegui import events, ui
from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits
from bot.handoff import agents, desk_rules

from .at_work import beat, colleagues
from .board import Colleague, Snapshot
from .context import Context
from .dialogs import Option, ask, choice
from .elements import button, el, text

# What may become of an agent's conversations, beside a colleague's id.
QUEUE, FINISH = "queue", "finish"

log = structlog.get_logger()


class PresenceControl:
    """Fills the head of the left column and keeps the strip under it.

    Args:
        beside: adds what stands in the head beside the presence.
    """

    def __init__(self, ctx: Context, head: Element, beside: Callable[[], None]) -> None:
        self._ctx = ctx
        self._presence = "offline"
        self._leaving = False
        self._chosen_in = 0  # the reading of the board that may not know of the last choice yet
        t = ctx.t
        with head:
            el("img", "logo", src="/static/staff/icon.svg", alt="", width=24, height=24)
            self._start = button(t("shift_start"), "primary shift-start", data_testid="shift-start")
            self._start.on("click", lambda: self.choose("online"), args=[])
            self._pill = el("button", "presence", type="button", data_testid="presence")
            # The browser tells when nobody has touched it for so long.
            self._pill.props["data-idle-minutes"] = desk_rules.current().away_minutes
            self._pill.on("idle", self._went_idle, args=[])
            self._pill.on("wanted", self._wanted, args=["detail"])
            with self._pill:
                el("span", "presence-dot")
                self._said = text("span", "", "presence-said")
                self._load = text("span", "", "number presence-load", data_testid="load")
                with ui.menu().classes("desk-menu") as self._menu:
                    for presence in agents.PRESENCES:
                        self._build_choice(presence)
            el("span", "gap")
            beside()
        self._strip = el("div", "strip", role="status", data_testid="strip")
        self._strip.set_visibility(False)
        self._show(None, 0)
        beat(ctx, self._alive)

    def _build_choice(self, presence: str) -> None:
        t = self._ctx.t
        item = el("button", "desk-menu-item", type="button", data_testid=f"presence-{presence}")
        item.on("click", lambda: self.choose(presence), args=[])
        with item:
            el("span", "presence-dot", data_presence=presence)
            with el("span", "desk-menu-said"):
                text("strong", t("shift_end" if presence == "offline" else f"presence_{presence}"))
                text("span", t(f"presence_{presence}_hint"), "hint")

    # -- showing --------------------------------------------------------------------------------------

    @property
    def offline(self) -> bool:
        """Whether no shift has begun."""
        return self._presence == "offline"

    def show(self, board: Snapshot, held: int) -> None:
        """Show the agent as the board knows her, with so many conversations in her hands."""
        if self._ctx.desk.board.loaded:
            self._show(board.agents.get(self._ctx.staff.id), held)

    def _show(self, me: Colleague | None, held: int) -> None:
        presence = me.presence if me else "offline"
        if presence != self._presence and self._ctx.desk.board.done <= self._chosen_in:
            self._ctx.desk.board.refresh()
            return  # the board has yet to read what the agent has just chosen
        if presence != self._presence and presence == "offline" and not self._leaving:
            self._ctx.tell("presence_ended")
        self._set(presence)
        self._load.set_text(f"{held}/{me.capacity}" if me else "")
        self._load.props["data-full"] = "yes" if me and held >= me.capacity else "no"

    def _set(self, presence: str) -> None:
        self._presence = presence
        here = presence != "offline"
        self._start.set_visibility(not here)
        self._pill.set_visibility(here)
        self._pill.props["data-presence"] = presence
        self._said.set_text(self._ctx.t(f"presence_{presence}"))

    def _tell(self, kind: str, key: str, back: str | None = None) -> None:
        """The strip under the head, with a way back to another presence if there is one."""
        self._strip.clear()
        self._strip.props["data-kind"] = kind
        with self._strip:
            text("span", self._ctx.t(key))
            if back:
                again = button(self._ctx.t("i_am_back"), "link", data_testid="i-am-back")
                again.on("click", lambda: self.choose(back), args=[])
        self._strip.set_visibility(True)

    def _quiet(self, *kinds: str) -> None:
        if self._strip.props.get("data-kind") in kinds:
            self._strip.set_visibility(False)
            self._strip.props["data-kind"] = ""

    # -- life -----------------------------------------------------------------------------------------

    def _alive(self, alive: bool) -> None:
        if alive:
            self._quiet("failed")
        else:
            self._tell("failed", "heartbeat_failed")

    async def _went_idle(self) -> None:
        if self._presence in ("online", "busy"):
            before = self._presence
            if await self._change("away", by_itself=True):
                self._tell("idle", "idle_away", back=before)

    # -- changing -------------------------------------------------------------------------------------

    async def _wanted(self, event: events.GenericEventArguments) -> None:
        wanted = event.args.get("detail") if isinstance(event.args, dict) else None
        if wanted in agents.PRESENCES:
            await self.choose(wanted)

    async def choose(self, presence: str) -> None:
        """The agent wants to be this from now on."""
        self._menu.close()
        if not await self._ctx.signed_in():
            return
        if presence == "offline":
            await self.end_shift()
        elif await self._change(presence):
            self._quiet("idle")

    async def _change(self, presence: str, by_itself: bool = False) -> bool:
        ctx, staff = self._ctx, self._ctx.staff
        coming = self._presence == "offline"

        def change() -> None:
            if coming:
                agents.come(ctx.desk.store, staff.id, staff.display_name, presence)
            else:
                agents.set_presence(ctx.desk.store, staff.id, presence)
            audits.note(ctx.desk.store, ctx.me, "presence", presence=presence, by_itself=by_itself)

        if not await self._do(change):
            return False
        self._set(presence)
        return True

    async def end_shift(self) -> bool:
        """Go offline; who still has conversations is asked what shall become of them. Whether she is gone."""
        if self._presence == "offline":
            return True
        self._leaving = True
        try:
            return await self._leave()
        finally:
            self._leaving = False

    async def _leave(self) -> bool:
        ctx = self._ctx
        open_chats = 0

        def leave() -> None:
            nonlocal open_chats
            try:
                agents.set_presence(ctx.desk.store, ctx.staff.id, "offline")
            except agents.OpenChats as left:
                open_chats = left.count
            else:
                audits.note(ctx.desk.store, ctx.me, "presence", presence="offline")

        if not await self._do(leave):
            return False
        if not open_chats:
            self._set("offline")
            return True
        to = await self._ask(open_chats)
        if to == FINISH:
            await self._change("busy")
            ctx.tell("shift_finish_told")
            return False
        known = ctx.desk.board.snapshot.agents
        colleague = known.get(int(to)) if to and to.isdecimal() else None
        if to != QUEUE and colleague is None:
            return False

        def give_away() -> None:
            to_id, to_name = (colleague.id, colleague.name) if colleague else (None, "")
            moved = agents.leave(ctx.desk.store, ctx.staff.id, to_id, to_name)
            audits.note(ctx.desk.store, ctx.me, "presence", presence="offline", to=to, chats=moved)

        if not await self._do(give_away):
            return False
        self._set("offline")
        return True

    async def sign_out(self) -> None:
        """The shift ends first; then the browser is let go."""
        if await self.end_shift():
            self._ctx.js("lists.signOut()")

    async def _do(self, action: Callable[[], None]) -> bool:
        """Run the action in a thread and let all pages know; whether it was done."""
        try:
            await asyncio.to_thread(action)
        except agents.UnknownAgent:
            return False
        except SQLAlchemyError as error:
            log.error("desk.presence_not_changed", error=type(error).__name__)
            self._ctx.tell("not_now")
            return False
        self._chosen_in = self._ctx.desk.board.begun
        self._ctx.desk.board.refresh()
        return True

    async def _ask(self, open_chats: int) -> str | None:
        """What shall become of her conversations: QUEUE, FINISH, a colleague's id; None: she stays."""
        t = self._ctx.t
        ways = [Option(way, t(f"shift_{way}"), t(f"shift_{way}_hint")) for way in (QUEUE, FINISH)]
        answer = await ask(
            self._ctx,
            "shift_end",
            choice("to", [("", ways), (t("shift_colleague"), colleagues(self._ctx))]),
            hint=t("shift_end_hint", count=open_chats),
        )
        return answer.one("to") if answer else None
