"""Tickets: what could not be solved at once, followed to its end, and told of to the shopper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from . import notices, ownership
from .handoffs import GENERAL
from .models import Conversation, Message, Ticket, TicketEvent
from .steps import Reply, append, locked, now

if TYPE_CHECKING:
    from .store import Store

STATES = ("open", "in_progress", "waiting", "resolved", "closed")
OPEN_STATES = ("open", "in_progress", "waiting")
REOPENED_WITHIN = timedelta(days=7)
TITLE_LIMIT = 40
TEXT_LIMIT = 2000
TOLD = 5  # of a shopper's tickets, the newest
_FIRST_NUMBER = 100_000


class Unchanged(Enum):
    """Says that a member is to stay as it is, where None has a meaning of its own."""

    YES = 0


UNCHANGED: Final = Unchanged.YES
ANY: Final = Unchanged.YES


class UnknownTicket(Exception):
    """There is no such ticket."""


class TooLate(Exception):
    """The ticket was resolved too long ago to be opened again."""


def number(ticket: Ticket) -> str:
    """What people call the ticket, as T100023."""
    return number_of(ticket.id)


def number_of(ticket_id: int) -> str:
    """What people call the ticket of this id."""
    return f"T{_FIRST_NUMBER + ticket_id}"


def id_of(number: str) -> int | None:
    """The id behind a number such as T100023, t100023 or 100023; None where it is none."""
    digits = number.strip().upper().removeprefix("T")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 12):
        return None
    return int(digits) - _FIRST_NUMBER if int(digits) > _FIRST_NUMBER else None


def card(ticket: Ticket) -> dict[str, Any]:
    """The ticket as its shopper sees it."""
    shown = {
        "kind": "ticket",
        "ticket_no": number(ticket),
        "ticket_id": ticket.id,
        "title": ticket.title,
        "status": ticket.state,
        "status_text": notices.text(f"ticket_{ticket.state}"),
        "due_at": ticket.due.isoformat() if ticket.due and ticket.state in OPEN_STATES else None,
        "updated_at": ticket.updated_at.isoformat(),
    }
    return {key: value for key, value in shown.items() if value is not None}


# -- staff's side ---------------------------------------------------------------------------------------


def create(
    store: Store,
    conversation_id: str,
    by_id: int,
    name: str,
    title: str,
    text: str | None = None,
    queue: str | None = None,
    owner: int | None = None,
    due: datetime | None = None,
    client_id: str | None = None,
) -> Ticket:
    """An agent makes a ticket of the conversation, and the shopper is told.

    The same ``client_id`` again is the same ticket. Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = locked(session, conversation_id)
        if client_id is not None:
            same = (Ticket.conversation_id == conversation_id) & (Ticket.client_id == client_id)
            if known := session.scalar(select(Ticket).where(same)):
                return known
        ticket = _new(session, conversation, title, text, queue or GENERAL, None, due, owner)
        ticket.client_id = client_id
        _note(session, ticket, ownership.agent(by_id), name, "opened")
        _tell(session, conversation, ticket, "ticket_made")
        return ticket


def change(
    store: Store,
    ticket_id: int,
    by_id: int,
    name: str,
    *,
    state: str | None = None,
    owner: int | Unchanged | None = UNCHANGED,
    due: datetime | Unchanged | None = UNCHANGED,
    note: str | None = None,
    tell: bool = True,
    client_id: str | None = None,
) -> Ticket:
    """Change what is given. The shopper hears of a new state, and of the note if she shall (``tell``).

    With the ``client_id`` of a note that the ticket has already, nothing is changed.

    Raises:
        UnknownTicket; ValueError: there is no such state.
    """
    if state not in (None, *STATES):
        raise ValueError(f"A ticket's state is one of {', '.join(STATES)}")
    by = ownership.agent(by_id)
    with store.writing() as session:
        ticket = _locked(session, ticket_id)
        conversation = locked(session, ticket.conversation_id)
        if client_id is not None and _has_note(session, ticket, client_id):
            return ticket
        if not isinstance(owner, Unchanged) and owner != ticket.owner:
            _note(session, ticket, by, name, "owner", before=ticket.owner, now=owner)
            ticket.owner = owner
        if not isinstance(due, Unchanged) and due != ticket.due:
            shown = {"before": _iso(ticket.due), "now": _iso(due)}
            _note(session, ticket, by, name, "due", **shown)
            ticket.due = due
        if state and state != ticket.state:
            _set_state(session, ticket, state, by, name)
            _tell(session, conversation, ticket, f"ticket_now_{state}")
        if note:
            noted = _note(session, ticket, by, name, "note", text=note[:TEXT_LIMIT], told=tell)
            noted.client_id = client_id
            if tell:
                _tell(session, conversation, ticket, "ticket_note", note=note[:TEXT_LIMIT])
        ticket.updated_at = now()
        return ticket


