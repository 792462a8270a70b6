"""How often a shopper may call, and who counts as one."""

import ipaddress
import math
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from bot.problems import Problem

MINUTE, HOUR = 60.0, 3600.0


class RateLimit:
    """At most ``amount`` calls a key in any ``window`` of seconds, counted in this process.

    The library "limits" walks over all keys again and again, in threads of its own: too much for thousands.
    """

    def __init__(self, amount: int, window: float = MINUTE) -> None:
        self._amount, self._window = amount, window
        self._calls: dict[str, deque[float]] = {}
        self._swept = time.monotonic()

    def count(self, key: str) -> None:
        """Count one call. Raises Problem 429 with ``Retry-After`` seconds."""
        now = time.monotonic()
        if now - self._swept > self._window:
            self._sweep(now)
        calls = self._calls.setdefault(key, deque())
        while calls and now - calls[0] >= self._window:
            calls.popleft()
        if len(calls) >= self._amount:
            seconds = max(1, math.ceil(calls[0] + self._window - now))
            raise Problem(
                429, "too-many-requests", f"Try again in {seconds} seconds.", {"Retry-After": str(seconds)}
            )
        calls.append(now)

    def _sweep(self, now: float) -> None:
        """Forget who has not called lately."""
        self._swept = now
        for key, calls in list(self._calls.items()):
            if not calls or now - calls[-1] >= self._window:
                self._calls.pop(key, None)


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


def address(request: Request) -> str:
    """Whom to count: an address, and of IPv6 the network that one caller has."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address):
        return host
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
