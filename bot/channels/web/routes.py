"""The web channel's calls, as docs/web-channel.openapi.json states them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from bot.channels.limits import HOUR, OpenAtOnce, RateLimit, address
from bot.channels.visible import visible
from bot.conversations import attachments, pictures, ratings
from bot.conversations.attachments import Attachments
from bot.conversations.steps import UnknownAttachment, UnknownConversation, UnknownPayload
from bot.conversations.store import NotHers, Store, TooManyOwed, public
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.problems import Problem, responses
from bot.settings import Settings

from .bodies import (
    Accepted,
    History,
    MessageRequest,
    Rating,
    RatingRequest,
    Session,
    SessionRequest,
    Uploaded,
)
from .stream import EventStream
from .tokens import Key, customer_of, key_of, session_token
from .widget import router as widget_router

COOKIE = "guitai_chat"
STREAM_PATH = "/api/chat/stream"
LARGEST = 2**31 - 1  # what the database takes for a number
ATTACHMENTS_PATH = "/api/chat/attachments"
UPLOAD_SECONDS = 90
NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
NEVER_STORED = {"Cache-Control": "no-store", **NO_SNIFFING}
# Of one conversation, and of all that come from one address.
PICTURES_PER_HOUR = 20
ADDRESS_PICTURES_PER_HOUR = 300


_bearer = HTTPBearer(auto_error=False, scheme_name="SessionToken", description="The session's token.")
_cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="SessionCookie", description="The same, for the stream alone."
)


def create_router(store: Store, watcher: Watcher, turns: TurnRunner, settings: Settings) -> APIRouter:
    """The routes under ``/api/chat``, and the widget."""
    router = APIRouter(
        prefix="/api/chat",
        tags=["chat"],
        dependencies=[Depends(_never_stored)],
        responses=responses(401, 404, 422, 429),
    )
    kept = Attachments(store, settings.data_dir)
    sessions = RateLimit(settings.sessions_per_minute)
    messages = RateLimit(settings.messages_per_minute)
    addresses = RateLimit(settings.address_messages_per_minute)
    uploads = RateLimit(PICTURES_PER_HOUR, HOUR)
    streams = OpenAtOnce(settings.conversation_streams)
    address_streams = OpenAtOnce(settings.address_streams)
    address_uploads = RateLimit(ADDRESS_PICTURES_PER_HOUR, HOUR)

    def count(whose: str, request: Request) -> None:
        messages.count(whose)
        addresses.count(address(request))

    async def visits(request: Request) -> None:
        sessions.count(address(request))

    async def bearer(sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str | None:
        return sent.credentials if sent else None

    def signed(token: str | None) -> Key:
        if not token:
            raise Problem(401, "missing-token", "Begin a session and send its token as Bearer.")
        return key_of(settings.chat_keys, token)

    def presented(request: Request) -> Key:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return signed(token.strip() if scheme.lower() == "bearer" else None)

    def opened(token: str | None) -> Key:
        key = signed(token)
        if _conversation(store, key.conversation).customer_id != key.customer:
            raise _revoked()
        return key

    def conversation(token: Annotated[str | None, Depends(bearer)]) -> str:
        return opened(token).conversation

    def streamed(
        token: Annotated[str | None, Depends(bearer)], cookie: Annotated[str | None, Depends(_cookie)]
    ) -> Key:
        return opened(token or cookie)

    async def place(mine: Annotated[Key, Depends(streamed)], request: Request) -> AsyncIterator[None]:
        with streams.one(mine.conversation), address_streams.one(address(request)):
            yield

    @router.post(
        "/sessions", status_code=201, responses=responses(400, 408, 413), dependencies=[Depends(visits)]
    )
    def begin_session(
        body: SessionRequest,
        response: Response,
        token: Annotated[str | None, Depends(bearer)],
    ) -> Session:
        """Begin a conversation, or resume the one named, which must be the caller's."""
        customer = customer_of(settings.customer_keys, body.customer_token) if body.customer_token else None
        if body.conversation is None:
            who = (customer.id, customer.name, customer.level) if customer else (None, None, None)
            found = store.begin("web", *who)
        else:
            found = _conversation(store, body.conversation)
            if customer is None or found.customer_id != customer.id:
                # Only who holds its token may resume it without being its customer, or make it hers.
                if token is None or conversation(token) != found.id or (customer and found.customer_id):
                    raise _unknown()
                if customer:
                    store.bind_customer(found.id, customer.id, customer.name, customer.level)
                    found = store.conversation(found.id)
                    if found.customer_id != customer.id:  # another was faster
                        raise _unknown()
        if found.customer_id and not customer and token:
            # Only the shop's word prolongs what opens a customer's orders.
            key = token
        else:
            days, hours = settings.session_days, settings.customer_session_hours
            lasts = timedelta(hours=hours) if found.customer_id else timedelta(days=days)
            key = session_token(settings.chat_keys, Key(found.id, found.customer_id), lasts)
        response.set_cookie(
            COOKIE,
            key,
            max_age=settings.session_days * 86400,
            path=STREAM_PATH,
            httponly=True,
            samesite="strict",
            secure=settings.front.startswith("https:"),
        )
        return Session(conversation=found.id, token=key, seq=found.last_seq)

    @router.post(
        "/messages",
        status_code=202,
        response_model=Accepted,
        responses=responses(400, 408, 413),
        openapi_extra={
            "security": [{_bearer.scheme_name: []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": MessageRequest.model_json_schema()}},
            },
        },
    )
    async def send(request: Request) -> Response:
        """Accept a message: it is stored when this answers, and will be answered once."""
        # Token, body and answer by hand: FastAPI's way takes longer than all the rest together.
        mine = presented(request)
        body = await _message(request)
        count(mine.customer or mine.conversation, request)
        try:
            seq = await turns.receive(
                mine.conversation, body.client_id, body.text, body.payload, body.attachment, mine.customer
            )
        except UnknownConversation:
            raise _unknown() from None
        except NotHers:
            raise _revoked() from None
        except TooManyOwed:
            raise Problem(
                429, "too-many-requests", "Wait for the answers first.", {"Retry-After": "2"}
            ) from None
        except UnknownPayload:
            raise Problem(422, "unknown-payload", "Send the payload of a button that was offered.") from None
        except UnknownAttachment:
            detail = "Upload the picture in this conversation, at most a day before it is sent."
            raise Problem(422, "unknown-attachment", detail) from None
        return JSONResponse({"seq": seq}, 202, NEVER_STORED)

    @router.post(
        "/attachments",
        status_code=201,
        responses=responses(408, 413, 415),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def upload(request: Request, mine: Annotated[str, Depends(conversation)]) -> Uploaded:
        """Keep a picture, sent as the body: JPEG, PNG, WebP or GIF by its content, at most 10 MB.

        It is drawn anew without what else the file held, such as the place where it was taken.
        """
        uploads.count(mine)
        address_uploads.count(address(request))
        data = await _picture(request)
        try:
            return Uploaded(id=await asyncio.to_thread(kept.keep, mine, data))
        except UnknownConversation:
            raise _unknown() from None
        except pictures.UnknownFormat as error:
            raise Problem(415, "unknown-picture-format", str(error)) from None
        except pictures.Unreadable as error:
            raise Problem(422, "unreadable-picture", str(error)) from None

    @router.get(
        "/attachments/{id}",
        response_class=FileResponse,
        responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}},
    )
    def attachment(id: str, mine: Annotated[str, Depends(conversation)]) -> FileResponse:
        """A picture of this conversation."""
        match kept.find(id):
            case found, path if found.conversation_id == mine:
                return FileResponse(
                    path,
                    media_type=found.type,
                    headers=attachments.HEADERS,
                    filename=attachments.file_name(found),
                    content_disposition_type="inline",
                )
        raise Problem(404, "unknown-attachment", "There is no such picture in this conversation.")

    @router.get("/messages", response_model_exclude_unset=True)
    def history(
        mine: Annotated[str, Depends(conversation)],
        after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
    ) -> History:
        """Messages with ``seq > after``, oldest first."""
        return History.model_validate({"items": [public(m) for m in store.messages(mine, after, limit)]})

    async def changed(mine: str, request: Request, change: Callable[[str], None]) -> Accepted:
        count(mine, request)
        try:
            await asyncio.to_thread(change, mine)
        except UnknownConversation:
            raise _unknown() from None
        watcher.hint(mine)
        return Accepted(seq=(await asyncio.to_thread(store.conversation, mine)).last_seq)

    @router.post("/human", status_code=202, responses=responses(408, 413))
    async def human(request: Request, mine: Annotated[str, Depends(conversation)]) -> Accepted:
        """Ask for a person, as the button does."""
        return await changed(mine, request, store.ask_human)

    @router.post("/close", status_code=202, responses=responses(408, 413))
    async def close(request: Request, mine: Annotated[str, Depends(conversation)]) -> Accepted:
        """End the service; the next message goes on with it or begins a new one."""
        return await changed(mine, request, store.end)

    @router.post("/rating", responses=responses(400, 408, 409, 413))
    async def rate(
        body: RatingRequest, request: Request, mine: Annotated[str, Depends(conversation)]
    ) -> Rating:
        """Rate the service that ended last, within a week; it can be changed for a day."""
        count(mine, request)
        comment = visible(body.comment) if body.comment else None
        try:
            given = await asyncio.to_thread(ratings.rate, store, mine, body.score, comment)
        except UnknownConversation:
            raise _unknown() from None
        except ratings.NothingToRate:
            detail = "Rate within a week after a service has ended; change it within a day."
            raise Problem(409, "nothing-to-rate", detail) from None
        watcher.hint(mine)
        return Rating(**given)

    @router.get(
        "/stream",
        status_code=200,
        response_class=EventStream,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, **responses(409)},
        dependencies=[Depends(place)],
    )
    async def stream(
        mine: Annotated[Key, Depends(streamed)],
        after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
        last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST)] = None,
    ) -> EventStream:
        """Server-sent events: ``message`` with its seq as id, others (state, typing, rating) without."""
        cursor = after if last_event_id is None else last_event_id
        if cursor > (await asyncio.to_thread(_conversation, store, mine.conversation)).last_seq:
            # So it is where an older backup was restored.
            raise Problem(409, "ahead-of-log", "The conversation is not as long: resume its session.")
        return EventStream(store, watcher, mine, cursor)

    channel = APIRouter()
    channel.include_router(router)
    channel.include_router(widget_router)
    return channel


async def _picture(request: Request) -> bytes:
    """The body, read only as far as it is allowed to go."""
    too_large = Problem(413, "too-large", f"Send at most {pictures.LARGEST_BYTES} bytes.")
    if int(request.headers.get("content-length") or 0) > pictures.LARGEST_BYTES:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > pictures.LARGEST_BYTES:
                    raise too_large
    except (TimeoutError, ClientDisconnect):
        raise Problem(408, "incomplete-request", "The picture did not arrive: send it again.") from None
    return bytes(data)


async def _message(request: Request) -> MessageRequest:
    try:
        return MessageRequest.model_validate_json(await request.body())
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None


async def _never_stored(response: Response) -> None:
    response.headers.update(NEVER_STORED)


def _conversation(store: Store, conversation_id: str) -> Any:
    try:
        return store.conversation(conversation_id)
    except UnknownConversation:
        raise _unknown() from None


def _revoked() -> Problem:
    # Whoever began it may have kept a token; it is a customer's by now, with her orders.
    detail = "The conversation belongs to somebody who has signed in since; begin a session."
    return Problem(401, "revoked-token", detail)


def _unknown() -> Problem:
    return Problem(404, "unknown-conversation", "There is no such conversation; begin a new session.")
