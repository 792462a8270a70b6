"""What the tests of the heart share."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from bot.conversations.steps import Reply
from bot.conversations.store import Store


@asynccontextmanager
async def beside(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these beside the body, as processes of their own would."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def asked(store: Store) -> str:
    """A conversation whose shopper has asked something."""
    conversation = store.begin("web", None, None).id
    store.receive(conversation, "q", "在吗")
    return conversation


def answered(store: Store) -> str:
    """A conversation whose shopper was answered by the bot."""
    conversation = asked(store)
    turn = store.claim_turn("me", 30)
    assert turn and store.finish_turn(turn, [Reply("在的")])
    return conversation
