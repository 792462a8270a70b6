"""Who is at work: signs of life of a desk, and the colleagues who may be given something."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership
from bot.handoff import agents

from .context import Context
from .dialogs import Option

log = structlog.get_logger()


def colleagues(ctx: Context, but: int | None = None) -> list[Option]:
    """Those who may be given a conversation now, each with her load; not ``but``, or else oneself."""
    board = ctx.desk.board.snapshot
    return [
        Option(
            str(agent.id),
            agent.name,
            f"{len(board.held.get(ownership.agent(agent.id), []))}/{agent.capacity}",
            mark=agent.presence,
        )
        for agent in board.agents.values()
        if agent.there and agent.id != (ctx.staff.id if but is None else but)
    ]


def at_work(ctx: Context) -> None:
    """Who serves somebody is at work: without a shift begun she is busy, and so not given more."""
    me = ctx.desk.board.snapshot.agents.get(ctx.staff.id)
    if me is None or me.presence == "offline":
        agents.come(ctx.desk.store, ctx.staff.id, ctx.staff.display_name, "busy")


def beat(ctx: Context, told: Callable[[bool], None]) -> None:
    """Give signs of life of the agent's desk as long as her browser shows the page.

    Args:
        told: called after each with whether it was heard.
    """
    begun = False

    async def run() -> None:
        while True:
            if ctx.client.has_socket_connection:
                try:
                    await asyncio.to_thread(agents.seen, ctx.desk.store, ctx.staff.id)
                except SQLAlchemyError as error:
                    log.error("desk.heartbeat_failed", error=type(error).__name__)
                    told(False)
                else:
                    told(True)
            await asyncio.sleep(agents.BEAT)

    def begin() -> None:
        nonlocal begun
        if not begun:
            begun = True
            ctx.run(run())

    ctx.client.on_connect(begin)
