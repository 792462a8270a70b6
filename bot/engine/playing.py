"""Whole dialogues played with a model: real reading, real policies, the real action server and shop.

What the service does around the engine (the queue, its notices, tickets, trouble of the shop) is not played:
bot/comparing.py leaves such dialogues out.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

from bot.dialogues.expected import differences, unlike
from bot.engine.channel import Refused, read_message
from bot.engine.evaluation.readings import OUT_OF_SCOPE
from bot.engine.nlu.faq import FAQ
from bot.engine.tracker_store import Conflict
from bot.engine.turns import ActionFailed, EmptyAnswer, TurnProcessor

AT_ONCE = 4
# As a turn in credentials.yml, with patience for a machine that does other work.
TURN_SECONDS = 15.0
PICTURE = "0" * 32
SHOP_TOKEN_SECONDS = 30

Played = dict[str, Any]
"""``id``, ``passed``, ``readings`` (``turn``, ``text``, and what ``read_as`` tells), and where it failed
``turn`` (None: the books), ``wrong`` and ``transcript``."""


@dataclass
class Shop:
    """The sample shop, asked what its books hold."""

    url: str
    secret: str

    async def ask(self, http: aiohttp.ClientSession, path: str, customer: str) -> Any:
        claims = {"sub": customer, "aud": "shop", "exp": int(time.time()) + SHOP_TOKEN_SECONDS}
        headers = {
            "Authorization": f"Bearer {self.secret}",
            "Acting-Customer": jwt.encode(claims, self.secret, "HS256"),
        }
        async with http.get(self.url + path, headers=headers) as response:
            response.raise_for_status()
            return await response.json()


async def play_all(
    processor: TurnProcessor,
    dialogues: Sequence[Mapping[str, Any]],
    shop: Shop,
    say: Callable[[], None],
) -> list[Played]:
    """Play the dialogues, a few at once; ``say`` is called after each."""
    room = asyncio.Semaphore(AT_ONCE)

    async def play(dialogue: Mapping[str, Any]) -> Played:
        async with room:
            played = await _Stage(processor, dialogue, shop, http).play()
        say()
        return played

    try:
        async with aiohttp.ClientSession() as http:
            return list(await asyncio.gather(*map(play, dialogues)))
    finally:
        await processor.action_endpoint.close()


@dataclass
class _Stage:
    """One dialogue while it is played."""

    processor: TurnProcessor
    dialogue: Mapping[str, Any]
    shop: Shop
    http: aiohttp.ClientSession
    buttons: list[dict[str, str]] = field(default_factory=list)
    transcript: list[tuple[str, str]] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)

    async def play(self) -> Played:
        for number, turn in enumerate(self.dialogue["turns"], start=1):
            if wrong := await self._take(number, turn):
                return self._failed(number, wrong)
        if wrong := await self._recorded():
            return self._failed(None, wrong)
        return {"id": self.dialogue["id"], "passed": True, "readings": self.readings}

    def _failed(self, turn: int | None, wrong: list[str]) -> Played:
        return {
            "id": self.dialogue["id"],
            "passed": False,
            "readings": self.readings,
            "turn": turn,
            "wrong": wrong,
            "transcript": self.transcript,
        }

    async def _take(self, number: int, turn: Mapping[str, Any]) -> list[str]:
        said: dict[str, Any] = {"text": turn["say"]}
        context: dict[str, Any] = {}
        if turn["tap"]:
            button = next((b for b in reversed(self.buttons) if turn["tap"] in b["title"]), None)
            if not button:
                return [f"tap: no button offers {turn['tap']!r}"]
            said = {"payload": button["payload"]}
        elif turn["photo"] and turn["say"]:
            context["attachments"] = [PICTURE]
        elif turn["photo"]:
            said = {"payload": f"/inform{json.dumps({'attachment': PICTURE})}"}
        shown = turn["say"] or turn["tap"] or ""
        self.transcript.append(("shopper", f"{shown}{' <picture>' if turn['photo'] else ''}"))
        try:
            answer = await self._answer(number, said, context)
        except (ActionFailed, EmptyAnswer, Conflict, Refused, asyncio.TimeoutError) as error:
            return [f"the turn failed: {type(error).__name__} {error}"]
        if "text" in said and turn["say"]:
            read = read_as(answer["understanding"])
            self.readings.append({"turn": number, "text": turn["say"], **read})
        return self._compared(turn, answer)

    async def _answer(self, number: int, said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        conversation = self.dialogue["conversation"]
        body = {
            "conversation": conversation,
            "message_id": f"{conversation}-{number}",
            "channel": "web",
            "customer": self.dialogue["customer"],
            "context": context,
            **said,
        }
        message = read_message(
            json.dumps(body).encode("utf-8", "replace"), self.processor.domain, self.processor.model
        )
        answer = await asyncio.wait_for(self.processor.answer(message), TURN_SECONDS)
        for reply in answer["replies"]:
            self.buttons += reply.get("buttons", [])
            shown = [f"[{each['title']}]" for each in reply.get("buttons", [])]
            shown += [f"<{card['kind']}>" for card in _cards(reply)]
            line = " ".join([(reply.get("text") or "").replace("\n", " / "), *shown])
            self.transcript.append(("bot", line))
        return answer

    def _compared(self, turn: Mapping[str, Any], answer: dict[str, Any]) -> list[str]:
        replies = answer["replies"]
        handoff = (answer.get("handoff") or {}).get("reason")
        if handoff:
            self.transcript.append(("bot", f"<handoff {handoff}>"))
        wrong = differences(
            turn,
            "\n".join(reply.get("text") or "" for reply in replies),
            [button["title"] for reply in replies for button in reply.get("buttons", [])],
            [card for reply in replies for card in _cards(reply)],
        )
        if turn["handoff"] != handoff:
            wrong.append(f"handoff: {turn['handoff'] or 'none'} expected, there was {handoff or 'none'}")
        return wrong

    async def _recorded(self) -> list[str]:
        """What the shop's books hold otherwise than written."""
        records, customer = self.dialogue["records"], self.dialogue["acting"]
        wrong = []
        try:
            for number, wanted in records["orders"].items():
                order = await self.shop.ask(self.http, f"/v1/orders/{number}", customer)
                wrong += [f"order {number}: {one}" for one in unlike(wanted, order)]
            for kind in ("returns", "refunds"):
                if records[kind] is not None:
                    found = await self.shop.ask(self.http, f"/v1/{kind}", customer)
                    wrong += [f"{kind}: {one}" for one in unlike(records[kind], found["items"])]
        except aiohttp.ClientError as error:
            wrong.append(f"the shop could not be asked: {type(error).__name__} {error}")
        return wrong


def read_as(understanding: Mapping[str, Any]) -> dict[str, Any]:
    """How a turn was read, of an answer's ``understanding``; as bot/engine/compare.py tells an outcome."""
    intent = understanding["intent"]
    kind = {UNSURE: "ask", OUT_OF_SCOPE: "decline"}.get(intent, "answer")
    best = next(iter(understanding["ranking"]), understanding) if kind == "ask" else understanding
    reading = best.get("name", intent)
    if reading == FAQ and "faq" in understanding:
        reading = f"{FAQ}/{understanding['faq']['topic']}"
    return {"kind": kind, "reading": reading, "confidence": best["confidence"]}


def _cards(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [reply["card"]] if reply.get("card") else list(reply.get("cards") or ())
