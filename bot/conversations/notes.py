"""What staff say to each other beside a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import ownership
from .models import Conversation, Note
from .steps import locked, now

if TYPE_CHECKING:
    from .store import Store

TEXT_LIMIT = 2000


def add(
    store: Store,
    conversation_id: str,
    by_id: int,
    name: str,
    text: str,
    kind: str = "note",
    client_id: str | None = None,
) -> Note:
    """A note (or a supervisor's ``whisper``) that stands where the conversation is now.

    The same ``client_id`` again is the same note. Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = locked(session, conversation_id)
        if client_id is not None:
            same = (Note.conversation_id == conversation_id) & (Note.client_id == client_id)
            if known := session.scalar(select(Note).where(same)):
                return known
        made = write(session, conversation, ownership.agent(by_id), name, text[:TEXT_LIMIT], kind)
        made.client_id = client_id
        return made


def write(
    session: Session, conversation: Conversation, by: str, name: str | None, text: str, kind: str
) -> Note:
    """A step: a note behind the conversation's last message."""
    note = Note(
        conversation_id=conversation.id,
        at=now(),
        after_seq=conversation.last_seq,
        by=by,
        name=name,
        kind=kind,
        text=text,
    )
    session.add(note)
    session.flush()
    return note


def of(store: Store, conversation_id: str) -> list[Note]:
    """The conversation's notes, oldest first."""
    query = select(Note).where(Note.conversation_id == conversation_id).order_by(Note.id)
    with store.reading() as session:
        return list(session.scalars(query))
