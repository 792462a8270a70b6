"""The shop's order backend, asked from threads so that one slow answer holds up nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, TypeVar

from actions.backend.choice import connect
from actions.backend.contract import Shop, Unavailable
from actions.turn import Turn
from bot.settings import settings

T = TypeVar("T")

CALLS = 32  # at once; asyncio's own pool has but a handful of threads on a small machine
_threads = ThreadPoolExecutor(CALLS, thread_name_prefix="shop")


@cache
def shop() -> Shop:
    """The configured shop. Raises WrongShop."""
    return connect(settings, connections=CALLS)


async def ask_shop(turn: Turn, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Make one call of ``shop()`` within what is left of the turn's time.

    Raises:
        Unavailable: no answer in time.
        ShopError: what the call itself raises.
    """
    running = asyncio.get_running_loop().run_in_executor(_threads, partial(call, *args, **kwargs))
    try:
        return await asyncio.wait_for(running, turn.seconds_left)
    except TimeoutError:
        raise Unavailable("no answer within the turn's time") from None
