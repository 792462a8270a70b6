"""The stream: what an agent's desk must know of at once, as server-sent events."""

import asyncio
import builtins
import json
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.conversations import feed, ownership
from bot.conversations.database import UNAVAILABLE
from bot.conversations.feed import Cursor, News
from bot.conversations.models import Event, Message, Note, TicketEvent
from bot.desk.board import Snapshot
from bot.handoff import desk_rules
from bot.problems import Problem
from bot.staff.sessions import Staff

from . import conversations
from .answers.conversations import Event as EventShown
from .answers.conversations import Note as NoteShown
from .answers.tickets import TicketEvent as TicketEventShown
from .follow import Follow, Follower
from .services import Services

STILL_VALID_SECONDS = 5.0
PING = b": ping\n\n"
PINGS_EVERY = 4  # looks at the token
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


class DeskStream(Response):
    """What has happened behind ``cursor`` (None: from now on), and what happens, until the reader goes.

    It also ends when its token does, and when the log cannot be read.
    """

    def __init__(
        self,
        desk: Services,
        follow: Follow,
        staff: Staff,
        valid: Callable[[], Staff | None],
        cursor: Cursor | None,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._desk, self._follow, self._staff, self._valid, self._cursor = desk, follow, staff, valid, cursor
        self._me = ownership.agent(staff.id)
        self._shown: dict[tuple[str, int | str], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._follow.following(self._staff.token) as follower:
                await self._run(follower, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)

    async def _run(self, follower: Follower, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.create_task(_gone(receive, follower))
        checked = asyncio.create_task(self._stay(follower, send))
        try:
            await send(_piece(await asyncio.to_thread(self._first, await self._follow.cursor())))
            while not gone.done() and not checked.done() and not follower.lost:
                if events := self._state(self._desk.board.snapshot) + self._news(follower):
                    await send(_piece(events))
                await follower.woken.wait()
                follower.woken.clear()
        except (*UNAVAILABLE, builtins.TimeoutError, feed.TooFarBehind):
            pass  # its reader goes on where it was
        finally:
            gone.cancel()
            checked.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stay(self, follower: Follower, send: Send) -> None:
        """Until the token holds no longer."""
        looks = 0
        while await asyncio.to_thread(self._holds):
            await asyncio.sleep(STILL_VALID_SECONDS)
            looks += 1
            if looks % PINGS_EVERY == 0:
                await send(_piece(PING))
        follower.woken.set()

    def _holds(self) -> bool:
        try:
            staff = self._valid()
        except UNAVAILABLE:
            return True
        return staff is not None and staff.may("agent")

    def _first(self, begun: Cursor) -> bytes:
        """What was missed, and an id to go on from."""
        missed = feed.since(self._desk.store, self._cursor, self._me) if self._cursor else []
        events = [_event(*told) for news in missed if (told := self._told(news))]
        return "".join((*events, _event("ready", {}, begun))).encode()

    def _news(self, follower: Follower) -> bytes:
        events = []
        while follower.news:
            news, cursor = follower.news.popleft()
            told = [found for each in news if (found := self._told(each))]
            # The id comes with the last: who goes on from it must have had them all.
            events += [_event(*each, cursor if each is told[-1] else None) for each in told]
        return "".join(events).encode()

    def _told(self, news: News) -> tuple[str, dict[str, Any]] | None:
        if news.to is not None and self._me not in news.to:
            return None
        row = news.row
        place = {"conversation": row.conversation_id}
        match row:
            case Message():
                return "message", {**place, **conversations.shown(row)}
            case Note():
                return "note", {**place, **NoteShown.model_validate(row).model_dump(mode="json")}
            case Event():
                return "conversation", {**place, **EventShown.model_validate(row).model_dump(mode="json")}
            case TicketEvent():
                shown = TicketEventShown.model_validate(row).model_dump(mode="json")
                return "ticket", {**place, "ticket": row.ticket_id, **shown}
        return None

    def _state(self, board: Snapshot) -> bytes:
        """Who is there and how many wait, as far as it has changed."""
        events: list[str] = []
        shown: dict[str, Any]
        for agent in board.agents.values():
            shown = {"id": agent.id, "name": agent.name, "presence": agent.presence, "there": agent.there}
            events += self._changed("presence", agent.id, shown)
        for code in desk_rules.queues():
            rows = [row for row in board.waiting if row.queue == code]
            since = min((row.waits_since for row in rows if row.waits_since), default=None)
            shown = {"queue": code, "waiting": len(rows), "longest_since": since and since.isoformat()}
            events += self._changed("queue", code, shown)
        return "".join(events).encode()

    def _changed(self, kind: str, key: int | str, shown: dict[str, Any]) -> list[str]:
        if self._shown.get((kind, key)) == shown:
            return []
        self._shown[kind, key] = shown
        return [_event(kind, shown)]


async def _gone(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.woken.set()


def _event(kind: str, value: object, cursor: Cursor | None = None) -> str:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    id = "" if cursor is None else f"id: {'-'.join(map(str, cursor))}\n"
    return f"{id}event: {kind}\ndata: {data}\n\n"


def _piece(events: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": events, "more_body": True}
