"""Hints between processes by Redis, which may be slow, away and back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversations.hints import Hints
from tests.redis_server import RedisServer
from tests.servers import free_port


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Hints, asyncio.Queue[str], asyncio.Queue[str]]]:
    """One that publishes, and what each of two hears."""
    one, other = Hints(url), Hints(url)
    hears_one, hears_other = asyncio.Queue[str](), asyncio.Queue[str]()
    tasks = [
        asyncio.create_task(one.run(hears_one.put_nowait)),
        asyncio.create_task(other.run(hears_other.put_nowait)),
    ]
    try:
        yield one, hears_one, hears_other
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def told(one: Hints, heard: asyncio.Queue[str], conversation: str) -> None:
    """Publish until it is heard: what is published while nobody listens is lost, as it may be."""
    async with asyncio.timeout(20):
        while True:
            one.publish(conversation)
            try:
                async with asyncio.timeout(0.2):
                    if await heard.get() == conversation:
                        return
            except TimeoutError:
                continue


async def until(one: Hints, alive: bool) -> None:
    deadline = time.monotonic() + 20
    while one.alive != alive:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_others_hear_what_one_publishes(redis: RedisServer) -> None:
    async with two(redis.url) as (one, hears_one, hears_other):
        await until(one, alive=True)
        await told(one, hears_other, "c1")
        assert hears_one.empty(), "a process need not hear itself"


async def test_it_listens_again_when_redis_is_back(redis: RedisServer) -> None:
    async with two(redis.url) as (one, _, hears_other):
        await told(one, hears_other, "c1")
        await until(one, alive=True)
        redis.stop()
        await until(one, alive=False)
        redis.start()
        await told(one, hears_other, "c2")


async def test_a_hung_redis_is_as_good_as_none(redis: RedisServer) -> None:
    async with two(redis.url) as (one, _, hears_other):
        await told(one, hears_other, "c1")
        await until(one, alive=True)
        redis.process.send_signal(signal.SIGSTOP)
        await until(one, alive=False)
        redis.process.send_signal(signal.SIGCONT)
        await told(one, hears_other, "c2")
        await until(one, alive=True)


async def test_without_a_redis_nothing_happens() -> None:
    async with two(f"redis://127.0.0.1:{free_port()}") as (one, _, hears_other):
        one.publish("c1")
        await asyncio.sleep(1.5)
        assert not one.alive and hears_other.empty()
