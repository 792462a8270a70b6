"""``python -m bot.sandbox``: a model to chat with, beside it the actions and a shop with throwaway books.

Started by the office (bot/studio/sandbox) in a process group of its own. Each line on standard input is a
wish as JSON, answered by one line on standard output; before that there is a line for each step of the start.
It ends with its input, and so with the office, and takes all with it that it has started.
"""

import argparse
import json
import os
import queue
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bot.launcher import ENGINE_PYTHON
from bot.settings import ROOT, settings
from bot.shop import seed
from bot.stage import STOPS_WITHIN, CannotStage, environment, stage

CHUNK = 64 * 1024
# Of a turn that may be taken back the shop's books are kept, some 300 KB each.
KEPT = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.sandbox", description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="archive")
    parser.add_argument("--work", type=Path, required=True, help="a folder of its own, deleted at its end")
    options = parser.parse_args()
    wishes: queue.Queue[bytes] = queue.Queue()
    with ExitStack() as around:
        around.callback(shutil.rmtree, options.work, ignore_errors=True)
        engine = _engine(options.model)
        around.callback(_stop, engine)
        threading.Thread(target=_read, args=(wishes, engine), daemon=True).start()
        try:
            _play(options.work, engine, wishes)
        except (CannotStage, OSError, ValueError) as why:
            print(why, file=sys.stderr)
            return 1
    return 0


def _play(work: Path, engine: "subprocess.Popen[bytes]", wishes: "queue.Queue[bytes]") -> None:
    _say({"step": "shop"})
    with stage(work / "stage", settings.bot_dir) as beside:
        given = {"actions_url": beside.actions_url, "actions_secret": beside.settings.internal_secret}
        _write(engine, given)
        beside.shop_ready()
        beside.actions_ready()
        _say({"step": "load"})
        ready = _answer(engine)
        if ready is None:
            return
        _say({"step": "ready", **ready, "customers": seed.customers_for_demo()})
        with closing(_Books(Path(make_url(beside.settings.shop_database).database or ""))) as books:
            while line := wishes.get():
                wish = json.loads(line)
                if wish["do"] == "say":
                    books.keep()
                _write(engine, wish)
                answer = _answer(engine)
                if answer is None:
                    return
                if wish["do"] == "say" and "failed" in answer:
                    books.drop()
                elif wish["do"] == "back" and answer["done"]:
                    books.take_back()
                elif wish["do"] == "forget":
                    books.begin_anew()
                _say(answer)


class _Books:
    """The sample shop's books, as they were before each turn."""

    def __init__(self, file: Path) -> None:
        self._books = sqlite3.connect(file)
        self._before: list[sqlite3.Connection] = []
        self._first = self._copied()

    def keep(self) -> None:
        self._before.append(self._copied())
        if len(self._before) > KEPT:
            self._before.pop(0).close()

    def drop(self) -> None:
        self._before.pop().close()

    def take_back(self) -> None:
        if self._before:
            with closing(self._before.pop()) as before:
                before.backup(self._books)

    def begin_anew(self) -> None:
        while self._before:
            self.drop()
        self._first.backup(self._books)

    def close(self) -> None:
        for each in (*self._before, self._first, self._books):
            each.close()

    def _copied(self) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:")
        self._books.backup(copy)
        return copy


def _engine(model: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        [str(ENGINE_PYTHON), "-m", "bot.engine.sandbox", "--model", str(model.resolve())],
        cwd=ROOT,
        env=environment(settings.bot_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _stop(engine: "subprocess.Popen[bytes]") -> None:
    engine.kill()
    engine.wait()


def _read(wishes: "queue.Queue[bytes]", engine: "subprocess.Popen[bytes]") -> None:
    """Take in wishes; where their source has ended, end everything, by force if need be."""
    rest = b""
    # Not by sys.stdin, whose lock this thread would hold at the end of the process.
    while read := os.read(0, CHUNK):
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            wishes.put(line)
    engine.kill()
    wishes.put(b"")
    time.sleep(2 * STOPS_WITHIN + 1)
    os.killpg(0, signal.SIGKILL)


def _write(engine: "subprocess.Popen[bytes]", wish: dict[str, Any]) -> None:
    assert engine.stdin  # noqa: S101
    engine.stdin.write(json.dumps(wish).encode() + b"\n")
    engine.stdin.flush()


def _answer(engine: "subprocess.Popen[bytes]") -> dict[str, Any] | None:
    """The engine's next line; None where it has ended."""
    assert engine.stdout  # noqa: S101
    line = engine.stdout.readline()
    answer: dict[str, Any] | None = json.loads(line) if line else None
    return answer


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.exit(main())
