"""Calls that change who serves a conversation."""

from collections.abc import Callable, Collection
from functools import partial

from fastapi import APIRouter

from bot.conversations import guests, ownership
from bot.handoff import agents, desk_rules, queue
from bot.problems import Problem, responses
from bot.staff.sessions import Staff

from . import caller, requests
from .answers import conversations as answers
from .services import Services


def create_router(desk: Services) -> APIRouter:
    """``/conversations/{id}/…``; each call gives the conversation as it is then."""
    router = APIRouter(prefix="/conversations/{id}", tags=["moves"], responses=responses(404, 409))
    store = desk.store

    async def moved(staff: Staff, action: str, id: str, do: Callable[[], None]) -> answers.Facts:
        def done() -> answers.Facts:
            do()
            return answers.Facts.model_validate(store.conversation(id))

        return await desk.act(staff, action, id, done)

    @router.post("/take")
    async def take(id: caller.ConversationId, staff: caller.Agent) -> answers.Facts:
        """Take it: of two at once one gets it, and to take it again changes nothing.

        From the queue or the bot, or to come back to a shopper whose conversation was closed.
        """

        def claim() -> None:
            try:
                queue.claim(store, id, staff.id, staff.display_name)
            except ownership.IllegalMove:
                if store.conversation(id).owner != ownership.agent(staff.id):
                    raise

        return await moved(staff, "take", id, claim)

    @router.post("/assign")
    async def assign(
        id: caller.ConversationId, body: requests.ToRequest, staff: caller.Supervisor
    ) -> answers.Facts:
        """Give what waits, or is another agent's, to somebody; to oneself is to take over. Supervisors."""

        def give() -> None:
            if body.to == staff.id:
                store.assign(id, staff.id, staff.id, staff.display_name, body.note)
                agents.be_there(store, staff.id, staff.display_name)
            else:
                colleague = desk.colleague(body.to)
                store.assign(id, staff.id, colleague.id, colleague.name, body.note)

        return await moved(staff, "assign", id, give)

    @router.post("/transfer")
    async def transfer(
        id: caller.ConversationId, body: requests.ToRequest, staff: caller.Agent
    ) -> answers.Facts:
        """Give one's own to a colleague."""

        def give() -> None:
            if body.to == staff.id:
                raise ownership.IllegalMove("It is hers already")
            colleague = desk.colleague(body.to)
            store.transfer(id, staff.id, colleague.id, colleague.name, body.note)

        return await moved(staff, "transfer", id, give)

    @router.post("/requeue")
    async def requeue(
        id: caller.ConversationId, body: requests.QueueRequest, staff: caller.Agent
    ) -> answers.Facts:
        """Put one's own back into its queue or another."""
        _known("queue", [body.queue], desk_rules.queues())
        return await moved(staff, "requeue", id, partial(store.requeue, id, staff.id, body.note, body.queue))

    @router.post("/put-back")
    async def put_back(
        id: caller.ConversationId, body: requests.QueueRequest, staff: caller.Supervisor
    ) -> answers.Facts:
        """Put anybody's back into its queue or another. Supervisors."""
        _known("queue", [body.queue], desk_rules.queues())
        return await moved(
            staff, "put_back", id, partial(store.put_back, id, staff.id, body.note, body.queue)
        )

    @router.post("/guests")
    async def invite(
        id: caller.ConversationId, body: requests.InviteRequest, staff: caller.Agent
    ) -> answers.Facts:
        """Ask a colleague to join: she reads and may answer, too."""

        def join() -> None:
            if body.agent != staff.id:
                desk.colleague(body.agent)
            guests.invite(store, id, staff.id, body.agent)

        return await moved(staff, "invite", id, join)

    @router.delete("/guests/me")
    async def leave(id: caller.ConversationId, staff: caller.Agent) -> answers.Facts:
        """Join no longer."""
        return await moved(staff, "leave", id, partial(guests.leave, store, id, staff.id))

    @router.post("/hand-back")
    async def hand_back(
        id: caller.ConversationId, body: requests.HandBackRequest, staff: caller.Agent
    ) -> answers.Facts:
        """Give one's own back to the bot, with what was settled."""
        _known("tag", body.tags, desk_rules.tags())
        do = partial(store.hand_back, id, staff.id, body.settled, None, body.tags)
        return await moved(staff, "hand_back", id, do)

    @router.post("/close")
    async def close(
        id: caller.ConversationId, body: requests.CloseRequest, staff: caller.Agent
    ) -> answers.Facts:
        """End one's own service."""
        _known("outcome", [body.outcome], desk_rules.outcomes())
        _known("tag", body.tags, desk_rules.tags())
        return await moved(staff, "close", id, partial(store.close, id, staff.id, body.outcome, body.tags))

    @router.post("/ask-rating")
    async def ask_rating(id: caller.ConversationId, staff: caller.Agent) -> answers.Facts:
        """Ask the shopper for her rating while one still serves her."""
        return await moved(staff, "ask_rating", id, partial(store.ask_rating, id, staff.id))

    return router


def _known(what: str, codes: Collection[str | None], known: Collection[str]) -> None:
    for code in codes:
        if code is not None and code not in known:
            raise Problem(422, f"unknown-{what}", f"There is no such {what}; there are {', '.join(known)}.")
