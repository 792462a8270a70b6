"""Conversations that people at a desk of the channel's own serve, instead of agents at ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from . import handover, notices, ownership, steps
from .models import Conversation
from .steps import Reply

if TYPE_CHECKING:
    from .store import Store

BY = "outside"  # who did it, in the log


def use(store: Store, conversation_id: str, wanted: bool) -> None:
    """From now on the bot gives way to the channel's own desk, or to ours again.

    Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = steps.locked(session, conversation_id)
        conversation.outside_desk = wanted
        if not wanted and conversation.owner == ownership.OUTSIDE:
            steps.move(session, conversation, "hand_back", by=BY)


def serves(store: Store, conversation_id: str) -> bool:
    """Whether people outside serve her now."""
    owner = select(Conversation.owner).where(Conversation.id == conversation_id)
    with store.reading() as session:
        return session.scalar(owner) == ownership.OUTSIDE


def began(store: Store, conversation_id: str) -> None:
    """Somebody outside has taken her up; an agent of ours who has her keeps her.

    Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = steps.locked(session, conversation_id)
        if ownership.kind(conversation.owner) in ("bot", "queue", "closed"):
            handover.pass_on(session, conversation, by=BY)
        elif conversation.owner == ownership.OUTSIDE:
            conversation.quiet_since = steps.now()


def ended(store: Store, conversation_id: str) -> None:
    """They are done with her: the bot goes on, and she is told. Raises UnknownConversation."""
    with store.writing() as session:
        conversation = steps.locked(session, conversation_id)
        if conversation.owner == ownership.OUTSIDE:
            steps.move(session, conversation, "hand_back", by=BY)
            steps.append(session, conversation, Reply(notices.text("handed_back"), sender="system"))
