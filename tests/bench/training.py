"""Do shoppers notice that a model is trained? ``make bench-training``.

The real engine with its actions and the sample shop is asked so many messages a second, before, while and
after the project's own data is trained as the worker does it. What else the machine had to do differs
between the rounds: ``load`` tells.
"""

import argparse
import asyncio
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import aiohttp

from bot.settings import ROOT, settings
from bot.studio.models import Models
from bot.studio.training.process import Trainer
from bot.studio.training.runner import ENGINE_PYTHON
from tests.bench.engine.servers import CUSTOMERS, Engine, around

QUESTIONS = ["你好", "多少钱包邮", "怎么开发票", "帮我查一下订单", "我的快递到哪了", "几天能发货"]
AIM = 2.0


@dataclass
class Round:
    """Seconds of each answer, and the machine's load over the last minute."""

    name: str
    seconds: list[float] = field(default_factory=list)
    lasted: float = 0
    load: float = 0

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=20, method="inclusive")[18]

    def row(self) -> str:
        cuts = quantiles(self.seconds, n=20, method="inclusive")
        figures = (f"{value * 1000:8.0f}" for value in (cuts[9], self.p95, max(self.seconds)))
        return f"{self.name:20}{len(self.seconds):8}{self.lasted:8.0f}{self.load:8.1f}{''.join(figures)}"


async def ask(http: aiohttp.ClientSession, engine: Engine, customer: str, text: str, into: Round) -> None:
    began = time.perf_counter()
    body = engine.body(uuid4().hex, customer, text)
    async with http.post(engine.url, data=body, headers=engine.headers) as answer:
        replies = engine.replies(await answer.json())
    if not answer.ok or not replies:
        raise RuntimeError(f"{text!r} got no answer: {answer.status}")
    into.seconds.append(time.perf_counter() - began)


async def asked(engine: Engine, name: str, rate: float, goes_on: Callable[[float], bool]) -> Round:
    """Messages at random moments, ``rate`` a second, as long as it ``goes_on`` (given the seconds so far)."""
    chance, this = random.Random(name), Round(name)
    customers, began = itertools.cycle(CUSTOMERS), time.perf_counter()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        while goes_on(time.perf_counter() - began):
            tasks.create_task(ask(http, engine, next(customers), chance.choice(QUESTIONS), this))
            await asyncio.sleep(chance.expovariate(rate))
    this.lasted, this.load = time.perf_counter() - began, os.getloadavg()[0]
    return this


async def rounds(engine: Engine, folder: Path, rate: float, seconds: float) -> list[Round]:
    await asked(engine, "warming up", rate, lambda past: past < 5)
    before = await asked(engine, "before", rate, lambda past: past < seconds)
    arguments = ["--root", str(ROOT), "--out", str(folder)]
    trainer = await Trainer.start(ENGINE_PYTHON, arguments, folder / "scratch")
    try:
        ended = asyncio.create_task(trainer.ended(1e6))
        beside = await asked(engine, "during a training", rate, lambda _: not ended.done())
    finally:
        await trainer.kill()
    if await ended:
        raise RuntimeError(f"The training failed: {trainer.log[-400:]}")
    return [before, beside, await asked(engine, "after", rate, lambda past: past < seconds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=3, help="messages a second")
    parser.add_argument("--seconds", type=float, default=60, help="of the rounds before and after")
    given = parser.parse_args()
    newest, *_ = Models(settings.models_dir).listed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scratch").mkdir()
        with around(folder / "data") as beside:
            engine = beside.start("ours", newest.path)
            try:
                measured = asyncio.run(rounds(engine, folder, given.rate, given.seconds))
            finally:
                engine.stop()
    heads = f"{'answers':>8}{'seconds':>8}{'load':>8}{'p50':>8}{'p95':>8}{'max':>8}"
    print(f"\n{'milliseconds':20}{heads}")
    for each in measured:
        print(each.row())
    first, during, last = measured
    ratio = during.p95 / ((first.p95 + last.p95) / 2)
    print(f"\nDuring a training p95 is {ratio:.2f} times that of the other rounds (aim: at most {AIM:g}).")
    if ratio > AIM:
        sys.exit(1)


if __name__ == "__main__":
    main()
