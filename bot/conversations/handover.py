"""The steps between bot and people: into the queue, what is said there, and out of it again."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from . import handoffs, notices, ownership, rules, tickets
from .models import Conversation, Turn
from .steps import Reply, append, move, now, offered, offered_title, reopen


def hand_over(
    session: Session,
    conversation: Conversation,
    *,
    by: str,
    reason: str,
    detail: dict[str, Any] | None,
    **more: Any,
) -> None:
    """The bot gives way to people; where none are there, the shopper's wish is kept in a ticket.

    ``more`` are members of the notice (``append``).
    """
    if conversation.outside_desk:
        pass_on(session, conversation, by=by, reason=reason, detail=detail)
        append(session, conversation, Reply(notices.text("passed_on"), sender="system"), **more)
        return
    place = rules.of(session).place(session, conversation, reason, detail or {})
    move(session, conversation, "hand_over", by=by, reason=reason, detail=detail, queue=place.queue)
    session.flush()
    if place.there:
        append(session, conversation, queue_notice(session, conversation, "handed_over"), **more)
    else:
        leave_a_message(session, conversation, place, **more)


def pass_on(
    session: Session,
    conversation: Conversation,
    *,
    by: str,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """People at the channel's own desk serve from now on: nobody of ours is asked, and the bot is silent."""
    move(session, conversation, "pass_on", by=by, reason=reason, detail=detail, outcome="outside")
    session.execute(delete(Turn).where(Turn.conversation_id == conversation.id))


def leave_a_message(session: Session, conversation: Conversation, place: rules.Place, **more: Any) -> None:
    """Nobody is there for who waits: the bot goes on, and a ticket stands for the service."""
    handoff = handoffs.current(session, conversation.id)
    reason = (handoff and handoff.reason) or "asked_for_human"
    move(session, conversation, "leave_queue", by="system", reason="nobody_there", outcome="ticket")
    tickets.take_message(
        session,
        conversation,
        reason=reason,
        queue=place.queue,
        due=place.ticket_due,
        back_at=place.back_at,
        **more,
    )


def ask_human(session: Session, conversation: Conversation, reopen_within: timedelta) -> None:
    """The shopper asks for a person; nothing changes where one is coming or here already."""
    reopen(session, conversation, reopen_within)
    if conversation.owner == ownership.BOT:
        hand_over(session, conversation, by="shopper", reason="asked_for_human", detail=None)
    elif conversation.owner == ownership.QUEUE:
        append(session, conversation, queue_notice(session, conversation, "still_waiting"))


def leave_queue(session: Session, conversation: Conversation) -> None:
    """The shopper waits no longer."""
    if conversation.owner == ownership.QUEUE:
        move(session, conversation, "leave_queue", by="shopper", outcome="left")
        append(session, conversation, Reply(notices.text("left_queue"), sender="system"))


def queue_notice(session: Session, conversation: Conversation, key: str) -> Reply:
    """What is said to who waits: her place, how long it is likely to take, and how to leave."""
    place, seconds = prospects(session, conversation.id)
    return Reply(
        notices.text(key, position=place, wait=notices.wait(seconds)),
        notices.buttons(notices.LEAVE_QUEUE),
        sender="system",
    )


def prospects(session: Session, conversation_id: str) -> tuple[int, int | None]:
    """The place in the queue, and the seconds it is likely to take (``handoffs.expected_wait``)."""
    place = handoffs.position(session, conversation_id)
    return place, handoffs.expected_wait(session, conversation_id, place, now())


def typed(session: Session, conversation: Conversation, text: str | None) -> str | None:
    """The payload of a button of the service that the shopper wrote out instead of pressing it."""
    if text is None or text.strip() not in notices.titles():
        return None
    offers = offered(session, conversation)
    return next((payload for title, payload in offers if title == text.strip()), None)


def title(session: Session, conversation: Conversation, payload: str) -> str:
    """What the button of this payload says. Raises UnknownPayload: none was offered."""
    if payload.startswith(notices.REOPEN_TICKET):
        return notices.text("reopen_ticket_button")  # good for a week, however much was said since
    return offered_title(session, conversation, payload)


def take_up(session: Session, conversation: Conversation, payload: str, reopen_within: timedelta) -> bool:
    """Do what a button of the service itself stands for; whether it was one."""
    if payload == notices.HUMAN:
        ask_human(session, conversation, reopen_within)
    elif payload == notices.LEAVE_QUEUE:
        leave_queue(session, conversation)
    elif payload.startswith(notices.REOPEN_TICKET):
        tickets.reopen(session, conversation, payload.removeprefix(notices.REOPEN_TICKET))
    else:
        return False
    return True