def get(store: Store, ticket_id: int) -> Ticket:
    """Raises UnknownTicket."""
    with store.reading() as session:
        ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise UnknownTicket(str(ticket_id))
    return ticket


def events(store: Store, ticket_id: int) -> list[TicketEvent]:
    """The ticket's history, oldest first."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id)
    with store.reading() as session:
        return list(session.scalars(query))


def of(store: Store, conversation_id: str) -> list[Ticket]:
    """The conversation's tickets, newest first."""
    query = select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.id.desc())
    with store.reading() as session:
        return list(session.scalars(query))


def listed(
    store: Store,
    states: Sequence[str] = OPEN_STATES,
    owner: int | Unchanged | None = ANY,
    queue: str | None = None,
    limit: int = 100,
) -> list[Ticket]:
    """Tickets in these states, what is due first at the front; ``owner`` None: those that nobody has."""
    query = select(Ticket).where(Ticket.state.in_(states))
    if not isinstance(owner, Unchanged):
        query = query.where(Ticket.owner == owner)
    if queue:
        query = query.where(Ticket.queue == queue)
    with store.reading() as session:
        return list(session.scalars(query.order_by(Ticket.due.is_(None), Ticket.due, Ticket.id).limit(limit)))


# -- steps of the heart's transactions ------------------------------------------------------------------


def take_message(
    session: Session,
    conversation: Conversation,
    *,
    reason: str,
    queue: str,
    due: datetime | None,
    back_at: datetime | None,
    **more: Any,
) -> None:
    """Nobody is there: what the shopper wants is kept in a ticket, and she is told when somebody will be.

    A ticket that is open already takes it up. ``more`` are members of the notice (``append``).
    """
    words = _wish(session, conversation)
    open_one = select(Ticket).where(Ticket.conversation_id == conversation.id, Ticket.state.in_(OPEN_STATES))
    ticket = session.scalar(open_one.order_by(Ticket.id.desc()).limit(1).with_for_update())
    if ticket:
        if words and words != _last_wish(session, ticket):
            _note(session, ticket, "shopper", None, "added", text=words)
            ticket.updated_at = now()
        _tell(session, conversation, ticket, "ticket_added", **more)
        return
    title = words or notices.text("ticket_title")
    ticket = _new(session, conversation, title, words, queue, reason, due, None)
    _note(session, ticket, "bot", None, "opened")
    back = notices.text("ticket_back", moment=notices.moment(back_at)) if back_at else ""
    _tell(session, conversation, ticket, "ticket_opened", back=back, **more)


def add_if_waited_for(
    session: Session, conversation: Conversation, text: str, understanding: dict[str, Any] | None
) -> None:
    """What a ticket waited for has come: it is taken up, and somebody sees to it."""
    if not _tells(understanding):
        return
    waits = (Ticket.conversation_id == conversation.id) & (Ticket.state == "waiting")
    ticket = session.scalar(select(Ticket).where(waits).order_by(Ticket.id).limit(1))
    if ticket:
        _note(session, ticket, "shopper", None, "added", text=text[:TEXT_LIMIT])
        ticket.state, ticket.updated_at = "in_progress", now()
        _tell(session, conversation, ticket, "ticket_added")


def reopen(session: Session, conversation: Conversation, ticket_id: str) -> None:
    """The shopper says that a ticket of hers is not solved; too late she is told how to go on."""
    ticket = session.get(Ticket, int(ticket_id)) if ticket_id.isdecimal() and len(ticket_id) < 10 else None
    if ticket is None or not _hers(ticket, conversation):
        return
    if ticket.state in OPEN_STATES:
        _tell(session, conversation, ticket, "ticket_still_open")
    elif ticket.resolved_at and now() - ticket.resolved_at > REOPENED_WITHIN:
        reply = Reply(notices.text("ticket_too_old"), notices.buttons(notices.HUMAN), sender="system")
        append(session, conversation, reply)
    else:
        _note(session, ticket, "shopper", None, "reopened")
        ticket.state, ticket.resolved_at, ticket.updated_at = "open", None, now()
        _tell(session, conversation, ticket, "ticket_reopened")


