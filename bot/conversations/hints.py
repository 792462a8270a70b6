"""Hints between processes by Redis, where one is set: they make things faster, and nothing relies on them."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

CHANNEL = "guitai:grown"
TIMEOUT = 1.0  # seconds that one command may take
HEARTBEAT = 2.0  # seconds
SILENCE = 5.0  # seconds without even one's own heartbeat: Redis is not there

log = structlog.get_logger()


class Hints:
    """Tells other processes which conversations have grown, and hears it from them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = secrets.token_hex(8)
        self._grown: set[str] = set()
        self._any = asyncio.Event()
        self._heard_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether hints arrive at present."""
        return self._heard_at is not None and time.monotonic() - self._heard_at < SILENCE

    def publish(self, conversation_id: str) -> None:
        """Tell the others, soon (call from the event loop); never waits and never fails."""
        self._grown.add(conversation_id)
        self._any.set()

    async def run(self, heard: Callable[[str], None]) -> None:
        """Publish, and call ``heard`` with what others have published, for ever."""
        client = Redis.from_url(
            self._url,
            socket_connect_timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        async with client as redis, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._speak(redis))
            tasks.create_task(self._listen(redis, heard))

    async def _speak(self, redis: Redis) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._any.wait(), HEARTBEAT)
            grown, self._grown = self._grown, set()
            self._any.clear()
            try:
                await redis.publish(CHANNEL, " ".join([self._name, *grown]))
            except (RedisError, OSError):
                await asyncio.sleep(TIMEOUT)

    async def _listen(self, redis: Redis, heard: Callable[[str], None]) -> None:
        while True:
            try:
                async with redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    while message := await channel.get_message(timeout=SILENCE):
                        if message["type"] != "message":
                            continue
                        if self._heard_at is None:
                            log.info("hints.heard")
                        self._heard_at = time.monotonic()
                        name, *grown = message["data"].split()
                        for conversation_id in grown if name != self._name else ():
                            heard(conversation_id)
            except (RedisError, OSError) as error:
                why = type(error).__name__
            else:
                why = "silence"
            if self._heard_at is not None:
                log.warning("hints.away", error=why)
            self._heard_at = None
            await asyncio.sleep(TIMEOUT)
