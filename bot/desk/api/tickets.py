"""Calls about tickets."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from bot.conversations import handoffs, tickets
from bot.conversations.models import Ticket
from bot.handoff import desk_rules
from bot.problems import Problem, responses

from . import caller, requests
from .answers import tickets as answers
from .services import Services

KEPT = ("id", "state", "queue", "reason", "title", "text", "owner", "due")
MOMENTS = ("opened_at", "updated_at", "resolved_at")


def shown(ticket: Ticket) -> answers.Ticket:
    """The ticket as staff see it."""
    values = {name: getattr(ticket, name) for name in (*KEPT, *MOMENTS)}
    return answers.Ticket(**values, number=tickets.number(ticket), conversation=ticket.conversation_id)


def create_router(desk: Services) -> APIRouter:
    """``/tickets``, and those of one conversation."""
    router = APIRouter(tags=["tickets"])
    store = desk.store

    def check(owner: int | None, queue: str | None = None) -> None:
        if owner is not None and owner not in desk.accounts.display_names():
            raise Problem(422, "unknown-owner", "There is no account of this id.")
        if queue is not None and queue not in desk_rules.queues():
            known = ", ".join(desk_rules.queues())
            raise Problem(422, "unknown-queue", f"There is no such queue; there are {known}.")

    @router.get("/tickets")
    def listed(
        staff: caller.Agent,
        state: Annotated[list[requests.STATES], Query(max_length=5)] = [*tickets.OPEN_STATES],  # type: ignore[list-item]  # noqa: B006
        owner: Literal["anybody", "nobody", "me"] = "anybody",
        queue: requests.Code | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> answers.Tickets:
        """Tickets in these states, what is due first at the front."""
        whose: Any = {"anybody": tickets.ANY, "nobody": None, "me": staff.id}[owner]
        found = tickets.listed(store, state, whose, queue, limit)
        return answers.Tickets(items=[shown(ticket) for ticket in found])

    @router.get("/conversations/{id}/tickets", responses=responses(404))
    def of_conversation(id: caller.ConversationId, staff: caller.Agent) -> answers.Tickets:
        """The conversation's tickets, newest first."""
        desk.view(staff, id)
        return answers.Tickets(items=[shown(ticket) for ticket in tickets.of(store, id)])

    @router.post("/conversations/{id}/tickets", status_code=201, responses=responses(404, 409))
    async def create(
        id: caller.ConversationId, body: requests.TicketRequest, staff: caller.Agent
    ) -> answers.Ticket:
        """Open a ticket of a conversation in which one may answer; the shopper is told."""

        def make() -> Ticket:
            check(body.owner, body.queue)
            desk.let_write(id, staff)
            service = handoffs.active(store, id)
            queue = body.queue or (service.queue if service else None)
            who = staff.id, staff.display_name
            return tickets.create(
                store, id, *who, body.title, body.text, queue, body.owner, body.due, body.client_id
            )

        return shown(await desk.act(staff, "make_ticket", id, make))

    @router.get("/tickets/{id}", responses=responses(404))
    def one(id: caller.Number, staff: caller.Agent) -> answers.TicketHistory:
        """A ticket and what has happened to it, oldest first."""
        ticket = tickets.get(store, id)
        desk.note(staff, "ticket_view", ticket=id)
        history = [answers.TicketEvent.model_validate(each) for each in tickets.events(store, id)]
        return answers.TicketHistory(ticket=shown(ticket), events=history)

    @router.patch("/tickets/{id}", responses=responses(404))
    async def change(id: caller.Number, body: requests.TicketChange, staff: caller.Agent) -> answers.Ticket:
        """Change a ticket; the shopper hears of a new state, and of a note unless ``tell`` is false."""
        given = body.model_fields_set
        what: dict[str, Any] = {name: getattr(body, name) for name in ("owner", "due") if name in given}

        def changed() -> Ticket:
            check(body.owner)
            return tickets.change(
                store,
                id,
                staff.id,
                staff.display_name,
                state=body.state,
                note=body.note,
                tell=body.tell,
                client_id=body.client_id,
                **what,
            )

        kept = {"ticket": id, "what": sorted(given - {"client_id"}), "state": body.state, "owner": body.owner}
        return shown(await desk.act(staff, "ticket_change", _of(desk, id), changed, **kept))

    return router


def _of(desk: Services, ticket_id: int) -> str:
    return tickets.get(desk.store, ticket_id).conversation_id
