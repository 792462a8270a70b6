"""A shopper whose message nobody has room to answer is asked for patience, once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import structlog
from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from . import notices, ownership, steps
from .models import Conversation, Message, Turn
from .steps import Reply, now
from .store import Store

LOOK_SECONDS = 0.5
AFTER = timedelta(seconds=2)
BATCH = 20  # of one transaction: nobody waits long for the database

log = structlog.get_logger()


async def watch(store: Store, hint: Callable[[str], None]) -> None:
    """Tell those who wait, for ever; any number of processes may. ``hint`` hears of who was told."""
    while True:
        try:
            for conversation_id in await asyncio.to_thread(tell, store):
                hint(conversation_id)
        except SQLAlchemyError as error:
            log.error("waits.not_told", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


def tell(store: Store) -> list[str]:
    """Ask those for patience whose message has waited so long; gives their conversations, some at a time."""
    told: list[str] = []
    with store.reading() as session:
        found = list(session.scalars(_waiting().limit(BATCH), {"before": now() - AFTER}))
    if not found:
        return told
    with store.writing() as session:
        for conversation_id in found:
            hers = select(Conversation).where(Conversation.id == conversation_id)
            conversation = session.scalar(hers.with_for_update(skip_locked=True))
            # Looked at again under the lock: she may have been answered, or told by another process.
            waits = _waiting().where(Turn.conversation_id == conversation_id)
            if conversation and session.scalar(waits, {"before": now() - AFTER}):
                notice = Reply(notices.text("please_wait"), sender="system")
                steps.append(session, conversation, notice)
                told.append(conversation_id)
    return told


@cache
def _waiting() -> Select[str]:
    """The bot's conversations whose oldest open turn nobody has begun since ``:before``, longest first.

    Where something was said behind the message, she is being answered, or was told.
    """
    earlier, since = aliased(Turn), aliased(Message)
    return (
        select(Turn.conversation_id)
        .join(Message, (Message.conversation_id == Turn.conversation_id) & (Message.seq == Turn.seq))
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(
            Turn.lease_until.is_(None),
            Message.at < bindparam("before"),
            Conversation.owner == ownership.BOT,
            ~exists().where(earlier.conversation_id == Turn.conversation_id, earlier.seq < Turn.seq),
            ~exists().where(
                since.conversation_id == Turn.conversation_id,
                since.seq > Turn.seq,
                since.sender != "shopper",
            ),
        )
        .order_by(Turn.id)
    )
