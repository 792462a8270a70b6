"""The shop's order backend, asked from threads so that one slow answer holds up nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from threading import Semaphore
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from actions.backend.choice import connect
from actions.backend.contract import Customer, Shop, Unavailable
from actions.turn import Turn
from bot.settings import settings

T = TypeVar("T")

CALLS = 32  # at once; asyncio's own pool has but a handful of threads on a small machine
WAITING = 128  # for a thread, for as long as their turns last; more are refused at once
CALLS_OF_ONE = 8  # of one customer: her many tabs must not take the threads, and the turns, of all others
_threads = ThreadPoolExecutor(CALLS, thread_name_prefix="shop")
_room = Semaphore(CALLS + WAITING)
_places: WeakValueDictionary[str, Semaphore] = WeakValueDictionary()


@cache
def shop() -> Shop:
    """The configured shop. Raises WrongShop."""
    return connect(settings, connections=CALLS)


async def ask_shop(turn: Turn, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Make one call of ``shop()`` within what is left of the turn's time.

    Raises:
        Unavailable: no answer in time, or too many calls, of all or of the customer, are under way.
        ShopError: what the call itself raises.
    """
    running = _begin(turn.customer, partial(call, *args, **kwargs))
    try:
        return await asyncio.wait_for(asyncio.wrap_future(running), turn.seconds_left)
    except TimeoutError:
        raise Unavailable("no answer within the turn's time") from None


def _begin(customer: Customer | None, call: Callable[[], T]) -> Future[T]:
    places = [_room]
    if customer is not None:  # a visitor has one conversation, and in that one turn at a time
        places.append(_places.setdefault(customer.id, Semaphore(CALLS_OF_ONE)))
    taken = [place for place in places if place.acquire(blocking=False)]
    if len(taken) < len(places):
        _leave(taken)
        raise Unavailable("too many calls are under way")
    running = _threads.submit(call)
    # When the call ends, not when the turn gives it up: till then it holds its thread.
    running.add_done_callback(lambda _: _leave(taken))
    return running


def _leave(places: list[Semaphore]) -> None:
    for place in places:
        place.release()
