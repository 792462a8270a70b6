"""Shoppers as a browser would be them: they post again until they are told, and follow the stream from their
cursor. What each was told is kept, to be held against the log afterwards."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.conversations import notices

Message = dict[str, Any]

WORDS = [
    "你好",
    "在吗",
    "多少钱包邮",
    "发什么快递",
    "谢谢",
    "怎么开发票",
    "退货运费谁出",
    "嗯嗯好的",
    "能便宜点吗",
]
HUMAN = "转人工"
# What a shopper does next, and how often.
HABITS = {"patient": 50, "hasty": 22, "twice": 12, "disorder": 8, "human": 3, "leave": 5}
GIVES_UP = 150.0  # seconds of posting one message again and again
ANSWERED_WITHIN = 25.0  # a lease that runs out and a turn that takes all its time, and some more


@dataclass
class Sent:
    """One message of a shopper, and what she was told of it."""

    client_id: str
    body: dict[str, Any]
    seqs: set[int] = field(default_factory=set)


class Shopper:
    """One conversation in one or two tabs."""

    def __init__(self, http: httpx.AsyncClient, customer_token: str | None, chance: random.Random) -> None:
        self._http = http
        self._customer_token = customer_token
        self.chance = chance
        self.conversation = ""
        self.sent: list[Sent] = []
        self.tabs: list[list[Message]] = []
        self.refused: Counter[int] = Counter()
        """Answers that did not take a post, by status; those that were no proper problem are ``unclean``."""
        self.unclean: list[str] = []
        self._headers: dict[str, str] = {}
        self._count = 0

    async def begin(self) -> None:
        """Begin the conversation; repeated until it stands."""
        while True:
            with suppress(httpx.HTTPError):
                answer = await self._http.post(
                    "/api/chat/sessions", json={"customer_token": self._customer_token}
                )
                if answer.status_code == 201:
                    session = answer.json()
                    self.conversation = session["conversation"]
                    self._headers = {"Authorization": f"Bearer {session['token']}"}
                    return
            await asyncio.sleep(0.2)

    # -- posting --------------------------------------------------------------------------------------

    async def say(self, text: str | None = None, payload: str | None = None, copies: int = 1) -> Sent:
        """Send one message, in so many copies at once, each posted again until its fate is known."""
        sent = self._made({"text": text} if payload is None else {"payload": payload})
        await asyncio.gather(*(self._post(sent) for _ in range(copies)))
        return sent

    async def say_in_disorder(self, *texts: str) -> None:
        """Send several messages at once, the later ones first."""
        made = [self._made({"text": text}) for text in texts]
        await asyncio.gather(*(self._post(sent) for sent in reversed(made)))

    async def ask_human(self) -> None:
        """Press the button that asks for a person; once, whatever comes of it."""
        with suppress(httpx.HTTPError):
            await self._http.post("/api/chat/human", headers=self._headers)

    def _made(self, body: dict[str, Any]) -> Sent:
        self._count += 1
        sent = Sent(f"{self.conversation[:8]}-{self._count}", body)
        self.sent.append(sent)
        return sent

    async def _post(self, sent: Sent) -> None:
        deadline = time.monotonic() + GIVES_UP
        while time.monotonic() < deadline:
            pause = self.chance.uniform(0.05, 0.6)
            with suppress(httpx.TransportError):
                answer = await self._http.post(
                    "/api/chat/messages",
                    json={"client_id": sent.client_id, **sent.body},
                    headers=self._headers,
                )
                if answer.status_code == 202:
                    sent.seqs.add(answer.json()["seq"])
                    return
                self.refused[answer.status_code] += 1
                if not answer.headers.get("content-type", "").startswith("application/problem+json"):
                    self.unclean.append(f"{answer.status_code} {answer.text[:80]!r}")
                if answer.status_code < 500 and answer.status_code != 429:
                    return
                pause = float(answer.headers.get("retry-after", pause))
            await asyncio.sleep(pause)

    # -- reading --------------------------------------------------------------------------------------

    def follow(self) -> Coroutine[None, None, None]:
        """One more tab; what it awaits reads the stream for ever, each time from where it broke off."""
        self.tabs.append([])
        return self._read(self.tabs[-1])

    async def _read(self, seen: list[Message]) -> None:
        cursor = 0
        while True:
            with suppress(httpx.HTTPError):
                # A browser reconnects with the header, a page loaded anew with the parameter.
                resume: dict[str, Any] = self.chance.choice(
                    [{"headers": {"Last-Event-ID": str(cursor)}}, {"params": {"after": cursor}}]
                )
                headers = {**self._headers, **resume.pop("headers", {})}
                async with self._http.stream(
                    "GET", "/api/chat/stream", headers=headers, **resume
                ) as response:
                    event, id = "", ""
                    async for line in response.aiter_lines():
                        name, _, value = line.partition(":")
                        if name == "event":
                            event = value.strip()
                        elif name == "id":
                            id = value.strip()
                        elif name == "data" and event == "message" and line.endswith("}"):
                            with suppress(ValueError):  # cut in the middle: it comes again
                                seen.append(json.loads(value))
                                cursor = int(id)
            await asyncio.sleep(self.chance.uniform(0.02, 0.4))

    async def answer_to(self, sent: Sent, seconds: float = ANSWERED_WITHIN) -> list[Message]:
        """What others said behind the message, as soon as there is something; empty after ``seconds``."""
        deadline = time.monotonic() + seconds
        while sent.seqs and time.monotonic() < deadline:
            last = min(sent.seqs)
            await asyncio.sleep(0.1)
            if any(m["seq"] > last and m["from"] != "shopper" for m in self.tabs[0]):
                await asyncio.sleep(0.1)  # an answer may be several messages
                return [m for m in self.tabs[0] if m["seq"] > last and m["from"] != "shopper"]
        return []

    def offered(self, payload: str) -> bool:
        """Whether one of the last messages has this button."""
        return any(
            button["payload"] == payload for m in self.tabs[0][-10:] for button in m.get("buttons", ())
        )


async def chat(shopper: Shopper, goes_on: Callable[[], bool], pause: float) -> None:
    """Say this and that while ``goes_on()``: patiently, in bursts, twice at once, in disorder, to a human."""
    chance = shopper.chance
    while goes_on():
        words = chance.choice(WORDS)
        match chance.choices(list(HABITS), list(HABITS.values()))[0]:
            case "patient":
                await shopper.answer_to(await shopper.say(words))
            case "hasty":
                for text in chance.sample(WORDS, 3):
                    await shopper.say(text)
            case "twice":
                await shopper.answer_to(await shopper.say(words, copies=2))
            case "disorder":
                await shopper.say_in_disorder(*chance.sample(WORDS, 2))
            case "human" if chance.random() < 0.5:
                await shopper.ask_human()
            case "human":
                await shopper.answer_to(await shopper.say(HUMAN))
            case "leave" if shopper.offered(notices.LEAVE_QUEUE):
                await shopper.say(payload=notices.LEAVE_QUEUE, copies=2)
        await asyncio.sleep(chance.uniform(0, 2 * pause))
