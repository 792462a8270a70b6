"""The engine contract over HTTP: one message in, one answer out."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

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
        self._url, self._secret, self._seconds = url, secret, seconds
        self._opened: aiohttp.ClientSession | None = None

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
            data = await self._call("POST", "/webhooks/conversation/webhook", body)
            replies = [
                Reply(r.get("text"), r.get("buttons") or (), r.get("card"), r.get("cards") or ())
                for r in data["replies"]
            ]
            return Answer(replies, data["understanding"], data.get("handoff"), data.get("model"))
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def forget(self, conversation_id: str) -> None:
        """The engine keeps nothing of the conversation any more. Raises EngineFailed."""
        try:
            await self._call("DELETE", f"/webhooks/conversation/memory/{conversation_id}")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._opened:
            await self._opened.close()

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with asyncio.timeout(self._seconds):
            try:
                return await self._ask(method, path, body)
            except aiohttp.ServerDisconnectedError:
                # The engine ended a connection that lay idle; every call may be asked again.
                return await self._ask(method, path, body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        async with self._http.request(method, self._url + path, json=body, allow_redirects=False) as response:
            response.raise_for_status()
            content = await response.read()
            return json.loads(content) if content else None

    @property
    def _http(self) -> aiohttp.ClientSession:
        """Made when it is first needed, as it belongs to the running event loop. No proxy gets the secret."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._secret}"},
                timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=1.0),
                connector=aiohttp.TCPConnector(limit=64),
            )
        return self._opened
