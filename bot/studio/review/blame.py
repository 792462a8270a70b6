"""Another question than the inbox took is to blame: the blame is moved to the one before it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Message
from bot.conversations.store import Store

from . import collecting, due
from .decisions import CannotDecide
from .due import Why
from .models import DONE, OPEN, Item

MOVED = Why.HANDED_OVER | Why.RATED_BADLY
"""Reasons that tell of a service, and not of one turn: they go along."""


def question_before(session: Session, item: Item) -> Message | None:
    """What she asked before an item that is blamed for a service; None where that was decided on."""
    if not item.why & MOVED:
        return None
    mine = select(Message).where(Message.conversation_id == item.conversation_id, Message.seq == item.seq)
    message = session.scalar(mine)
    before = due.question_before(session, message) if message else None
    if before is None:
        return None
    noted = _noted(session, before)
    return before if noted is None or noted.state == OPEN else None


def move_back(store: Store, item_id: int) -> Item:
    """Let the question before be to blame: the item of it, which is noted if it was not.

    The one that it was leaves the inbox, unless there is a reason of its own for it.

    Raises:
        CannotDecide: there is none before it, or it was decided on.
    """
    with store.reading() as session:
        item = session.get(Item, item_id)
        before = question_before(session, item) if item and item.state == OPEN else None
    if item is None or before is None:
        raise CannotDecide("nothing_before")
    collecting.note(store, due.due_of(before, Why(item.why) & MOVED))
    with store.writing() as session:
        former = session.get(Item, item_id, with_for_update=True)
        if former and former.state == OPEN:
            former.why &= ~MOVED.value
            if not former.why:
                former.state = DONE  # and there still, or a collector that begins anew would note it again
        found = _noted(session, before)
        if found is None or found.state != OPEN:  # erased or decided on meanwhile
            raise CannotDecide("nothing_before")
        return found


def _noted(session: Session, message: Message) -> Item | None:
    here = Item.conversation_id == message.conversation_id, Item.seq == message.seq
    return session.scalar(select(Item).where(*here))
