"""Colleagues whom an agent asked to join a conversation: they read it and may answer beside her."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from . import ownership
from .models import Guest
from .steps import NotYours, locked, now

if TYPE_CHECKING:
    from .store import Store


def invite(store: Store, conversation_id: str, by_id: int, guest_id: int) -> None:
    """The agent who has the conversation asks a colleague to join; once more changes nothing.

    Raises:
        UnknownConversation, NotYours; IllegalMove: the colleague is the agent herself.
    """
    with store.writing() as session:
        conversation = locked(session, conversation_id)
        if conversation.owner != ownership.agent(by_id):
            raise NotYours(conversation_id)
        if by_id == guest_id:
            raise ownership.IllegalMove("'invite' needs another agent than the one who has the conversation")
        if session.get(Guest, (conversation_id, guest_id)) is None:
            session.add(
                Guest(conversation_id=conversation_id, agent_id=guest_id, by=conversation.owner, at=now())
            )


def leave(store: Store, conversation_id: str, guest_id: int) -> None:
    """The colleague joins no longer; nothing changes where she does not."""
    with store.writing() as session:
        session.execute(
            delete(Guest).where(Guest.conversation_id == conversation_id, Guest.agent_id == guest_id)
        )


def of(store: Store, conversation_id: str) -> list[int]:
    """Who has joined the conversation."""
    with store.reading() as session:
        return list(session.scalars(select(Guest.agent_id).where(Guest.conversation_id == conversation_id)))


def everywhere(store: Store) -> dict[str, list[int]]:
    """Who has joined which conversation."""
    joined: dict[str, list[int]] = {}
    with store.reading() as session:
        for guest in session.scalars(select(Guest).order_by(Guest.at)):
            joined.setdefault(guest.conversation_id, []).append(guest.agent_id)
    return joined


def is_one(session: Session, conversation_id: str, agent_id: int | str) -> bool:
    """Whether this colleague has joined the conversation."""
    return str(agent_id).isdecimal() and session.get(Guest, (conversation_id, int(agent_id))) is not None
