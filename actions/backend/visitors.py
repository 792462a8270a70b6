"""What an adapter needs whose shop knows no anonymous visitors: scoped tokens, and counts of wrong tries."""

import hmac
import threading
import time
from datetime import UTC, datetime, timedelta
from math import ceil

import jwt

from actions.backend.contract import Locked, Unavailable, Verification, Visitor

SCOPED = timedelta(minutes=30)
AUDIENCE = "shop"
_CROWD = 1000  # so many keys are kept before those that no longer count are thrown away


class Tries:
    """Wrong tries by key, such as an order number; safe to share between threads.

    Kept in this process: a restart forgets them.

    Args:
        allowed: so many within ``seconds`` of each other, then the key is locked.
        seconds: how long, counted from the last try before the lock.
    """

    def __init__(self, allowed: int, seconds: float = 900) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._tries: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Raises Locked after too many tries."""
        with self._lock:
            self._so_far(key)

    def count(self, key: str) -> None:
        """Count one more. Raises Locked instead after too many; asking a locked key prolongs nothing."""
        with self._lock:
            so_far = self._so_far(key)
            now = time.monotonic()
            if len(self._tries) > _CROWD:
                self._tries = {k: t for k, t in self._tries.items() if now - t[1] < self._seconds}
            self._tries[key] = (so_far + 1, now)

    def forget(self, key: str) -> None:
        """A right try clears the wrong ones before."""
        with self._lock:
            self._tries.pop(key, None)

    def _so_far(self, key: str) -> int:
        count, last = self._tries.get(key, (0, 0.0))
        wait = last + self._seconds - time.monotonic()
        if count and wait <= 0:
            return 0
        if count >= self._allowed:
            raise Locked(ceil(wait))
        return count


def same_tail(phone: str, tail: str) -> bool:
    """Whether ``phone`` ends in the four digits of ``tail``, however it is written."""
    digits = "".join(character for character in phone if character in "0123456789")
    return hmac.compare_digest(digits[-4:].encode(), tail.encode()) and len(tail) == 4


def admit(order_no: str, secret: str) -> Verification:
    """A token that opens this one order."""
    expires = datetime.now(UTC).replace(microsecond=0) + SCOPED
    claims = {"order": order_no, "aud": AUDIENCE, "exp": expires}
    return Verification(order_no, expires, jwt.encode(claims, secret, algorithm="HS256"))


def opened_by(visitor: Visitor, secret: str) -> str:
    """The number of the order that the visitor's token opens. Raises Unavailable if it opens none now."""
    try:
        claims = jwt.decode(
            visitor.token,
            secret,
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={"require": ["exp", "order"]},
        )
    except jwt.InvalidTokenError as error:
        raise Unavailable(f"visitor's token: {type(error).__name__}") from None
    return str(claims["order"])
