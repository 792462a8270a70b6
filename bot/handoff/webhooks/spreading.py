"""From the log to what each webhook is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from bot.conversations import tickets
from bot.conversations.models import Event, Handoff, Rating, Ticket, TicketEvent, Webhook, WebhookDelivery
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import names

# PostgreSQL gives an id before the transaction commits, and none stays open for as long as this.
SETTLED = timedelta(minutes=1)
# What was told is kept for a while: by it what happened is known to have been told.
KEPT = timedelta(hours=1)
AT_ONCE = 500
EVENT, TICKET_EVENT, RATING = "event", "ticket", "rating"


@dataclass(frozen=True)
class _Unseen:
    source: str
    id: int
    conversation_id: str
    at: datetime


def spread(store: Store, webhook: Webhook) -> bool:
    """Note what the webhook is to be told of what has happened; whether there may be more."""
    with store.reading() as session:
        if not _unseen(session, webhook, limit=1):
            return False
    with store.writing() as session:
        # One process at a time, so that what is owed is in the order in which it happened.
        current = session.get(Webhook, webhook.id, with_for_update=True, populate_existing=True)
        if current is None or current.disabled_at:
            return False
        unseen = _unseen(session, current, AT_ONCE)
        told = _told(session, unseen)
        at = now()
        for each in unseen:
            if (each.source, each.id) not in told:
                continue  # erased just now
            name, data = told[each.source, each.id]
            session.add(
                WebhookDelivery(
                    webhook_id=current.id,
                    conversation_id=each.conversation_id,
                    source=f"{each.source}-{each.id}",
                    at=each.at,
                    event=name,
                    data=data,
                    next_at=at,
                )
            )
            # Each at once: their ids are their order.
            session.flush()
        if len(unseen) < AT_ONCE:
            _settle(session, current, at)
        return len(unseen) == AT_ONCE


def _unseen(session: Session, webhook: Webhook, limit: int) -> list[_Unseen]:
    """The oldest that the webhook is to be told of and is not owed yet.

    One statement, which sees all sources at one moment: of a conversation nothing is passed over.
    """
    chosen = names.chosen(webhook.events)
    moves, kinds = names.of(chosen, names.CONVERSATION), names.of(chosen, names.TICKET)
    parts = [
        _part(EVENT, Event, Event.at, (Event.id > webhook.event_id) & Event.move.in_(moves), webhook),
        _part(
            TICKET_EVENT,
            TicketEvent,
            TicketEvent.at,
            (TicketEvent.id > webhook.ticket_event_id) & TicketEvent.kind.in_(kinds),
            webhook,
        ),
    ]
    if names.RATED in chosen:
        rated = Rating.rated_at > webhook.rated_until
        parts.append(_part(RATING, Rating, Rating.rated_at, rated, webhook))
    every = union_all(*parts).subquery()
    query = select(every).order_by(every.c.at, every.c.source, every.c.id).limit(limit)
    return [_Unseen(*row) for row in session.execute(query)]


def _part(source: str, table: Any, at: Any, new: ColumnElement[bool], webhook: Webhook) -> Any:
    named = literal(f"{source}-", String) + cast(table.id, String)
    owed = exists().where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.source == named)
    columns = (literal(source, String).label("source"), table.id, table.conversation_id, at.label("at"))
    return select(*columns).where(new, ~owed)


def _settle(session: Session, webhook: Webhook, at: datetime) -> None:
    """Nothing of what is older can appear any more."""
    settled = at - SETTLED
    for table, column in ((Event, "event_id"), (TicketEvent, "ticket_event_id")):
        reached = getattr(webhook, column)
        old = select(func.max(table.id)).where(table.id > reached, table.at < settled)
        setattr(webhook, column, session.scalar(old) or reached)
    webhook.rated_until = max(webhook.rated_until, settled)
    told = (WebhookDelivery.webhook_id == webhook.id) & WebhookDelivery.next_at.is_(None)
    session.execute(delete(WebhookDelivery).where(told, WebhookDelivery.at < at - KEPT))


def _told(session: Session, unseen: Sequence[_Unseen]) -> dict[tuple[str, int], tuple[str, dict[str, Any]]]:
    """Name and content of each: ids, codes and numbers, nothing that people wrote."""
    ids = {
        source: [each.id for each in unseen if each.source == source]
        for source in (EVENT, TICKET_EVENT, RATING)
    }
    events = session.scalars(select(Event).where(Event.id.in_(ids[EVENT]))).all()
    services = _services(session, events)
    told: dict[tuple[str, int], tuple[str, dict[str, Any]]] = {}
    for event in events:
        told[EVENT, event.id] = names.CONVERSATION + event.move, _moved(event, services)
    changed = select(TicketEvent, Ticket).join(Ticket, Ticket.id == TicketEvent.ticket_id)
    for change, ticket in session.execute(changed.where(TicketEvent.id.in_(ids[TICKET_EVENT]))):
        told[TICKET_EVENT, change.id] = names.TICKET + change.kind, _changed(change, ticket)
    for rating in session.scalars(select(Rating).where(Rating.id.in_(ids[RATING]))):
        data = {"conversation": rating.conversation_id, "served_by": rating.served_by, "score": rating.score}
        told[RATING, rating.id] = names.RATED, data
    return told


def _services(session: Session, events: Sequence[Event]) -> dict[str, list[Handoff]]:
    services: dict[str, list[Handoff]] = {}
    ids = {event.conversation_id for event in events}
    for handoff in session.scalars(
        select(Handoff).where(Handoff.conversation_id.in_(ids)).order_by(Handoff.id)
    ):
        services.setdefault(handoff.conversation_id, []).append(handoff)
    return services


def _moved(event: Event, services: dict[str, list[Handoff]]) -> dict[str, Any]:
    began = [each for each in services.get(event.conversation_id, ()) if each.at <= event.at]
    service = began[-1] if began and (began[-1].ended_at or event.at) >= event.at else None
    ended = service is not None and service.ended_at == event.at
    return {
        "conversation": event.conversation_id,
        "from": event.from_owner,
        "owner": event.to_owner,
        "by": event.by,
        "reason": event.reason,
        "queue": service.queue if service else None,
        "outcome": service.outcome if service and ended else None,
        "tags": service.tags if service and ended else [],
    }


def _changed(change: TicketEvent, ticket: Ticket) -> dict[str, Any]:
    detail = change.detail or {}
    return {
        "conversation": ticket.conversation_id,
        "ticket": tickets.number(ticket),
        "ticket_id": ticket.id,
        "state": ticket.state,
        "queue": ticket.queue,
        "owner": ticket.owner,
        "due": ticket.due.isoformat() if ticket.due else None,
        "by": change.by,
        "before": detail.get("before"),
        "now": detail.get("now"),
    }
