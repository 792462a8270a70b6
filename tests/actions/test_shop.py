"""Calls of the shop: within the turn's time, and no customer takes the threads of all others."""

import asyncio
import threading
import time

import pytest
from rasa_sdk import Tracker

from actions.backend.contract import Unavailable
from actions.shop import CALLS_OF_ONE, ask_shop
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


async def test_a_late_call_gets_little_time() -> None:
    going_on = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(Unavailable):
            await ask_shop(turn("late", spent=TURN_SECONDS), going_on.wait)
    finally:
        going_on.set()
    assert time.monotonic() - began < TURN_SECONDS / 2
