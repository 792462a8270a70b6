"""Many shoppers in one process that takes little of the machine: streams as bare protocols, posts on kept
connections. Each sees for herself what is lost, doubled or out of order."""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 64
OPENED_AT_ONCE = 32
PATIENCE = 15  # seconds in which nobody gets anything


class Calls:
    """HTTP calls to one address on kept connections."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.port = str(parts.hostname), parts.port or 80
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def call(self, method: str, path: str, token: str = "", body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON. Raises RuntimeError with the answer where it is an error."""
        content = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        async with self._places:
            while True:
                kept = bool(self._free)
                try:
                    status, answer = await self._once(head.encode() + content)
                    break
                except (OSError, EOFError):
                    # The server ends a connection that lay idle; one that is new must work.
                    if not kept:
                        raise
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer!r}")
        return json.loads(answer)

    async def _once(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = (
            self._free.pop() if self._free else await asyncio.open_connection(self.host, self.port)
        )
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
        self._free.append((reader, writer))
        return int(head.split(b" ", 2)[1]), answer


@dataclass
class Seen:
    """What all shoppers together have seen; times in seconds."""

    accepted: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    doubled: int = 0
    out_of_order: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Shopper(asyncio.Protocol):
    """One conversation and the stream that shows it."""

    def __init__(self, session: dict[str, Any], seen: Seen, *, echoed: bool) -> None:
        self.conversation, self.token, self.seq = session["conversation"], session["token"], session["seq"]
        self.opened = asyncio.get_running_loop().create_future()
        # What was said and when, by client_id until the stream shows it, and then until its answer comes.
        self.unseen: dict[str, tuple[str, float]] = {}
        self.unanswered: deque[tuple[str, float]] = deque()
        self._seen, self._echoed = seen, echoed
        self._rest = b""
        self._asked = 0

    async def open(self, calls: Calls) -> None:
        """Connect the stream and wait for its first event."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, calls.host, calls.port)
        head = f"GET /api/chat/stream?after={self.seq} HTTP/1.1\r\nHost: {calls.host}\r\n"
        self._transport.write(f"{head}Authorization: Bearer {self.token}\r\n\r\n".encode())
        await asyncio.wait_for(self.opened, 30)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the stream was refused"))

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        # Whole events come in one chunk, so the lines of the chunks' lengths do no harm.
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if "seq" in event:
                    self._message(event)
                if not self.opened.done():
                    self.opened.set_result(None)

    def _message(self, message: dict[str, Any]) -> None:
        if message["seq"] <= self.seq:
            self._seen.doubled += 1
            return
        self._seen.out_of_order += message["seq"] != self.seq + 1
        self.seq = message["seq"]
        if message["from"] == "shopper":
            if said := self.unseen.pop(message["client_id"], None):
                self.unanswered.append(said)
            else:
                self._seen.doubled += 1
        elif self.unanswered:
            text, due = self.unanswered.popleft()
            self._seen.out_of_order += self._echoed and message["text"] != f"回答 {text}"
            self._seen.answered.append(time.monotonic() - due)
        elif self._echoed:
            self._seen.doubled += 1

    @property
    def waits(self) -> bool:
        """Whether something is on its way."""
        return bool(self.unseen or self.unanswered)

    async def say(self, calls: Calls, text: str, due: float) -> None:
        """Post a message that was due at this moment, and take the times from then."""
        self._asked += 1
        client_id = f"{self.conversation}-{self._asked}"
        self.unseen[client_id] = text, due
        try:
            await calls.call("POST", "/api/chat/messages", self.token, {"client_id": client_id, "text": text})
        except (RuntimeError, OSError, EOFError) as error:
            self.unseen.pop(client_id, None)
            self._seen.refused[str(error)[:200]] += 1
        else:
            self._seen.accepted.append(time.monotonic() - due)


async def connected(calls: Calls, count: int, seen: Seen, *, echoed: bool) -> list[Shopper]:
    """So many shoppers with their streams open; ``echoed``: the bot repeats each question in one message."""
    places = asyncio.Semaphore(OPENED_AT_ONCE)

    async def one() -> Shopper:
        async with places:
            shopper = Shopper(await calls.call("POST", "/api/chat/sessions", body={}), seen, echoed=echoed)
            await shopper.open(calls)
            return shopper

    return await asyncio.gather(*(one() for _ in range(count)))


async def converse(
    calls: Calls,
    shoppers: list[Shopper],
    rate: float,
    seconds: float,
    texts: Iterator[str],
    *,
    one_at_a_time: bool = False,
) -> None:
    """Messages come at random moments, ``rate`` of them a second; waits at the end for the last answers.

    ``one_at_a_time``: who waits for an answer says nothing, and the moment passes.
    """
    posts = set()
    due = time.monotonic()
    end = due + seconds
    while (due := due + random.expovariate(rate)) < end:
        await asyncio.sleep(due - time.monotonic())
        shopper = random.choice(shoppers)
        if one_at_a_time and shopper.waits:
            continue
        task = asyncio.create_task(shopper.say(calls, next(texts), due))
        posts.add(task)
        task.add_done_callback(posts.discard)
    await asyncio.gather(*posts)
    # A front that is behind loses nothing: what counts as lost is what does not come any more.
    while waiting := sum(s.waits for s in shoppers):
        for _ in range(PATIENCE):
            await asyncio.sleep(1)
            if sum(s.waits for s in shoppers) < waiting:
                break
        else:
            break
