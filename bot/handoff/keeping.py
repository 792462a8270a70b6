"""What keeps the queue moving: assignment, deadlines and the agents who have gone, looked after for ever."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.store import Store

from . import agents, assignment, deadlines

log = structlog.get_logger()

# Seconds between two looks; each costs one small query while there is nothing to do.
ASSIGN_SECONDS = 0.25
CHECK_SECONDS = 1.0


async def keep(store: Store, hint: Callable[[str], None]) -> None:
    """Look after the queue for ever; ``hint`` is told the conversations that changed.

    Any number of processes may.
    """
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_each(assignment.assign, store, hint, ASSIGN_SECONDS))
        tasks.create_task(_each(deadlines.check, store, hint, CHECK_SECONDS))
        tasks.create_task(_each(agents.drop_vanished, store, hint, CHECK_SECONDS))


async def _each(
    do: Callable[[Store], list[str]], store: Store, hint: Callable[[str], None], seconds: float
) -> None:
    while True:
        try:
            for conversation_id in await asyncio.to_thread(do, store):
                hint(conversation_id)
        except SQLAlchemyError as error:
            log.error("queue.not_kept", step=do.__name__, error=type(error).__name__)
        await asyncio.sleep(seconds)
