"""Calls of the shop, which may be slow or down: beside everything else, and in good time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from actions.backend.contract import Unavailable

T = TypeVar("T")
SECONDS = 10.0  # for one answer; the shop's own timeouts are shorter

# The shop may be slow: it must not hold up the threads that read the log, nor questions the deeds.
_questions = ThreadPoolExecutor(16, thread_name_prefix="orders")
_deeds = ThreadPoolExecutor(8, thread_name_prefix="deeds")


async def ask(call: Callable[..., T], *args: object, **kwargs: object) -> T:
    """Make a call that reads.

    Raises:
        Unavailable: it took too long; and what the call itself raises.
    """
    return await _in_time(_questions, partial(call, *args, **kwargs))


async def do(call: Callable[..., T], *args: object) -> T:
    """Make a call that writes; it goes on when nobody waits for it any longer. Raises as ``ask``."""
    return await _in_time(_deeds, partial(call, *args))


async def _in_time(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    running = asyncio.get_running_loop().run_in_executor(threads, call)
    try:
        return await asyncio.wait_for(asyncio.shield(running), SECONDS)
    except TimeoutError:
        running.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody asks any more
        raise Unavailable("no answer in time") from None
