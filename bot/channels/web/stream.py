"""The stream: what happens in one conversation, as server-sent events."""

import asyncio
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.conversations.database import UNAVAILABLE
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import Store, public
from bot.conversations.watch import Grown, Watcher, wait

from .tokens import Key

BATCH = 100
PING = b": ping\n\n"
PING_SECONDS = 25
# Others leave the queue without a hint to those who are in it.
QUEUE_SECONDS = 3
# A hint may be lost: so many pings without news, and the log is looked at all the same; after one while the
# bot types, as another process may end a turn without a word.
PINGS = 4
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would keep events back
}


class EventStream(Response):
    """The messages behind the ``cursor``, and the state with each change, until the reader goes.

    It also ends when the conversation is erased or not any more whose it was when the token was made, and
    when the log cannot be read.
    Thousands are open at once: at rest each is two tasks that wait.
    """

    def __init__(self, store: Store, watcher: Watcher, opens: Key, cursor: int) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._store = store
        self._watcher = watcher
        self._opens = opens
        self._cursor = cursor
        self._shown: dict[str, Any] = {"rating": None}
        self._behind = False
        self._delivered = cursor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._watcher.waiting(self._opens.conversation) as grown:
            gone = asyncio.create_task(_gone(receive, grown))
            try:
                while (events := await asyncio.to_thread(self._news)) is not None and not gone.done():
                    grown.seq = self._cursor
                    if events:
                        await send(_piece(events))
                        await self._tell_delivered()
                    if not self._behind:
                        await self._wait(grown, send)
            finally:
                gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell_delivered(self) -> None:
        """An agent sees how far the shopper's screen has the log."""
        if self._delivered < self._cursor and self._shown.get("state", {}).get("owner") == "agent":
            self._delivered = self._cursor
            with suppress(*UNAVAILABLE):
                await asyncio.to_thread(self._store.delivered, self._opens.conversation, self._cursor)

    async def _wait(self, grown: Grown, send: Send) -> None:
        """Until there may be news."""
        if self._shown["state"]["owner"] == "queue":
            await wait(grown, QUEUE_SECONDS)
            return
        for _ in range(1 if self._shown["typing"]["from"] else PINGS):
            if await wait(grown, PING_SECONDS):
                return
            await send(_piece(PING))

    def _news(self) -> bytes | None:
        """The events that were not sent yet; None where the stream must end."""
        try:
            messages, state = self._store.news(self._opens.conversation, self._cursor, BATCH)
        except (UnknownConversation, *UNAVAILABLE):
            return None
        now = asdict(state)
        if now.pop("customer_id") != self._opens.customer:
            return None
        events = [_event("message", public(message), message.seq) for message in messages]
        self._cursor = messages[-1].seq if messages else self._cursor
        self._behind = len(messages) == BATCH
        if not self._behind:
            now = {"typing": {"from": now.pop("typing")}, "rating": now.pop("rating"), "state": now}
            changed = (kind for kind in ("state", "typing", "rating") if self._shown.get(kind) != now[kind])
            events += [_event(kind, now[kind]) for kind in changed]
            self._shown = now
        return "".join(events).encode()


async def _gone(receive: Receive, grown: Grown) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    grown.set()


def _event(kind: str, value: object, id: int | None = None) -> str:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return ("" if id is None else f"id: {id}\n") + f"event: {kind}\ndata: {data}\n\n"


def _piece(events: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": events, "more_body": True}
