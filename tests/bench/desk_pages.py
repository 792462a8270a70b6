"""Agents' pages without browsers: each loads the page, holds its socket, takes every update and acknowledges
it, and sends what a browser would send. So the office cannot tell them from people."""

import ast
import asyncio
import base64
import json
import random
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
import httpx
import itsdangerous
import socketio  # type: ignore[import-untyped]

ACK_SECONDS = 3  # as nicegui.js does
MESSAGES = ("update", "run_javascript", "notify", "open", "load_js_components", "download")


def cookie(secret: str, key: str) -> str:
    """The session cookie of somebody who has signed in (her password is not what is measured)."""
    session = base64.b64encode(json.dumps({"key": key}).encode())
    return "office=" + itsdangerous.TimestampSigner(secret).sign(session).decode()


@dataclass
class AgentPage:
    """One open tab of an agent; ``conversations`` are hers."""

    office: str
    cookie: str
    conversations: list[str] = field(default_factory=list)
    updates: int = 0

    async def open(self) -> None:
        """Load the page and connect its socket."""
        self._http = aiohttp.ClientSession()  # with a cookie jar of its own
        async with self._http.get(f"{self.office}/desk", headers={"Cookie": self.cookie}) as answer:
            answer.raise_for_status()
            html = await answer.text()
        query = ast.literal_eval(_found(r"query: (\{.*?\}),\n", html))
        elements = json.loads(unescape(_found(r"String\.raw`(.*?)`", html)).replace("&#36;", "$"))
        self._listeners = dict(_listeners(elements))
        self._client_id = query["client_id"]
        self._next = int(query["next_message_id"])
        query |= {"document_id": str(uuid4()), "tab_id": str(uuid4()), "implicit_handshake": "true"}
        self._socket = socketio.AsyncClient(http_session=self._http, reconnection=False)
        for name in MESSAGES:
            self._socket.on(name, self._received)
        await self._socket.connect(
            f"{self.office}?{urlencode(query)}",
            headers={"Cookie": self.cookie, "Origin": self.office},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
        )

    async def close(self) -> None:
        await self._socket.disconnect()
        await self._http.close()

    async def begin(self) -> None:
        """Press the button that begins the shift."""
        await self._emit("shift-start", "click")

    async def show(self, conversation_id: str) -> None:
        """Open a conversation."""
        await self._emit("list-pane", "choose", {"detail": conversation_id})

    async def say(self, conversation_id: str, text: str) -> None:
        """Send what was written."""
        said = {"conversation": conversation_id, "client_id": uuid4().hex, "text": text, "mode": "reply"}
        await self._emit("composer", "say", {"detail": said})

    async def acknowledge(self) -> None:
        await self._socket.emit("ack", {"client_id": self._client_id, "next_message_id": self._next})

    def _received(self, message: Any) -> None:
        self.updates += 1
        self._next = max(self._next, int(message["_id"]) + 1) if "_id" in message else self._next

    async def _emit(self, testid: str, event: str, *args: Any) -> None:
        element, listener = self._listeners[testid, event]
        sent = {"id": element, "client_id": self._client_id, "listener_id": listener}
        await self._socket.emit("event", sent | {"args": [json.dumps(arg) for arg in args]})


def _found(pattern: str, html: str) -> str:
    found = re.search(pattern, html, re.DOTALL)
    assert found, f"the page has no {pattern}"
    return found[1]


def _listeners(elements: dict[str, Any]) -> Any:
    """Who listens, by test id and event: the element's id and the listener's."""
    for id, element in elements.items():
        testid = element.get("props", {}).get("data-testid")
        for event in element.get("events", []):
            yield (testid, event["type"]), (int(id), event["listener_id"])


class Crowd:
    """Agents at work in a thread of their own, and their shoppers.

    Each second ``rate`` agents open a conversation of theirs and answer in it, and as many shoppers write.
    """

    def __init__(self, pages: list[AgentPage], front: str, rate: float) -> None:
        self.pages = pages
        self.tokens: list[str] = []
        self.said = self.failed = 0
        self._front, self._rate = front, rate
        self._stopped = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Open all pages, and begin all shifts."""
        self._run(self._open())

    def work(self) -> None:
        """Work until ``close``."""
        self._working = asyncio.run_coroutine_threadsafe(self._work(), self._loop)

    def close(self) -> None:
        """Let everybody go home."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        with suppress(Exception):
            self._working.result(30)
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(180)

    async def _open(self) -> None:
        for page in self.pages:
            await page.open()
            await page.begin()

    async def _close(self) -> None:
        for page in self.pages:
            await page.close()

    async def _work(self) -> None:
        acting: set[asyncio.Task[None]] = set()
        acknowledged = 0.0
        async with httpx.AsyncClient(base_url=self._front, timeout=10) as shoppers:
            while not self._stopped.is_set():
                for action in (self._answer(), self._ask(shoppers)):
                    task = asyncio.create_task(self._count(action))
                    acting.add(task)
                    task.add_done_callback(acting.discard)
                if self._loop.time() - acknowledged > ACK_SECONDS:
                    acknowledged = self._loop.time()
                    await asyncio.gather(*(page.acknowledge() for page in self.pages))
                await asyncio.sleep(1 / self._rate)
            await asyncio.gather(*acting, return_exceptions=True)

    async def _count(self, action: Any) -> None:
        try:
            await action
            self.said += 1
        except (httpx.HTTPError, socketio.exceptions.SocketIOError):
            self.failed += 1

    async def _answer(self) -> None:
        page = random.choice([page for page in self.pages if page.conversations])
        conversation = random.choice(page.conversations)
        await page.show(conversation)
        await asyncio.sleep(random.uniform(1, 5))
        await page.say(conversation, "好的，我看到了，这就帮您处理，请您稍等一下。")

    async def _ask(self, shoppers: httpx.AsyncClient) -> None:
        body = {"client_id": uuid4().hex, "text": "请问我的包裹大概什么时候能到呀？"}
        headers = {"Authorization": f"Bearer {random.choice(self.tokens)}"}
        (await shoppers.post("/api/chat/messages", json=body, headers=headers)).raise_for_status()
