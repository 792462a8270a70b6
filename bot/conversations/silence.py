"""What follows when a shopper is silent: an agent's service is reminded of, later closed; a bot's closed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from . import notices, ownership, steps
from .models import Conversation
from .steps import Reply, now
from .store import Store

LOOK_SECONDS = 5
BATCH = 100
OUTSIDE = timedelta(hours=6)  # from a shopper's last word, where nobody told that her service has ended

log = structlog.get_logger()


@dataclass(frozen=True)
class Silence:
    """How long a silence lasts before something follows; a time of zero: it never does."""

    remind: timedelta
    """From an agent's last word to the reminder."""
    close: timedelta
    """From the reminder to the end of the agent's service."""
    bot_close: timedelta
    """From the bot's last word to the end of its service."""

    def keep(self, store: Store) -> list[str]:
        """Do what is due now; gives the conversations that it changed. Any number of processes may."""
        reminded, bot = _WITH_AGENT & Conversation.reminded, Conversation.owner == ownership.BOT
        return [
            *_each_quiet(store, _WITH_AGENT & ~Conversation.reminded, self.remind, _remind),
            *_each_quiet(store, reminded, self.close, _close),
            *_each_quiet(store, bot, self.bot_close, _close),
            *_each_quiet(store, Conversation.owner == ownership.OUTSIDE, OUTSIDE, _leave_off),
        ]

    async def watch(self, store: Store) -> None:
        """Keep it for ever."""
        while True:
            try:
                await asyncio.to_thread(self.keep, store)
            except SQLAlchemyError as error:
                log.error("silence.not_kept", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)


_WITH_AGENT = Conversation.owner.startswith(ownership.AGENT_PREFIX)


def _each_quiet(
    store: Store,
    which: ColumnElement[bool],
    after: timedelta,
    act: Callable[[Session, Conversation], None],
) -> list[str]:
    """Act on the conversations that have been quiet for so long, each in a transaction of its own."""
    if not after:
        return []
    due = which & (Conversation.quiet_since <= now() - after)
    with store.reading() as session:
        found = session.scalars(
            select(Conversation.id).where(due).order_by(Conversation.quiet_since).limit(BATCH)
        )
        ids = list(found)
    changed = []
    for conversation_id in ids:
        with store.writing() as session:
            # Somebody may have spoken meanwhile.
            mine = select(Conversation).where(due, Conversation.id == conversation_id).with_for_update()
            if conversation := session.scalar(mine):
                act(session, conversation)
                changed.append(conversation_id)
    return changed


def _remind(session: Session, conversation: Conversation) -> None:
    steps.append(session, conversation, Reply(notices.text("remind"), sender="system"))
    conversation.quiet_since, conversation.reminded = now(), True


def _close(session: Session, conversation: Conversation) -> None:
    steps.end(
        session, conversation, "close", "closed_by_silence", by="system", reason="silence", outcome="silence"
    )


def _leave_off(session: Session, conversation: Conversation) -> None:
    # Without a word: it was not our service, and her next message goes to the bot.
    steps.move(session, conversation, "close", by="system", reason="silence")
