"""Our engine beside the stock Rasa, in one run: ``make bench``, and --help for the options.

The stock one is Rasa as its documentation sets it up for Chinese (stock.yml), run by `rasa run` with its own
REST channel and SQL tracker store; both have the same domain, answers, action server and shop. What is
measured alternates between the two, and only one is asked at a time.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bot.settings import settings
from tests.bench.engine import measures, report
from tests.bench.engine.load import WrongAnswer, closed_loop, endless
from tests.bench.engine.sentences import understood
from tests.bench.engine.servers import Around, Engine, around
from tests.bench.engine.stock import (
    CACHE,
    DOCUMENTED_EPOCHS,
    EPOCHS,
    EVERY,
    CannotMeasure,
    documented_seconds,
    our_model,
    trained,
)

PARTS = ("parse", "turns", "growth", "process", "two")
BEGAN = time.monotonic()


def say(line: str) -> None:
    """One line of progress."""
    print(f"{time.monotonic() - BEGAN:5.0f} s  {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.engine", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--seconds", type=float, default=4, help="of each of the rounds under load")
    parser.add_argument("--growth", type=float, default=45, help="seconds of stock's longest conversations")
    parser.add_argument("--out", type=Path, default=CACHE / "engine.json")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing stays behind
    figures: dict[str, Any] = {}
    ended = ""
    try:
        with tempfile.TemporaryDirectory(prefix="guitai-bench-") as folder, ExitStack() as running:
            Bench(Path(folder), options, running, figures).run()
    except (CannotMeasure, WrongAnswer) as why:
        ended = f"The bench ended before all was measured: {why}"
    if figures:
        report.write(figures, options.out)
    sys.exit(ended or 0)


class Bench:
    """One run; ``running`` ends what it starts, ``figures`` takes what it measures."""

    def __init__(
        self, folder: Path, options: argparse.Namespace, running: ExitStack, figures: dict[str, Any]
    ) -> None:
        self._figures = figures
        self._folder, self._options, self._running = folder, options, running
        self._models = {which: trained(which) for which in ("ours", "stock")}  # of the same examples
        self._served = {"ours": our_model(settings), "stock": self._models["stock"].path}
        self._sentences = understood(self._served["ours"], self._served["stock"], say)
        # Each engine is told the same in the same order.
        self._said = {
            f"{which} {kind}": endless(sentences)
            for which in self._served
            for kind, sentences in self._sentences.items()
        }

    def run(self) -> None:
        """Measure all that was asked for. Raises CannotMeasure, WrongAnswer."""
        only, seconds, figures = self._options.only, self._options.seconds, self._figures
        figures |= {
            "processors": os.cpu_count(),
            "load at start": round(os.getloadavg()[0], 1),
            "served": {which: path.name for which, path in self._served.items()},
            "distinct sentences": {kind: len(each) for kind, each in self._sentences.items()},
            "notes": self._notes(),
        }
        if "parse" in only:
            mixed = [each for pair in zip(*self._sentences.values(), strict=False) for each in pair]
            figures["parse"] = measures.parsing(self._served, mixed, say)
            say(f"parse: {figures['parse']}")
        if {"turns", "growth", "process", "two"} & set(only):
            beside = self._running.enter_context(around(self._folder))
            first = {which: self._start(beside, which) for which in ("ours", "stock")}
            loaded = {which: engine.megabytes for which, engine in first.items()}
            self._warm(first)
            turns = measures.Turns(beside, self._said, seconds, say)
        if "turns" in only:
            engines = {which: [engine] for which, engine in first.items()}
            figures["turns"] = {}
            for number in measures.CONCURRENCIES:
                figures["turns"][str(number)] = turns.measure(engines, number)
            figures["saturated"] = {"one": figures["turns"][str(number)]}
        if "growth" in only:
            bounds = {"ours": 4 * self._options.growth, "stock": self._options.growth}
            figures["growth"] = measures.growing(first, self._said, bounds, say)
        if {"process", "two"} & set(only):
            under_load = {which: engine.megabytes for which, engine in first.items()}
            second, changes = self._second(beside, first)
            self._warm(second)
        if "two" in only:
            engines = {which: [first[which], second[which]] for which in first}
            two = turns.measure(engines, max(measures.CONCURRENCIES))
            figures.setdefault("saturated", {})["two"] = two
        if "process" in only:
            starts = {
                which: min(first[which].seconds_to_ready, second[which].seconds_to_ready) for which in first
            }
            changes["stock"] = self._put_model(second["stock"])
            figures["process"] = {
                "seconds from start to first answer": _rounded(starts),
                "MB resident, loaded": _rounded(loaded),
                "MB resident, after the load": _rounded(under_load),
                "seconds to change the model": _rounded({which: each[0] for which, each in changes.items()}),
                "longest wait meanwhile, s": _rounded({which: each[1] for which, each in changes.items()}),
                **self._training(),
            }
        figures["load at end"] = round(os.getloadavg()[0], 1)
        figures["seconds"] = round(time.monotonic() - BEGAN)
        figures["notes"] += [
            f"Load of the machine at start {figures['load at start']}, at end {figures['load at end']}; its "
            f"{os.cpu_count()} processors are shared by engine, actions, shop and sender."
        ]

    def _start(self, beside: Around, which: str, *options: str) -> Engine:
        engine = beside.start(which, self._served[which], *options)
        self._running.callback(engine.stop)
        say(f"{which} answers {engine.seconds_to_ready:.1f} s after its start, {engine.megabytes:.0f} MB")
        return engine

    def _warm(self, engines: dict[str, Engine]) -> None:
        for which, engine in engines.items():
            for kind in measures.KINDS:
                asyncio.run(closed_loop([engine], self._said[f"{which} {kind}"], 4, 2))

    def _second(
        self, beside: Around, first: dict[str, Engine]
    ) -> tuple[dict[str, Engine], dict[str, tuple[float, float]]]:
        """A second process of each, and what ours made shoppers wait: so ours changes its model."""
        second = {"stock": self._start(beside, "stock", "--enable-api")}

        def start() -> None:
            second["ours"] = self._start(beside, "ours")

        said = self._said["ours plain"]
        return second, {"ours": asyncio.run(measures.while_asked(first["ours"], said, start))}

    def _put_model(self, engine: Engine) -> tuple[float, float]:
        """So the stock one changes its model; it is told to read anew the one that it has."""

        def put() -> None:
            body = {"model_file": str(self._served["stock"])}
            httpx.put(f"{engine.address}/model", json=body, timeout=180).raise_for_status()

        say("stock changes its model")
        return asyncio.run(measures.while_asked(engine, self._said["stock plain"], put))

    def _training(self) -> dict[str, Any]:
        ours, stock = self._models["ours"], self._models["stock"]
        served = {"ours": self._served["ours"].stat().st_size / 1e6, "stock": stock.megabytes}
        seconds = {"ours": ours.training["seconds"], "stock": documented_seconds(stock.training)}
        return {
            "seconds of training, of the same examples": _rounded(seconds),
            "MB of model, of the same examples": _rounded({"ours": ours.megabytes, "stock": stock.megabytes}),
            "MB of model, as served": _rounded(served),
        }

    def _notes(self) -> list[str]:
        took = self._models["stock"].training["seconds"]
        return [
            f"The stock model served here is of each {EVERY}th example and {EPOCHS} epochs of DIET: smaller "
            "and faster than one of all examples, which is in its favour. Ours is of all.",
            f"Training: both of each {EVERY}th example. Stock's took {took:.0f} s; DIET's {EPOCHS} epochs "
            f"are reckoned up to the documented {DOCUMENTED_EPOCHS} by the mean of all but the first.",
        ]


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {which: round(each, 2 if each < 10 else 1) for which, each in figures.items()}


if __name__ == "__main__":
    main()
