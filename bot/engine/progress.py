"""How far a training is: for people a line for each step, for programs a line of JSON each second."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import TextIO

from typing_extensions import Self

TICK_SECONDS = 1.0
# How many times slower or faster than the last training this one may seem.
PACE = (0.2, 10.0)
# What the first steps took says little.
PACE_AFTER_SECONDS = 3.0


class Reporter:
    """Writes lines of JSON to ``out``; ``expected`` are the seconds of each step of a former training."""

    def __init__(self, out: TextIO, expected: Mapping[str, float]) -> None:
        self._out, self._expected = out, expected
        self._lock = threading.Lock()

    def tell(self, **facts: object) -> None:
        """Write one line."""
        with self._lock:
            print(json.dumps(facts, ensure_ascii=False), file=self._out, flush=True)

    def forecast(
        self, steps: Mapping[str, float], step: str, seconds: float
    ) -> tuple[float | None, float | None]:
        """The share done and the seconds left, ``seconds`` into ``step``; None where nothing is expected."""
        total = sum(self._expected.values())
        if not total:
            return None, None
        past = sum(self._expected.get(name, 0) for name in steps)
        spent = sum(taken for name, taken in steps.items() if name in self._expected)
        pace = min(max(spent / past, PACE[0]), PACE[1]) if past > PACE_AFTER_SECONDS else 1.0
        past += min(seconds / pace, self._expected.get(step, 0))
        return round(past / total, 3), round((total - past) * pace, 1)


class Progress:
    """Prints each step as it begins, and its seconds when the next one does.

    The ``reporter`` is told each second besides.
    """

    def __init__(self, reporter: Reporter | None = None) -> None:
        self.steps: dict[str, float] = {}
        """Seconds of each step that is over."""
        self._reporter, self._out = reporter, sys.stdout
        self._step, self._begun = "", 0.0
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._first = time.monotonic()
        if self._reporter:
            self._ticker.start()
        return self

    def __call__(self, step: str) -> None:
        self.end()
        print(f"  {step} … ", end="", file=self._out, flush=True)
        self._step, self._begun = step, time.monotonic()
        self._report()

    def __exit__(self, *_error: object) -> None:
        self.end()
        self._ended.set()
        if self._reporter:
            self._ticker.join()

    def end(self) -> None:
        """The step that goes on is over."""
        if self._begun:
            seconds = time.monotonic() - self._begun
            print(f"{seconds:.1f} s", file=self._out, flush=True)
            self.steps[self._step] = round(self.steps.get(self._step, 0) + seconds, 2)
            self._begun = 0.0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._first

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            self._report()

    def _report(self) -> None:
        begun, step = self._begun, self._step
        if self._reporter and begun:
            share, left = self._reporter.forecast(dict(self.steps), step, time.monotonic() - begun)
            self._reporter.tell(step=step, share=share, seconds_left=left)
