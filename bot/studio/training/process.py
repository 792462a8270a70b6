"""The trainer as a process of its own, in a group of its own, behind everything else on the machine."""

import asyncio
import codecs
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from bot.settings import ROOT

LOG_LIMIT = 20_000
LINE_LIMIT = 1 << 20
NICENESS = 15
# One core belongs to those who answer.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
# What the trainer may know of our environment: no secret and no database.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL")


class Trainer:
    """A running trainer: what it told last, and its log."""

    def __init__(self, process: Process) -> None:
        self.told: dict[str, Any] = {}
        """The last line of progress: step, share and seconds_left."""
        self.end: dict[str, Any] = {}
        """What it said at its end: model and trained, or failed, kind and faults."""
        self.log = ""
        self._process = process
        self._reading = [
            asyncio.create_task(read(stream))
            for read, stream in ((self._read_progress, process.stdout), (self._read_log, process.stderr))
            if stream
        ]

    @classmethod
    async def start(cls, python: Path, arguments: Sequence[str], scratch: Path) -> "Trainer":
        """Start ``bot.engine.train`` with ``python``. Raises OSError: there is no such program.

        All it makes on the way is in ``scratch``. It ends with this process: nobody reads its progress then.
        """
        process = await asyncio.create_subprocess_exec(
            str(python),
            *("-m", "bot.engine.train", "--progress", "--scratch", str(scratch), *arguments),
            cwd=ROOT,
            env=environment(scratch),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=LINE_LIMIT,
            start_new_session=True,
        )
        be_modest(process.pid)
        return cls(process)

    async def ended(self, seconds: float) -> int | None:
        """The exit status once it has ended and all it said was read; None while it goes on."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)
        if self._process.returncode is not None:
            await asyncio.gather(*self._reading)
        return self._process.returncode

    async def kill(self) -> None:
        """End it and all that it started."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def _read_progress(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            with suppress(ValueError):
                told = json.loads(line)
                if "step" in told:
                    self.told = told
                else:
                    self.end = told

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while piece := await stream.read(4096):
            self.log = (self.log + decoder.decode(piece).replace("\0", ""))[-LOG_LIMIT:]


def environment(scratch: Path) -> dict[str, str]:
    """What a process of the engine is told of ours; all that it makes on the way is in ``scratch``."""
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        **dict.fromkeys(THREADS, "1"),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "TMPDIR": str(scratch),
    }


def be_modest(pid: int) -> None:
    """Let everybody else go first, at the processor and at the disk, where the system can do that."""
    with suppress(psutil.Error, OSError, AttributeError):
        process = psutil.Process(pid)
        process.nice(NICENESS)
        process.ionice(psutil.IOPRIO_CLASS_IDLE)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))
