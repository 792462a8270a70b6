"""The engine contract over HTTP: one message in, one answer out."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from .steps import Reply
from .store import ClaimedTurn


class EngineFailed(Exception):
    """The engine gave no answer within the time; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What the engine makes of one message."""

    replies: list[Reply]
    understanding: dict[str, Any] = field(default_factory=dict)
    handoff: dict[str, Any] | None = None
    model: str | None = None


def said(turn: ClaimedTurn) -> dict[str, Any]:
    """The turn's message in the words of the contract; a picture by itself is one more thing told."""
    if turn.payload:
        return {"payload": turn.payload}
    if turn.attachment and not turn.text:
        return {"payload": f"/inform{json.dumps({'attachment': turn.attachment})}"}
    return {"text": turn.text}


def context(turn: ClaimedTurn) -> dict[str, Any]:
    """What the actions shall know besides the message."""
    told: dict[str, Any] = {}
    if turn.attachment and turn.text:
        told["attachments"] = [turn.attachment]
    if turn.service:
        told["service"] = turn.service
    if turn.anew:
        told["anew"] = True
    if turn.settled:
        told["settled"] = turn.settled
    return told


class EngineClient:
    """Calls the engine at ``url`` with the secret of our processes; every call ends within ``seconds``."""

    def __init__(self, url: str, secret: str, seconds: float) -> None:
        self._seconds = seconds
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=httpx.Timeout(seconds, connect=1.0),
            limits=httpx.Limits(max_connections=64),
            # No proxy of the environment gets the secret.
            trust_env=False,
        )

    async def answer(self, turn: ClaimedTurn) -> Answer:
        """The engine's answer to the turn's message; asking again gives the same answer.

        Raises:
            EngineFailed: no connection, no time left, an error status or an answer that is none.
        """
        body = {
            "conversation": turn.conversation_id,
            "message_id": turn.message_id,
            "channel": turn.channel,
            "customer": turn.customer,
            "context": context(turn),
            **said(turn),
        }
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._http.post("/webhooks/conversation/webhook", json=body)
            response.raise_for_status()
            data = response.json()
            replies = [
                Reply(r.get("text"), r.get("buttons") or (), r.get("card"), r.get("cards") or ())
                for r in data["replies"]
            ]
            return Answer(replies, data["understanding"], data.get("handoff"), data.get("model"))
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def forget(self, conversation_id: str) -> None:
        """The engine keeps nothing of the conversation any more. Raises EngineFailed."""
        try:
            async with asyncio.timeout(self._seconds):
                path = f"/webhooks/conversation/memory/{conversation_id}"
                (await self._http.delete(path)).raise_for_status()
        except (httpx.HTTPError, TimeoutError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        await self._http.aclose()
