"""How often a visitor may call."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.problems import Problem


class RateLimit:
    """At most ``amount`` calls a key in any minute (or other ``window``), counted in this process."""

    def __init__(self, amount: int, window: type[RateLimitItem] = RateLimitItemPerMinute) -> None:
        self._item = window(amount)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, key: str) -> None:
        """Count one call. Raises Problem 429 with ``Retry-After`` seconds."""
        if not self._limiter.hit(self._item, key):
            reset = self._limiter.get_window_stats(self._item, key).reset_time
            seconds = max(1, math.ceil(reset - time.time()))
            raise Problem(
                429, "too-many-requests", f"Try again in {seconds} seconds.", {"Retry-After": str(seconds)}
            )


class OpenAtOnce:
    """At most ``amount`` at the same time a key, counted in this process and in its event loop only."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """Count one while the body runs. Raises Problem 429 with ``Retry-After`` seconds."""
        if self._open[key] >= self._amount:
            raise Problem(
                429, "too-many-streams", f"At most {self._amount} at the same time.", {"Retry-After": "10"}
            )
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
