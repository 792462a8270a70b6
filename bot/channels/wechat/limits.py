"""How fast a shopper may write, by her openid: all of WeChat's calls come from the same few addresses."""

import time
from enum import Enum

from bot.channels.limits import MINUTE, RateLimit
from bot.problems import Problem


class Verdict(Enum):
    """What becomes of a message."""

    TAKEN = 0
    TOLD = 1
    """Not taken, and she is told so."""
    DROPPED = 2
    """Not taken without a word: she was told a moment ago."""


class Pace:
    """At most ``per_minute`` messages of each shopper, counted in this process.

    A message that WeChat delivers again has the verdict of its first delivery and is not counted.
    """

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimit(per_minute)
        self._verdicts: dict[tuple[str, str], tuple[float, Verdict]] = {}
        self._refused: dict[str, float] = {}
        self._swept = time.monotonic()

    def judge(self, openid: str, key: str) -> Verdict:
        """Count the message ``key``."""
        now = time.monotonic()
        if now - self._swept > MINUTE:
            self._sweep(now)
        if known := self._verdicts.get((openid, key)):
            return known[1]
        try:
            self._limit.count(openid)
        except Problem:
            return self.refuse(openid, key)
        self._verdicts[openid, key] = now, Verdict.TAKEN
        return Verdict.TAKEN

    def refuse(self, openid: str, key: str) -> Verdict:
        """The message is not taken. She is told once, and not again before a minute without a refusal."""
        now = time.monotonic()
        last = self._refused.get(openid)
        known = self._verdicts.get((openid, key))
        if known and known[1] is not Verdict.TAKEN:
            return known[1]
        verdict = Verdict.TOLD if last is None or now - last >= MINUTE else Verdict.DROPPED
        self._refused[openid] = now
        self._verdicts[openid, key] = now, verdict
        return verdict

    def _sweep(self, now: float) -> None:
        """Forget what WeChat does not deliver again, and who is quiet."""
        self._swept = now
        self._verdicts = {key: each for key, each in self._verdicts.items() if now - each[0] < MINUTE}
        self._refused = {openid: at for openid, at in self._refused.items() if now - at < MINUTE}
