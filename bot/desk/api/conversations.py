"""Calls that read conversations, and those that speak in them."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from actions.backend.contract import Customer, ShopError
from bot.conversations import attachments, guests, handoffs, notes, ownership, ratings
from bot.conversations.models import Conversation, Message
from bot.conversations.store import public
from bot.desk import customers
from bot.desk.shop_calls import ask
from bot.handoff import packet, replies
from bot.problems import Problem, responses
from bot.staff.sessions import Staff

from . import caller, requests
from .answers import conversations as answers
from .services import Services

PACKET_MESSAGES = 300  # read for the packet
RECENT = 30  # messages among which the shopper's last words are looked for


def shown(message: Message) -> dict[str, Any]:
    """The message as staff see it: with what the bot made of it."""
    own = message.client_id.removeprefix("/") if message.client_id else None
    more = {"client_id": own, "mood": message.mood, "understanding": message.understanding}
    return {**public(message), **{name: value for name, value in more.items() if value is not None}}


def _values(staff: Staff, conversation: Conversation) -> dict[str, str]:
    return {"agent": staff.display_name, "name": conversation.customer_name or ""}


def create_router(desk: Services) -> APIRouter:
    """``/conversations`` but for its moves, ``/search``, ``/replies`` and ``/attachments``."""
    router = APIRouter(tags=["conversations"])
    store = desk.store

    @router.get("/conversations")
    def listed(
        staff: caller.Agent,
        list: Literal["mine", "waiting", "held", "all"] = "mine",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> answers.Rows:
        """Lists follow what happens within a second.

        ``mine``, ``waiting`` in the order of service, ``held`` by anybody, ``all`` the latest changed.
        """
        board = desk.board.snapshot
        rows = {
            "mine": board.held.get(ownership.agent(staff.id), []),
            "waiting": board.waiting,
            "held": [row for rows in board.held.values() for row in rows],
            "all": board.latest,
        }[list]
        return answers.Rows(items=[answers.Row.model_validate(row) for row in rows[:limit]])

    @router.get("/search")
    def search(
        staff: caller.Agent,
        q: Annotated[str, Query(min_length=1, max_length=64)],
        limit: Annotated[int, Query(ge=1, le=100)] = 30,
    ) -> answers.FoundItems:
        """Conversations by id, customer, ticket number, or by words said lately."""
        found = store.search(q.replace("\0", ""), limit)
        desk.note(staff, "search", found=len(found))
        items = [
            {"conversation": each.conversation, "message": shown(each.message) if each.message else None}
            for each in found
        ]
        return answers.FoundItems.model_validate({"items": items}, from_attributes=True)

    @router.get("/conversations/{id}", responses=responses(404))
    def one(
        id: caller.ConversationId, staff: caller.Agent, language: Literal["zh", "en"] = "zh"
    ) -> answers.Conversation:
        """The conversation with its facts: hand-over, packet, state, who has joined."""
        conversation = desk.view(staff, id)
        log = store.messages(id, max(0, conversation.last_seq - PACKET_MESSAGES), PACKET_MESSAGES)
        active, services = handoffs.active(store, id), handoffs.of(store, id)
        told = packet.build(
            conversation,
            store.events(id),
            log,
            agent=staff.display_name,
            language=language,
            queue=services[-1].queue if services else None,
        )
        return answers.Conversation(
            conversation=answers.Facts.model_validate(conversation),
            state=answers.State.model_validate(store.state(id)),
            handoff=answers.Handoff.model_validate(active) if active else None,
            packet=asdict(told) if told else None,
            evidence=customers.evidence(log),
            guests=guests.of(store, id),
        )

    @router.get("/conversations/{id}/events", responses=responses(404))
    def events(id: caller.ConversationId, staff: caller.Agent) -> answers.Events:
        """The changes of ownership, oldest first."""
        desk.view(staff, id)
        return answers.Events(items=[answers.Event.model_validate(each) for each in store.events(id)])

    @router.get("/conversations/{id}/handoffs", responses=responses(404))
    def services(id: caller.ConversationId, staff: caller.Agent) -> list[answers.Handoff]:
        """The services by people, oldest first."""
        desk.view(staff, id)
        return [answers.Handoff.model_validate(each) for each in handoffs.of(store, id)]

    @router.get("/conversations/{id}/ratings", responses=responses(404))
    def rated(id: caller.ConversationId, staff: caller.Agent) -> answers.Ratings:
        """What the shopper thought of the services that have ended, oldest first."""
        desk.view(staff, id)
        found = [answers.Rating.model_validate(each) for each in ratings.given(store, id)]
        return answers.Ratings(items=found)

    @router.get("/conversations/{id}/messages", response_model_exclude_unset=True, responses=responses(404))
    def history(
        id: caller.ConversationId,
        staff: caller.Agent,
        after: Annotated[int, Query(ge=0, le=caller.LARGEST)] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
    ) -> answers.Messages:
        """Messages with ``seq > after``, oldest first."""
        desk.view(staff, id)
        found = [shown(message) for message in store.messages(id, after, limit)]
        return answers.Messages.model_validate({"items": found})

    @router.post("/conversations/{id}/messages", responses=responses(404, 409))
    async def say(id: caller.ConversationId, body: requests.SayRequest, staff: caller.Agent) -> answers.Said:
        """Say something to the shopper, in a conversation of one's own or as a guest."""

        def said() -> int:
            return store.say(id, staff.id, staff.display_name, body.text, body.client_id)

        seq = await asyncio.to_thread(said)
        desk.watcher.hint(id)
        return answers.Said(seq=seq)

    @router.get("/conversations/{id}/notes", responses=responses(404))
    def noted(id: caller.ConversationId, staff: caller.Agent) -> answers.Notes:
        """What staff have said to each other."""
        desk.view(staff, id)
        return answers.Notes(items=[answers.Note.model_validate(each) for each in notes.of(store, id)])

    @router.post("/conversations/{id}/notes", status_code=201, responses=responses(403, 404))
    async def add_note(
        id: caller.ConversationId, body: requests.NoteRequest, staff: caller.Agent
    ) -> answers.Note:
        """Leave a note; a whisper is a supervisor's."""
        if body.kind == "whisper" and not staff.may("supervisor"):
            raise Problem(403, "not-allowed", "Only supervisors whisper: leave a note.")
        note = await desk.act(
            staff,
            body.kind,
            id,
            lambda: notes.add(store, id, staff.id, staff.display_name, body.text, body.kind, body.client_id),
        )
        return answers.Note.model_validate(note)

    @router.get("/conversations/{id}/suggestions", responses=responses(404))
    def suggestions(
        id: caller.ConversationId,
        staff: caller.Agent,
        text: Annotated[str, Query(max_length=500)] = "",
    ) -> answers.Suggestions:
        """Replies that may fit ``text``, else the shopper's last words."""
        conversation = desk.view(staff, id)
        if not text:
            recent = store.messages(id, max(0, conversation.last_seq - RECENT), RECENT)
            text = next((m.text for m in reversed(recent) if m.sender == "shopper" and m.text), "")
        found = desk.suggestions.for_(text, channel=conversation.channel) if text.strip() else []
        items = [answers.Suggestion.model_validate(each) for each in found]
        for each in items:
            each.text = replies.fill(each.text, _values(staff, conversation))
        return answers.Suggestions(items=items)

    @router.get("/conversations/{id}/replies", responses=responses(404))
    async def filled(
        id: caller.ConversationId, staff: caller.Agent, q: Annotated[str, Query(max_length=100)] = ""
    ) -> answers.CannedReplies:
        """As ``/replies``, filled for this conversation; what is not known stays visible as 【订单号】."""
        conversation = await asyncio.to_thread(desk.view, staff, id)
        values = _values(staff, conversation)
        if conversation.customer_id:
            touched = await asyncio.to_thread(customers.touched, store, conversation)
            with suppress(ShopError):  # the agent writes what is missing
                her = Customer(conversation.customer_id)
                values |= await ask(customers.order_values, desk.shop, her, touched)
        items = [answers.Canned.model_validate(each) for each in replies.search(q)]
        for each in items:
            each.text = replies.fill(each.text, values)
        return answers.CannedReplies(items=items)

    @router.get("/replies")
    def canned(staff: caller.Agent, q: Annotated[str, Query(max_length=100)] = "") -> answers.CannedReplies:
        """Canned replies in which each word of ``q`` is found, best first."""
        found = replies.search(q)
        return answers.CannedReplies(items=[answers.Canned.model_validate(each) for each in found])

    @router.get(
        "/attachments/{id}",
        response_class=FileResponse,
        responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}, **responses(404)},
    )
    def attachment(id: str, staff: caller.Agent) -> FileResponse:
        """A picture that a message shows."""
        found = desk.pictures.find(id)
        if found is None:
            raise Problem(404, "unknown-attachment", "There is no such picture.")
        picture, path = found
        desk.note(staff, "view_attachment", conversation=picture.conversation_id)
        return FileResponse(
            path,
            media_type=picture.type,
            headers=attachments.HEADERS,
            filename=attachments.file_name(picture),
            content_disposition_type="inline",
        )

    return router
