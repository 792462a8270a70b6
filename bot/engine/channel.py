"""The engine contract: the one way a message enters Rasa.

``POST /webhooks/conversation/webhook``, ``GET`` and ``DELETE /webhooks/conversation/memory/{conversation}``
and ``GET /webhooks/conversation/ready``, private, on loopback. All but the last take the secret of our
processes as ``Authorization: Bearer``.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.domain import Domain
from sanic import Blueprint, Sanic
from sanic.exceptions import PayloadTooLarge
from sanic.request import Request
from sanic.response import HTTPResponse, empty
from sanic.response import json as json_response

from bot.deeds import deeds
from bot.engine.payloads import BadPayload, read_payload
from bot.engine.stock_stores import take_over
from bot.engine.tracker_store import Conflict
from bot.engine.turns import ActionFailed, EmptyAnswer, Nowhere, TurnProcessor

logger = logging.getLogger(__name__)

_MAX_BODY = 64 * 1024
_MAX_TEXT = 2000
_MAX_ID = 128
# So many turns of a conversation are told of.
_REMEMBERED = 60


class Refused(Exception):
    """A request that cannot be served as it is; ``detail`` says what to do."""

    def __init__(self, status: int, slug: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.slug, self.title, self.detail = status, slug, title, detail


class ConversationChannel(InputChannel):
    """Rasa's input channel for the engine contract."""

    def __init__(self, turn_seconds: float, secret: str) -> None:
        """Give a turn ``turn_seconds``; then it is given up and nothing of it is stored."""
        self._turn_seconds = turn_seconds
        self._authorization = f"Bearer {secret}".encode()
        self._processor: TurnProcessor | None = None
        self._warming = asyncio.Lock()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    def name(cls) -> str:
        return "conversation"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> ConversationChannel:
        given = credentials or {}
        return cls(float(given["turn_seconds"]), str(given["secret"]))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("conversation", "conversation")

        @routes.listener("after_server_start")
        async def warm_up(app: Sanic, _: Any) -> None:
            self._keep(asyncio.create_task(self._warm(app)))

        @routes.get("/ready")
        async def ready(request: Request) -> HTTPResponse:
            # The model name once one turn was answered; a warm-up that failed is tried again.
            processor = self._processor or await self._warm(request.app)
            if not processor:
                return _problem(_not_ready())
            return json_response({"model": processor.model})

        @routes.post("/webhook", stream=True)  # so that a stranger's body is never read
        async def webhook(request: Request) -> HTTPResponse:
            try:
                self._authorize(request)
                if not self._processor:
                    raise _not_ready()
                message = read_message(await _body(request), self._processor.domain, self._processor.model)
                # Shielded: a turn goes on to its end even where the caller hangs up.
                turn = self._keep(asyncio.create_task(self._turn(self._processor, message)))
                return json_response(await asyncio.shield(turn))
            except Refused as refused:
                return _problem(refused)
            except ActionFailed as failed:
                logger.error("action failed: %s", failed)
                return _problem(
                    Refused(502, "action-failed", "An action failed", "Look at the log of the action server.")
                )
            except Conflict as conflict:
                return _problem(Refused(409, "conflict", "Answered elsewhere", str(conflict)))
            except EmptyAnswer as empty:
                logger.error("no answer after action %s", empty)
                return _problem(
                    Refused(502, "empty-answer", "No answer", "Add a rule or story for this turn and train.")
                )
            except Exception:
                logger.exception("turn failed")
                return _problem(Refused(500, "internal-error", "Turn failed", "Look at the engine's log."))

        @routes.get("/memory/<conversation:str>")
        async def remember(request: Request, conversation: str) -> HTTPResponse:
            # What the bot did in each turn: no word of anybody, and no value of a slot.
            try:
                self._authorize(request)
                if not self._processor:
                    raise _not_ready()
                turns = await self._processor.tracker_store.last_turns(conversation, _REMEMBERED)
                done = [{"message_id": id, "events": deeds(events)} for id, events in turns]
                return json_response({"turns": done})
            except Refused as refused:
                return _problem(refused)
            except Exception:
                logger.exception("a conversation was not remembered")
                return _problem(Refused(500, "internal-error", "Not read", "Look at the engine's log."))

        @routes.delete("/memory/<conversation:str>")
        async def forget(request: Request, conversation: str) -> HTTPResponse:
            try:
                self._authorize(request)
                if not self._processor:
                    raise _not_ready()
                await asyncio.shield(
                    self._keep(asyncio.create_task(self._forget(self._processor, conversation)))
                )
                return empty()
            except Refused as refused:
                return _problem(refused)
            except Exception:
                logger.exception("a conversation was not forgotten")
                return _problem(Refused(500, "internal-error", "Not forgotten", "Look at the engine's log."))

        return routes

    def _authorize(self, request: Request) -> None:
        sent = request.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), self._authorization):
            raise Refused(
                401, "invalid-secret", "Unauthorized", "Send the secret as 'Authorization: Bearer …'."
            )

    def _keep(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        """Hold a running task, as the event loop does not."""
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _warm(self, app: Sanic) -> TurnProcessor | None:
        loaded = app.ctx.agent.processor
        # Whoever asks meanwhile waits for the same warm-up.
        async with self._warming:
            if self._processor or not loaded:
                return self._processor
            try:
                processor = TurnProcessor(loaded)
                await take_over(processor.tracker_store)
                await processor.warm()
            except Exception:
                logger.exception("warm-up failed")
                return None
            self._processor = processor
            return processor

    async def _turn(self, processor: TurnProcessor, message: UserMessage) -> dict[str, Any]:
        # One message sent twice at once must act once; Rasa's own lock polls each second.
        lock = self._locks.setdefault(message.sender_id, asyncio.Lock())
        async with lock:
            try:
                return await asyncio.wait_for(processor.answer(message), self._turn_seconds)
            except asyncio.TimeoutError as error:
                raise ActionFailed(f"no answer within {self._turn_seconds:g} s") from error

    async def _forget(self, processor: TurnProcessor, conversation: str) -> None:
        # After the turn that is under way, which would bring the conversation back.
        async with self._locks.setdefault(conversation, asyncio.Lock()):
            await processor.tracker_store.forget(conversation)


def read_message(body: bytes, domain: Domain, model: str) -> UserMessage:
    """Make Rasa's message of a request body.

    Raises:
        Refused: the body breaks the contract.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise _invalid("Send one JSON object in UTF-8.") from None
    if not isinstance(data, dict):
        raise _invalid("Send one JSON object.")
    conversation = _identifier(data, "conversation")
    message_id = _identifier(data, "message_id")
    channel = _identifier(data, "channel")
    customer, context = data.get("customer"), data.get("context")
    if customer is not None and not (isinstance(customer, dict) and isinstance(customer.get("id"), str)):
        raise _invalid("`customer` must be null or an object with the string `id`.")
    if context is not None and not isinstance(context, dict):
        raise _invalid("`context` must be null or an object.")

    text, payload = data.get("text"), data.get("payload")
    parsed = None
    if isinstance(text, str) and payload is None:
        if not text.strip() or len(text) > _MAX_TEXT:
            raise _invalid(f"`text` must have 1 to {_MAX_TEXT} characters.")
        said = as_typed(text)
    elif isinstance(payload, str) and text is None:
        try:
            parsed = read_payload(payload, domain)
        except BadPayload as bad:
            raise Refused(400, "invalid-payload", "Invalid payload", str(bad)) from None
        said = payload
    else:
        raise _invalid("Give either `text` or `payload`, a string.")
    return UserMessage(
        said,
        output_channel=Nowhere(channel),
        sender_id=conversation,
        parse_data=parsed,
        input_channel=channel,
        message_id=message_id,
        metadata={
            "message_id": message_id,
            "customer": customer,
            "channel": channel,
            "context": context,
            "model": model,
        },
    )


def as_typed(text: str) -> str:
    """Return ``text`` so that Rasa takes it for nothing but text.

    Rasa reads a leading slash as an intent at confidence 1.0 (``/restart``). A half surrogate, which
    JSON can carry, could be neither stored nor sent on.
    """
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    return "／" + text[1:] if text.startswith("/") else text


async def _body(request: Request) -> bytes:
    request.stream.request_max_size = _MAX_BODY
    try:
        await request.receive_body()
    except PayloadTooLarge:
        raise Refused(413, "too-large", "Body too large", f"Send at most {_MAX_BODY // 1024} KB.") from None
    return bytes(request.body)


def _identifier(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_ID or not value.isprintable():
        raise _invalid(f"`{key}` must be a string of 1 to {_MAX_ID} printable characters.")
    return value


def _invalid(detail: str) -> Refused:
    return Refused(400, "invalid-request", "Invalid request", detail)


def _not_ready() -> Refused:
    return Refused(
        503, "not-ready", "Not ready", "Try again in a second; if it lasts, look at the engine's log."
    )


def _problem(refused: Refused) -> HTTPResponse:
    return json_response(
        {"type": refused.slug, "title": refused.title, "status": refused.status, "detail": refused.detail},
        status=refused.status,
        content_type="application/problem+json",
    )
