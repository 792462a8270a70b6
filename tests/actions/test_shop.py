"""Calls of the shop: within the turn's time, and no customer takes the threads of all others."""

import asyncio
import threading
import time

import pytest
from rasa_sdk import Tracker

from actions.backend.contract import Unavailable
from actions.shop import CALLS, CALLS_OF_ONE, WAITING, ask_shop
from actions.turn import TURN_SECONDS, Turn


def turn(customer: str | None, spent: float = 0) -> Turn:
    """A turn that began ``spent`` seconds ago."""
    metadata = {"customer": {"id": customer, "verified": True} if customer else None}
    began = {"event": "user", "timestamp": time.time() - spent}
    return Turn(Tracker("test", {}, {"metadata": metadata}, [began], False, None, {}, "action_listen"))


async def test_one_customers_calls_are_limited_and_others_are_served() -> None:
    going_on = threading.Event()
    calls = [asyncio.create_task(ask_shop(turn("many"), going_on.wait)) for _ in range(CALLS_OF_ONE)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(Unavailable):
            await ask_shop(turn("many"), str, 1)
        assert await ask_shop(turn("another"), str, 1) == "1"
        assert await ask_shop(turn(None), str, 1) == "1"
    finally:
        going_on.set()
    assert all(await asyncio.gather(*calls))
    assert await ask_shop(turn("many"), str, 1) == "1"


async def test_as_many_calls_wait_as_there_is_room_for_and_who_gave_up_waits_no_more() -> None:
    going_on = threading.Event()
    calls = [
        asyncio.create_task(ask_shop(turn(f"waits {number}"), going_on.wait))
        for number in range(CALLS + WAITING)
    ]
    await asyncio.sleep(0)
    try:
        with pytest.raises(Unavailable):
            await ask_shop(turn("one too many"), str, 1)
        calls.pop().cancel()
        await asyncio.sleep(0.1)
        calls.append(asyncio.create_task(ask_shop(turn("in time"), going_on.wait)))
        await asyncio.sleep(0)
    finally:
        going_on.set()
    assert all(await asyncio.gather(*calls))


async def test_a_late_call_gets_little_time() -> None:
    going_on = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(Unavailable):
            await ask_shop(turn("late", spent=TURN_SECONDS), going_on.wait)
    finally:
        going_on.set()
    assert time.monotonic() - began < TURN_SECONDS / 2