def hers(session: Session, conversation_id: str, customer_id: str | None) -> list[dict[str, Any]]:
    """The cards of the shopper's own tickets, newest first."""
    which: ColumnElement[bool] = Ticket.conversation_id == conversation_id
    if customer_id:
        which = Ticket.customer_id == customer_id
    query = select(Ticket).where(which).order_by(Ticket.id.desc()).limit(TOLD)
    return [card(ticket) for ticket in session.scalars(query)]


def belong(session: Session, conversation: Conversation) -> None:
    """The conversation's tickets are those of the customer whose it is now."""
    mine = Ticket.conversation_id == conversation.id
    session.execute(update(Ticket).where(mine).values(customer_id=conversation.customer_id))


def _hers(ticket: Ticket, conversation: Conversation) -> bool:
    if ticket.conversation_id == conversation.id:
        return True
    return ticket.customer_id is not None and ticket.customer_id == conversation.customer_id


def _wish(session: Session, conversation: Conversation) -> str | None:
    """What the shopper last said beside wanting a person."""
    query = (
        select(Message.text, Message.understanding)
        .where(
            Message.conversation_id == conversation.id,
            Message.sender == "shopper",
            Message.payload.is_(None),
            Message.text.is_not(None),
            Message.seq > conversation.last_seq - 30,
        )
        .order_by(Message.seq.desc())
    )
    for text, understanding in session.execute(query):
        if _tells(understanding):
            return str(text)[:TEXT_LIMIT]
    return None


def _tells(understanding: dict[str, Any] | None) -> bool:
    """Whether a message so read says anything of the matter itself."""
    return (understanding or {}).get("intent") not in ("human_agent", "greet", "affirm", "ticket_status")


def _last_wish(session: Session, ticket: Ticket) -> str | None:
    """What the ticket was last told by its shopper."""
    added = (TicketEvent.ticket_id == ticket.id) & (TicketEvent.kind == "added")
    last = select(TicketEvent.detail).where(added).order_by(TicketEvent.id.desc()).limit(1)
    detail = session.scalar(last)
    return detail["text"] if detail else ticket.text


def _new(
    session: Session,
    conversation: Conversation,
    title: str,
    text: str | None,
    queue: str,
    reason: str | None,
    due: datetime | None,
    owner: int | None,
) -> Ticket:
    at = now()
    line = " ".join(title.split())
    ticket = Ticket(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        state="open",
        queue=queue,
        reason=reason,
        title=line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1] + "…",
        text=text,
        owner=owner,
        due=due,
        opened_at=at,
        updated_at=at,
    )
    session.add(ticket)
    session.flush()
    return ticket


def _locked(session: Session, ticket_id: int) -> Ticket:
    """The conversation is locked first everywhere, so that nobody waits in a circle."""
    conversation_id = session.scalar(select(Ticket.conversation_id).where(Ticket.id == ticket_id))
    if conversation_id is None:
        raise UnknownTicket(str(ticket_id))
    locked(session, conversation_id)
    return session.get_one(Ticket, ticket_id, with_for_update=True)


def _set_state(session: Session, ticket: Ticket, state: str, by: str, name: str) -> None:
    _note(session, ticket, by, name, "state", before=ticket.state, now=state)
    ticket.state = state
    ended = state in ("resolved", "closed")
    ticket.resolved_at = (ticket.resolved_at or now()) if ended else None


def _has_note(session: Session, ticket: Ticket, client_id: str) -> bool:
    same = (TicketEvent.ticket_id == ticket.id) & (TicketEvent.client_id == client_id)
    return session.scalar(select(TicketEvent.id).where(same)) is not None


def _note(
    session: Session, ticket: Ticket, by: str, name: str | None, kind: str, **detail: Any
) -> TicketEvent:
    event = TicketEvent(
        ticket_id=ticket.id,
        conversation_id=ticket.conversation_id,
        at=now(),
        by=by,
        name=name,
        kind=kind,
        detail=detail or None,
    )
    session.add(event)
    return event


def _tell(session: Session, conversation: Conversation, ticket: Ticket, key: str, **values: Any) -> None:
    """The shopper reads of it where she talks; ``values`` fill the notice or are members of the message."""
    more = {name: values.pop(name) for name in ("reply_to",) if name in values}
    buttons = notices.reopen_ticket(ticket.id) if ticket.state in ("resolved", "closed") else ()
    due = notices.text("ticket_due", moment=notices.moment(ticket.due)) if ticket.due else ""
    said = notices.text(key, number=number(ticket), due=due, **values)
    append(session, conversation, Reply(said, buttons, card=card(ticket), sender="system"), **more)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
