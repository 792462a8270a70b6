"""Reads what happens at the desk once for all streams of a process."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import feed
from bot.conversations.feed import Cursor, News
from bot.conversations.watch import wait
from bot.problems import Problem

from .services import Services

LOOK_SECONDS = 1.0
TOGETHER = 0.05  # seconds: what grows within them is read at once
AT_ONCE = 5  # streams of one token
BEGIN_SECONDS = 10.0
BEHIND = 500  # looks that a slow reader may be behind

log = structlog.get_logger()


class Follower:
    """One stream: what it has still to send, look by look; ``lost`` when it took too little."""

    def __init__(self) -> None:
        self.news: deque[tuple[list[News], Cursor]] = deque()
        self.woken = asyncio.Event()
        self.lost = False


class Follow:
    """Reads what happens once for all streams of this process, while there are any."""

    def __init__(self, desk: Services) -> None:
        self._desk = desk
        self._followers: set[Follower] = set()
        self._any = asyncio.Event()
        self._begun = asyncio.Event()
        self._reader: feed.Reader | None = None
        self._open: Counter[int | None] = Counter()

    @contextmanager
    def following(self, token: int | None) -> Iterator[Follower]:
        """Of what happens from now on. Raises Problem 429."""
        if self._open[token] >= AT_ONCE:
            detail = f"At most {AT_ONCE} at the same time."
            raise Problem(429, "too-many-streams", detail, {"Retry-After": "10"})
        follower = Follower()
        self._open[token] += 1
        self._followers.add(follower)
        self._any.set()
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            self._open[token] -= 1

    async def cursor(self) -> Cursor:
        """Of all behind this the followers of now are told. Raises TimeoutError while it cannot be read."""
        async with asyncio.timeout(BEGIN_SECONDS):
            await self._begun.wait()
        assert self._reader  # noqa: S101
        return self._reader.cursor

    async def run(self) -> None:
        """Read for ever."""
        while True:
            await self._any.wait()
            try:
                await self._read()
            except SQLAlchemyError as error:
                log.error("desk_api.not_read", error=type(error).__name__)
                self._begun.clear()
                for follower in self._followers:
                    # It ends, and its reader goes on where it was.
                    follower.lost = True
                    follower.woken.set()
                await asyncio.sleep(LOOK_SECONDS)

    async def _read(self) -> None:
        self._reader = reader = await asyncio.to_thread(feed.Reader, self._desk.store)
        self._begun.set()
        with self._desk.watcher.waiting() as grown:
            while self._followers:
                news = await asyncio.to_thread(reader.look)
                for follower in self._followers:
                    if news:
                        follower.news.append((news, reader.cursor))
                        follower.lost = follower.lost or len(follower.news) > BEHIND
                    # The board tells of presence and queues, which leave no rows.
                    follower.woken.set()
                await wait(grown, LOOK_SECONDS)
                await asyncio.sleep(TOGETHER)
                grown.clear()
        self._any.clear()
        self._begun.clear()
