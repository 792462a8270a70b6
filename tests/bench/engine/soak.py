"""Does the engine stay as fast and as small as it was? ``make soak-engine``, and --help for the options.

Questions and requests come at a steady rate, a part of what was found to be the most just before; most in
short conversations, some in a few that never end. Every minute tells what was answered, how fast, and what
memory each process holds. It fails on any error, on memory that grows and on answers that become slower: the
last quarter of the time beside the second, as in the first memory fills up that is then kept. The processor's
time an answer tells whether it is the engine that became slower, or the machine that had less for it.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

import aiohttp
import psutil

from bot.settings import settings
from tests.bench.engine.load import OTHERWISE_LIMIT, TIMEOUT, WrongAnswer, closed_loop, endless, turn
from tests.bench.engine.measures import milliseconds
from tests.bench.engine.sentences import Sentence, understood
from tests.bench.engine.servers import CUSTOMERS, Around, Engine, around
from tests.bench.engine.stock import CannotMeasure, our_model, trained

LONG = 16  # conversations that never end
LONG_SHARE = 0.2  # of the messages
SHORT = 5  # turns of any other
SATURATED = 32  # shoppers at once for each engine, while the most is looked for
SEEKING = 60  # seconds for that: in a few, a shared machine may be much faster than in half an hour
GROWTH = 1.05
SLOWER = 1.5


@dataclass
class Minute:
    """What happened within one minute."""

    times: list[float] = field(default_factory=list)
    late: int = 0
    """Messages that were not sent, as too many were unanswered."""
    otherwise_read: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    megabytes: dict[str, float] = field(default_factory=dict)
    busy: float = 0.0
    """Seconds of processor that the engines needed."""

    @property
    def processor(self) -> float:
        """Milliseconds of processor an answer."""
        return 1000 * self.busy / max(1, len(self.times))

    def line(self, number: int, lasted: float) -> str:
        at = milliseconds(self.times) if len(self.times) > 1 else {"p50": 0, "p95": 0}
        held = "  ".join(f"{name} {each:.0f}" for name, each in self.megabytes.items())
        wrong = self.errors.total() + self.late
        return (
            f"{number:4}{len(self.times) / lasted:9.1f}{at['p50']:9.1f}{at['p95']:9.1f}"
            f"{self.processor:9.2f}{wrong:8}{self.otherwise_read:8}   {held}"
        )


class Shoppers:
    """Conversations of which each has one turn under way at most."""

    def __init__(self) -> None:
        self._long = [uuid4().hex for _ in range(LONG)]
        self._short: list[tuple[str, int]] = []

    def next(self) -> tuple[str, int]:
        """A conversation that waits for its next turn, and its turns until then; a long one has -1."""
        if self._long and random.random() < LONG_SHARE:
            return self._long.pop(random.randrange(len(self._long))), -1
        if len(self._short) < 4 * LONG:
            return uuid4().hex, 0
        return self._short.pop(random.randrange(len(self._short)))

    def answered(self, conversation: str, turns: int) -> None:
        if turns < 0:
            self._long.append(conversation)
        elif turns + 1 < SHORT:
            self._short.append((conversation, turns + 1))


class Soak:
    """The load and its record, minute by minute."""

    def __init__(self, beside: Around, engines: list[Engine], sentences: list[Sentence]) -> None:
        self._engines, self._said = engines, endless(sentences)
        self._processes: dict[str, psutil.Process] = {
            **{f"engine {number}": engine.process for number, engine in enumerate(engines, 1)},
            "actions": beside.actions,
            "shop": beside.shop,
        }
        self.minutes: list[Minute] = []

    async def run(self, rate: float, minutes: int) -> None:
        shoppers, waiting = Shoppers(), set[asyncio.Task[None]]()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256), timeout=TIMEOUT) as http:
            begin = due = time.monotonic()
            for number in range(1, minutes + 1):
                minute, used = Minute(), self._used()
                self.minutes.append(minute)
                while due < begin + 60 * number:
                    due += random.expovariate(rate)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    if len(waiting) >= 256:
                        minute.late += 1
                        continue
                    task = asyncio.create_task(self._turn(http, shoppers, minute))
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
                minute.megabytes = {
                    name: each.memory_info().rss / 2**20 for name, each in self._processes.items()
                }
                minute.busy = self._used() - used
                print(minute.line(number, 60), flush=True)
            await asyncio.gather(*waiting)

    async def _turn(self, http: aiohttp.ClientSession, shoppers: Shoppers, minute: Minute) -> None:
        conversation, turns = shoppers.next()
        customer = CUSTOMERS[int(conversation[:8], 16) % len(CUSTOMERS)]
        engine = self._engines[int(conversation, 16) % len(self._engines)]
        try:
            took, right = await turn(http, engine, conversation, customer, next(self._said))
        except WrongAnswer as wrong:
            minute.errors[str(wrong)] += 1
            return
        minute.times.append(took)
        minute.otherwise_read += not right
        shoppers.answered(conversation, turns)

    def faults(self) -> list[str]:
        """What was not as it should be."""
        found = [f"{n} times: {what}" for m in self.minutes for what, n in m.errors.items()]
        late = sum(minute.late for minute in self.minutes)
        found += [f"{late} messages could not be sent: 256 were unanswered."] * bool(late)
        answered = sum(len(minute.times) for minute in self.minutes)
        otherwise = sum(minute.otherwise_read for minute in self.minutes)
        if otherwise > OTHERWISE_LIMIT * answered:
            found.append(f"{otherwise} of {answered} messages got another answer than they should.")
        quarter = len(self.minutes) // 4
        if found or not quarter:
            return found
        before, after = self.minutes[quarter : 2 * quarter], self.minutes[-quarter:]
        for name in self._processes:
            was, now = (median(m.megabytes[name] for m in part) for part in (before, after))
            if now > was * GROWTH:
                found.append(f"{name} grew from {was:.0f} to {now:.0f} MB.")
        was, now = (median(milliseconds(m.times)["p50"] for m in part) for part in (before, after))
        if now > was * SLOWER:
            needed, needs = (median(m.processor for m in part) for part in (before, after))
            found.append(
                f"The median answer took {was:.1f} ms, then {now:.1f}; "
                f"of the processor {needed:.1f} ms an answer, then {needs:.1f}."
            )
        return found

    def _used(self) -> float:
        """Seconds of processor that the engines have needed so far."""
        times = [engine.process.cpu_times() for engine in self._engines]
        return sum(each.user + each.system for each in times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.engine.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--engines", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.7, help="of the most messages a second")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing stays behind
    try:
        with tempfile.TemporaryDirectory(prefix="guitai-soak-") as folder, ExitStack() as running:
            faults = _soak(Path(folder), options, running)
    except (CannotMeasure, WrongAnswer) as why:
        sys.exit(f"The soak ended without a result: {why}")
    if faults:
        sys.exit("\n".join(["The engine did not stay as it was:", *faults]))
    print("No error; memory and answer times stayed as they were.")


def _soak(folder: Path, options: argparse.Namespace, running: ExitStack) -> list[str]:
    model = our_model(settings)
    said = understood(model, trained("stock").path, print)
    sentences = [each for pair in zip(*said.values(), strict=False) for each in pair]
    beside = running.enter_context(around(folder))
    engines = []
    for number in range(1, options.engines + 1):
        print(f"Starting engine {number}", flush=True)
        engines.append(beside.start("ours", model))
        running.callback(engines[-1].stop)
    print("Looking for the most messages a second", flush=True)
    shoppers = SATURATED * len(engines)
    for seconds in (5, SEEKING):  # the first to warm up
        most = asyncio.run(closed_loop(engines, endless(sentences), shoppers, seconds)).rate
    rate = most * options.share
    print(f"{most:.1f} messages a second at most; now {rate:.1f} for {options.minutes} minutes.")
    print(
        f"{'min':>4}{'msg/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'errors':>8}{'other':>8}   MB held",
        flush=True,
    )
    soak = Soak(beside, engines, sentences)
    asyncio.run(soak.run(rate, options.minutes))
    return soak.faults()


if __name__ == "__main__":
    main()
