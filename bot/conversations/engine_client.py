"""The engine contract over HTTP, with one engine: one message in, one answer out."""

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from .steps import Reply
from .store import ClaimedTurn


class EngineFailed(Exception):
    """The engine gave no answer within the time; the text says why."""


class EngineGone(EngineFailed):
    """There is no engine, or none that is ready; ``midway``: it may have begun and ended over the call."""

    def __init__(self, why: str, midway: bool = False) -> None:
        super().__init__(why)
        self.midway = midway


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
    if turn.tickets:
        told["tickets"] = turn.tickets
    return told


class EngineClient:
    """Calls the engine at ``url`` with the secret of our processes; every call ends within ``seconds``."""

    def __init__(self, url: str, secret: str, seconds: float) -> None:
        self.url, self._secret, self._seconds = url, secret, seconds
        self._opened: aiohttp.ClientSession | None = None

    async def answer(self, turn: ClaimedTurn) -> Answer:
        """The engine's answer to the turn's message; asking again gives the same answer.

        Raises:
            EngineGone: no connection, a connection that broke, or an engine that is not ready;
            EngineFailed: no time left, an error status or an answer that is none.
        """
        body = {
            "conversation": turn.conversation_id,
            "message_id": turn.message_id,
            "channel": turn.channel,
            "customer": turn.customer,
            "context": context(turn),
            **said(turn),
        }
        data = await self._call("POST", "/webhooks/conversation/webhook", body)
        try:
            replies = [
                Reply(r.get("text"), r.get("buttons") or (), r.get("card"), r.get("cards") or ())
                for r in data["replies"]
            ]
            return Answer(replies, data["understanding"], data.get("handoff"), data.get("model"))
        except (KeyError, TypeError, AttributeError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def remembered(self, conversation_id: str) -> dict[str, list[dict[str, Any]]]:
        """What the bot did in the conversation's last turns, by the message's id (bot/deeds.py).

        Raises as ``answer``.
        """
        data = await self._call("GET", f"/webhooks/conversation/memory/{conversation_id}")
        try:
            return {str(turn["message_id"]): list(turn["events"]) for turn in data["turns"]}
        except (KeyError, TypeError) as error:
            raise EngineFailed(f"{type(error).__name__}: {error}") from error

    async def forget(self, conversation_id: str) -> None:
        """The engine keeps nothing of the conversation any more. Raises as ``answer``."""
        await self._call("DELETE", f"/webhooks/conversation/memory/{conversation_id}")

    async def ready(self) -> None:
        """Only returns where the engine would answer. Raises as ``answer``."""
        await self._call("GET", "/webhooks/conversation/ready")

    async def close(self) -> None:
        if self._opened:
            await self._opened.close()

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        midway = False
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    return await self._ask(method, path, body)
                except aiohttp.ServerDisconnectedError:
                    midway = True
                except aiohttp.ClientResponseError as error:
                    if error.status != HTTPStatus.CONFLICT:
                        raise
                # The engine ended a connection that lay idle, or another engine has answered meanwhile: every
                # call may be asked again.
                return await self._ask(method, path, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise EngineGone(_named(error), midway) from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise EngineGone(_named(error), midway=True) from error
        except aiohttp.ClientResponseError as error:
            if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                raise EngineGone(_named(error), midway) from error
            raise EngineFailed(_named(error)) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EngineFailed(_named(error)) from error

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        async with self._http.request(method, self.url + path, json=body, allow_redirects=False) as response:
            response.raise_for_status()
            content = await response.read()
            return json.loads(content) if content else None

    @property
    def _http(self) -> aiohttp.ClientSession:
        """Made when it is first needed, as it belongs to the running event loop. No proxy gets the secret."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._secret}"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=1.0),
                connector=aiohttp.TCPConnector(limit=64),
            )
        return self._opened


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
