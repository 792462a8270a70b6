"""What is measured: each function takes both engines in turn and returns figures by kind (ours, stock)."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import aiohttp

from tests.bench.engine.load import TIMEOUT, Told, beside_short_ones, closed_loop, long_conversation, turn
from tests.bench.engine.sentences import BLOCK, Reader, Sentence
from tests.bench.engine.servers import CUSTOMERS, Around, Engine, cpu_seconds

Say = Callable[[str], None]
Figures = dict[str, Any]

KINDS = ("plain", "action")
CONCURRENCIES = (1, 8, 32)
ROUNDS = 2
TURNS = (1, 5, 10, 50, 200, 500)
PARSED = 300


def milliseconds(times: Sequence[float]) -> dict[str, float]:
    """p50 and p95 of seconds."""
    cuts = quantiles(times, n=20, method="inclusive")
    return {"p50": round(cuts[9] * 1000, 1), "p95": round(cuts[18] * 1000, 1)}


def parsing(models: dict[str, Path], sentences: list[Sentence], say: Say) -> Figures:
    """Milliseconds to parse a message in a process that does nothing else, block by block in turn."""
    texts = [sentence.text for sentence in sentences[:PARSED]]
    times: dict[str, list[float]] = {which: [] for which in models}
    say("loading both models to parse with them")
    with ExitStack() as running:
        readers = {which: running.enter_context(Reader(which, model)) for which, model in models.items()}
        for reader in readers.values():
            reader.ask(["您好"])
        for reader in readers.values():
            reader.readings()
        for first, (which, reader) in itertools.product(range(0, len(texts), BLOCK), readers.items()):
            reader.ask(texts[first : first + BLOCK])
            times[which] += [each / 1000 for _, each in reader.readings()]
    return {which: milliseconds(each) for which, each in times.items()}


class Turns:
    """Turns by several shoppers at once, ours and stock by rounds."""

    def __init__(self, beside: Around, said: dict[str, Iterator[Sentence]], seconds: float, say: Say) -> None:
        """``said`` gives what each kind of engine is told next, by ``ours plain`` and so on."""
        self._around, self._said, self._seconds, self._say = beside, said, seconds, say

    def measure(self, engines: dict[str, list[Engine]], concurrency: int) -> dict[str, Figures]:
        """By kind of turn and engine: p50, p95, messages a second, and who computed how long for one."""
        measured = {}
        for kind in KINDS:
            self._say(f"{kind} turns, {concurrency} at once")
            measured[kind] = self._measure(engines, concurrency, kind)
        return measured

    def _measure(self, engines: dict[str, list[Engine]], concurrency: int, kind: str) -> Figures:
        told = {which: Told() for which in engines}
        cpu: dict[str, dict[str, float]] = {which: defaultdict(float) for which in engines}
        for _, (which, asked) in itertools.product(range(ROUNDS), engines.items()):
            before = self._cpu(asked)
            said = self._said[f"{which} {kind}"]
            told[which].add(asyncio.run(closed_loop(asked, said, concurrency, self._seconds)))
            for name, seconds in self._cpu(asked).items():
                cpu[which][name] += seconds - before[name]
        return {which: self._figures(which, each, cpu[which]) for which, each in told.items()}

    def _figures(self, which: str, told: Told, cpu: dict[str, float]) -> Figures:
        told.check(which)
        count = len(told.times)
        figures = {
            **milliseconds(told.times),
            "a second": round(told.rate, 1),
            "messages": count,
            "otherwise read": told.misread.total(),
            "CPU ms each": {name: round(seconds / count * 1000, 2) for name, seconds in cpu.items()},
            "CPU of the sender": f"{100 * told.own_cpu / told.lasted:.0f} %",
        }
        self._say(f"  {which:6}{figures}")
        return figures

    def _cpu(self, engines: list[Engine]) -> dict[str, float]:
        return {
            "engine": sum(cpu_seconds(engine.process) for engine in engines),
            "actions": cpu_seconds(self._around.actions),
            "shop": cpu_seconds(self._around.shop),
        }


def growing(
    engines: dict[str, Engine], said: dict[str, Iterator[Sentence]], bounds: dict[str, float], say: Say
) -> dict[str, Figures]:
    """Milliseconds of the turns of one long conversation, by kind of turn and engine.

    ``bounds`` are the seconds that each engine may take; where they were too few, later turns are missing.
    """
    figures: dict[str, Figures] = {}
    for kind in KINDS:
        figures[kind] = {}
        for which, engine in engines.items():
            said_now = said[f"{which} {kind}"]
            conversation, times = asyncio.run(long_conversation(engine, said_now, TURNS[-1], bounds[which]))
            figures[kind][which] = {"turns": len(times), **_around_turns(times)}
            if len(times) == TURNS[-1]:
                pairs = asyncio.run(beside_short_ones(engine, said_now, conversation))
                for name, each in zip(("late", "fifth"), pairs, strict=True):
                    figures[kind][which][name] = round(1000 * median(each), 1)
            say(f"one conversation, {kind}, {which}: {figures[kind][which]}")
    return figures


def _around_turns(times: Sequence[float]) -> dict[str, float]:
    """The median of the turns about each that is asked for; of the first, itself."""
    reached = [at for at in TURNS if at <= len(times)]
    return {
        str(at): round(1000 * median(times[:1] if at == 1 else times[max(0, at - 5) : at + 4]), 1)
        for at in reached
    }


async def while_asked(engine: Engine, sentences: Iterator[Sentence], changing: Any) -> tuple[float, float]:
    """Change the model by ``changing``, a function without arguments, while one shopper goes on asking.

    Returns the seconds it took and the longest wait of the shopper.
    """
    waits: list[float] = []
    async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
        began = time.perf_counter()
        change = asyncio.create_task(asyncio.to_thread(changing))
        while not change.done():
            took, _ = await turn(http, engine, uuid4().hex, CUSTOMERS[0], next(sentences))
            waits.append(took)
            await asyncio.sleep(0.1)
        await change
    return time.perf_counter() - began, max(waits)
