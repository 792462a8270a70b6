"""Many conversations at once, as lists show them: few columns of each, and the ends of their logs."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, func, select

from .handoffs import GOES_ON
from .models import Conversation, Handoff, Message
from .store import Store

LOOKED_BACK = 20  # messages of each conversation
QUOTED = 80  # characters of each
AT_ONCE = 300  # conversations in one query: databases allow only so many parameters

Listed: TypeAlias = "Row[*tuple[Any, ...]]"

# Mapped objects would take several times as long.
_LISTED = select(
    Conversation.id,
    Conversation.channel,
    Conversation.customer_id,
    Conversation.customer_name,
    Conversation.customer_level,
    Conversation.owner,
    Conversation.owner_since,
    Conversation.last_seq,
    Conversation.updated_at,
    Handoff.id.label("handoff_id"),
    Handoff.at.label("handed_over_at"),
    Handoff.reason,
    Handoff.queue,
    Handoff.mood,
    Handoff.taken_at,
    Handoff.first_answer_at,
    Handoff.answer_due,
    Handoff.warned,
    Handoff.breached,
    Handoff.breaches,
)


@dataclass(frozen=True)
class Said:
    """The beginning of what somebody said."""

    seq: int
    at: datetime
    sender: str
    text: str | None
    mood: str | None


def with_people(store: Store, limit: int) -> Sequence[Listed]:
    """The conversations that people serve or are waited for in, as these are to be served."""
    query = _LISTED.join(Handoff, Handoff.conversation_id == Conversation.id).where(GOES_ON)
    with store.reading() as session:
        return session.execute(query.order_by(Handoff.rank_at, Handoff.id).limit(limit)).all()


def latest(store: Store, limit: int) -> Sequence[Listed]:
    """The conversations that changed last; what a hand-over says is None where none goes on."""
    query = _LISTED.outerjoin(Handoff, (Handoff.conversation_id == Conversation.id) & GOES_ON)
    query = query.where(Conversation.last_seq > 0).order_by(Conversation.updated_at.desc())
    with store.reading() as session:
        return session.execute(query.limit(limit)).all()


def said(store: Store, conversation_ids: Collection[str]) -> dict[str, list[Said]]:
    """The last messages of these conversations, oldest first; what the system said is left out."""
    found: dict[str, list[Said]] = defaultdict(list)
    ids = list(conversation_ids)
    with store.reading() as session:
        for start in range(0, len(ids), AT_ONCE):
            query = (
                select(
                    Message.conversation_id,
                    Message.seq,
                    Message.at,
                    Message.sender,
                    func.substr(Message.text, 1, QUOTED),
                    Message.mood,
                )
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Conversation.id.in_(ids[start : start + AT_ONCE]),
                    Message.seq > Conversation.last_seq - LOOKED_BACK,
                    Message.sender != "system",
                )
                .order_by(Message.conversation_id, Message.seq)
            )
            for conversation_id, *rest in session.execute(query):
                found[conversation_id].append(Said(*rest))
    return found
