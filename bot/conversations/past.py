"""A customer's other conversations, with what came of each."""

from dataclasses import dataclass

from sqlalchemy import select

from .models import Conversation, Handoff, Rating
from .store import Store


@dataclass(frozen=True)
class Past:
    """A conversation, its last service by people, and the last that was rated."""

    conversation: Conversation
    handoff: Handoff | None
    rating: Rating | None


def of(store: Store, customer_id: str, but: str | None = None, limit: int = 10) -> list[Past]:
    """The customer's conversations in which something was said, newest first, without the one ``but``."""
    hers = (Conversation.customer_id == customer_id) & (Conversation.last_seq > 0)
    query = select(Conversation).where(hers, Conversation.id != (but or ""))
    with store.reading() as session:
        found = session.scalars(query.order_by(Conversation.updated_at.desc()).limit(limit)).all()
        ids = [each.id for each in found]
        served = session.scalars(
            select(Handoff).where(Handoff.conversation_id.in_(ids)).order_by(Handoff.id)
        ).all()
        rated = session.scalars(
            select(Rating)
            .where(Rating.conversation_id.in_(ids), Rating.score.is_not(None))
            .order_by(Rating.id)
        ).all()
    handoffs = {each.conversation_id: each for each in served}
    ratings = {each.conversation_id: each for each in rated}
    return [Past(each, handoffs.get(each.id), ratings.get(each.id)) for each in found]
