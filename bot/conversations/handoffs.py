"""Services by people, from the hand-over to their end: what is due, who waits, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from . import ownership, rules
from .models import Conversation, Guest, Handoff, Message

if TYPE_CHECKING:
    from .store import Store

MOODS = 6  # of the shopper's last messages, which show how she feels now
TAKES = 10  # of a queue, by which the next wait is told
TAKEN_WITHIN = timedelta(hours=2)
GENERAL = "general"

GOES_ON = Handoff.ended_at.is_(None)
WAITS = GOES_ON & Handoff.taken_at.is_(None)


# -- what others read ---------------------------------------------------------------------------------


def active(store: Store, conversation_id: str) -> Handoff | None:
    """The service that goes on in the conversation, if people serve it or are waited for."""
    with store.reading() as session:
        return current(session, conversation_id)


def of(store: Store, conversation_id: str) -> list[Handoff]:
    """The conversation's services by people, oldest first."""
    query = select(Handoff).where(Handoff.conversation_id == conversation_id).order_by(Handoff.id)
    with store.reading() as session:
        return list(session.scalars(query))


def open(store: Store) -> dict[str, Handoff]:
    """All that go on, by conversation."""
    with store.reading() as session:
        return {each.conversation_id: each for each in session.scalars(select(Handoff).where(GOES_ON))}


def waiting(store: Store, limit: int = 200) -> list[tuple[Conversation, Handoff, Message | None]]:
    """Who waits, each with the last message, in the order they are to be served in."""
    query = (
        select(Conversation, Handoff, Message)
        .join(Handoff, Handoff.conversation_id == Conversation.id)
        .outerjoin(
            Message, (Message.conversation_id == Conversation.id) & (Message.seq == Conversation.last_seq)
        )
        .where(WAITS)
        .order_by(Handoff.rank_at, Handoff.id)
    )
    with store.reading() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(query.limit(limit))]


def loads(session: Session) -> dict[int, int]:
    """How many conversations each agent has."""
    query = select(Handoff.agent_id, func.count()).where(GOES_ON, Handoff.agent_id.is_not(None))
    rows: Sequence[Any] = session.execute(query.group_by(Handoff.agent_id)).all()
    return {row[0]: row[1] for row in rows}


# -- steps of the heart's transactions ------------------------------------------------------------------


def current(session: Session, conversation_id: str) -> Handoff | None:
    """The service that goes on in the conversation."""
    found: Handoff | None = session.scalar(
        select(Handoff).where(Handoff.conversation_id == conversation_id, GOES_ON)
    )
    return found


def begin(
    session: Session, conversation: Conversation, reason: str | None, queue: str, at: datetime
) -> Handoff:
    """People are to serve the conversation from now on."""
    by = rules.of(session)
    mood = None
    for felt in moods(session, conversation):
        mood = by.worse(mood, felt)
    level = conversation.customer_level
    first = by.targets(queue, level).first
    handoff = Handoff(
        conversation_id=conversation.id,
        at=at,
        reason=reason,
        queue=queue,
        mood=mood,
        rank_at=at - by.head_start(reason, mood, level),
        answer_due=at + first if first else None,
    )
    session.add(handoff)
    return handoff


def moved(
    session: Session, conversation: Conversation, at: datetime, outcome: str | None, queue: str | None
) -> None:
    """The conversation has changed its owner: to the queue once more, to an agent, or away from people."""
    kind = ownership.kind(conversation.owner)
    handoff = current(session, conversation.id)
    if kind == "agent":
        handoff = handoff or begin(session, conversation, None, GENERAL, at)
        handoff.agent_id = int(conversation.owner.removeprefix(ownership.AGENT_PREFIX))
        handoff.taken_at = handoff.taken_at or at
        session.execute(
            delete(Guest).where(Guest.conversation_id == conversation.id, Guest.agent_id == handoff.agent_id)
        )
    elif kind == "queue" and handoff:
        handoff.agent_id = handoff.taken_at = None
        handoff.queue = queue or handoff.queue
        due(session, conversation, handoff, at, first=True)
    elif handoff:
        handoff.ended_at, handoff.answer_due = at, None
        handoff.outcome = outcome or handoff.outcome
        session.execute(delete(Guest).where(Guest.conversation_id == conversation.id))
    session.flush()


def due(
    session: Session, conversation: Conversation, handoff: Handoff, at: datetime, *, first: bool = False
) -> None:
    """From now on a human's word is waited for."""
    targets = rules.of(session).targets(handoff.queue, conversation.customer_level)
    within = targets.first if first else targets.next
    handoff.answer_due = at + within if within else None
    handoff.warned = handoff.breached = False


def spoken(session: Session, conversation: Conversation, sender: str, mood: str | None, at: datetime) -> None:
    """The shopper or an agent has spoken while people serve."""
    if sender == "agent":
        session.execute(
            update(Handoff)
            # A guest's word to who waits again is no answer of the agent whom she waits for.
            .where(Handoff.conversation_id == conversation.id, GOES_ON, Handoff.taken_at.is_not(None))
            .values(
                answer_due=None,
                warned=False,
                breached=False,
                first_answer_at=func.coalesce(Handoff.first_answer_at, at),
            )
        )
    elif sender == "shopper" and (handoff := current(session, conversation.id)):
        by = rules.of(session)
        if handoff.answer_due is None and handoff.taken_at:
            due(session, conversation, handoff, at)
        worst = by.worse(handoff.mood, mood)
        if worst != handoff.mood:
            handoff.mood = worst
            start = by.head_start(handoff.reason, worst, conversation.customer_level)
            handoff.rank_at = min(handoff.rank_at, handoff.at - start)


def moods(session: Session, conversation: Conversation) -> list[str | None]:
    """The moods of the shopper's last messages, newest last."""
    query = (
        select(Message.mood)
        .where(Message.conversation_id == conversation.id, Message.sender == "shopper")
        .order_by(Message.seq.desc())
        .limit(MOODS)
    )
    return list(session.scalars(query))[::-1]


def position(session: Session, conversation_id: str) -> int:
    """The place of who waits among those of her queue, from 1."""
    mine = current(session, conversation_id)
    if mine is None:
        return 1
    before: ColumnElement[bool] = (Handoff.rank_at < mine.rank_at) | (
        (Handoff.rank_at == mine.rank_at) & (Handoff.id < mine.id)
    )
    ahead = select(func.count()).where(WAITS, Handoff.queue == mine.queue, before)
    return (session.scalar(ahead) or 0) + 1


def expected_wait(session: Session, conversation_id: str, position: int, now: datetime) -> int | None:
    """Seconds until whoever stands at ``position`` is served, by how fast her queue moved lately.

    None where too few were served to tell.
    """
    mine = current(session, conversation_id)
    if mine is None:
        return None
    taken = (Handoff.queue == mine.queue) & (Handoff.taken_at > now - TAKEN_WITHIN)
    query = select(Handoff.at, Handoff.taken_at).where(taken).order_by(Handoff.taken_at.desc()).limit(TAKES)
    lately: Any = session.execute(query).all()
    if len(lately) < 3:
        return None
    pace = (now - lately[-1].taken_at).total_seconds() / len(lately)
    waits = sorted((row.taken_at - row.at).total_seconds() for row in lately)
    # Where people are served at once the pace is that of their coming, not of the agents.
    median: float = waits[len(waits) // 2]
    seconds: float = min(pace * position, max(median * position, 10.0))
    return round(seconds)
