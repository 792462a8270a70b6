"""How far the log has come on the shoppers' screens."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import select

from .models import Conversation

if TYPE_CHECKING:
    from .store import Store


def of(store: Store, conversation_ids: Collection[str]) -> dict[str, int]:
    """The last ``seq`` delivered, by conversation."""
    query = select(Conversation.id, Conversation.delivered_seq).where(Conversation.id.in_(conversation_ids))
    with store.reading() as session:
        return {row[0]: row[1] for row in session.execute(query)}
