"""What goes wrong: each fault is a coroutine that does its harm and undoes what would not mend by itself."""

import asyncio
import random
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.stack import Running

from .proxy import CuttingProxy

Fault = Callable[[], Awaitable[None]]
PARTS = ["front", "office", "worker", "engine", "actions", "shop"]
UP_WITHIN = 120.0
FULL_FOR = 4.0
JUMPS = [3600, -3600]
JUMPED_FOR = 6.0


@dataclass
class Desk:
    """The process in which the agents work (agents.py); it can be killed and comes back."""

    command: list[str]
    written: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.written.open("ab") as out:
            self.process = subprocess.Popen(self.command, stdout=out)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def desk(running: Running, seed: object) -> Desk:
    """The agents of this installation, not started yet."""
    command = [sys.executable, "-m", "tests.harness.agents", running.settings.database, str(seed)]
    return Desk(command, running.settings.data_dir / "agents.jsonl")


class Clock:
    """The wall clock of every process started under ``environment``, set by ``show`` (clock.c)."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or subprocess.CalledProcessError: here is no C compiler."""
        library, self._file = folder / "clock.so", folder / "clock"
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        self.show(0)
        self.environment = {"LD_PRELOAD": str(library), "HARNESS_CLOCK": str(self._file)}

    def show(self, seconds: int) -> None:
        """Let the clock be off by so many seconds."""
        with self._file.open("r+b" if self._file.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("q", seconds))


@dataclass
class Faults:
    """All faults this machine can make, in an order of chance; ``happened`` counts them."""

    running: Running
    desk: Desk
    proxy: CuttingProxy
    chance: random.Random
    say: Callable[[str], None]
    volume: Path | None = None
    clock: Clock | None = None
    happened: Counter[str] = field(default_factory=Counter)

    def deck(self) -> dict[str, Fault]:
        """Every fault by name."""
        settings = self.running.settings
        beyond_turn = settings.turn_seconds + 1.5
        beyond_lease = settings.lease_seconds + 1.5
        faults: dict[str, Fault] = {f"kill {name}": lambda name=name: self.kill(name) for name in PARTS}
        faults |= {
            "kill front, worker and engine at once": lambda: self.kill("front", "worker", "engine"),
            "kill the agents": self.kill_agents,
            "hung engine": lambda: self.freeze("engine", beyond_turn),
            "hung actions": lambda: self.freeze("actions", 5),
            "hung shop": lambda: self.freeze("shop", 5),
            "front asleep beyond its leases": lambda: self.freeze("front", beyond_lease),
            "worker asleep beyond its leases": lambda: self.freeze("worker", beyond_lease),
            "slow engine": self.slow_engine,
            "all connections cut": self.cut,
        }
        if self.volume:
            faults["disk full"] = self.fill_disk
        if self.clock:
            faults |= {f"clock {jump:+d} s": lambda jump=jump: self.jump(jump) for jump in JUMPS}
        return faults

    async def happen(
        self,
        enough: Callable[[], bool],
        late: Callable[[], bool],
        pause: tuple[float, float],
        only: Collection[str],
    ) -> None:
        """Let every fault, or those named, happen once, and then go on until it is ``enough`` or ``late``."""
        deck = {name: fault for name, fault in self.deck().items() if not only or name in only}
        while True:
            names = list(deck)
            self.chance.shuffle(names)
            for name in names:
                if late() or (enough() and len(self.happened) == len(deck)):
                    return
                await asyncio.sleep(self.chance.uniform(*pause))
                self.happened[name] += 1
                began = time.monotonic()
                await deck[name]()
                self.say(f"{name}: {time.monotonic() - began:.1f} s")

    async def kill(self, *names: str) -> None:
        """kill -9; over once the supervisor has them back."""
        for name in names:
            await self._kill(name)
        await self._back(*names)

    async def _kill(self, name: str) -> None:
        process = await self._process(name)
        with suppress(psutil.NoSuchProcess):
            process.kill()

    async def _back(self, *names: str) -> None:
        await asyncio.sleep(0.3)
        for name in names:
            await self._process(name)
            await self.until_up(name)

    async def kill_agents(self) -> None:
        self.desk.stop()
        await asyncio.sleep(self.chance.uniform(0, 1))
        self.desk.start()

    async def freeze(self, name: str, seconds: float) -> None:
        """It takes connections and does not answer, and then goes on as if nothing had been."""
        process = await self._process(name)
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            try:
                await asyncio.sleep(seconds)
            finally:
                process.resume()

    async def slow_engine(self) -> None:
        for _ in range(20):
            await self.freeze("engine", 0.35)
            await asyncio.sleep(0.05)

    async def cut(self) -> None:
        for _ in range(6):
            self.proxy.cut_all()
            await asyncio.sleep(self.chance.uniform(0.1, 1))

    async def fill_disk(self) -> None:
        """Leave not one byte on the database's volume for a while."""
        assert self.volume
        filler = self.volume / "filler"
        try:
            await asyncio.to_thread(_fill, filler)
            await asyncio.sleep(FULL_FOR)
        finally:
            filler.unlink(missing_ok=True)

    async def jump(self, seconds: int) -> None:
        """Set the clock, and set it back as those who answer turns die, with the leases they have."""
        assert self.clock
        try:
            self.clock.show(seconds)
            await asyncio.sleep(JUMPED_FOR)
            for name in ("front", "worker"):
                await self._kill(name)
        finally:
            self.clock.show(0)
        await self._back("front", "worker")

    async def all_up(self) -> None:
        """Whatever was done, whoever comes next finds every part at work."""
        for name in PARTS:
            await self.until_up(name)

    async def until_up(self, name: str) -> None:
        """Raises TimeoutError: it does not come back."""
        s = self.running.settings
        health = {
            "front": f"{s.front}/healthz",
            "office": f"{s.office}/healthz",
            "shop": f"{s.shop_api}/healthz",
            "actions": f"http://127.0.0.1:{s.actions_port}/health",
            "engine": f"{s.engine_urls[0]}/webhooks/conversation/ready",
        }
        async with asyncio.timeout(UP_WITHIN), httpx.AsyncClient(timeout=2, trust_env=False) as http:
            while name in health:
                with suppress(httpx.HTTPError):
                    if (await http.get(health[name])).is_success:
                        return
                await asyncio.sleep(0.1)

    async def _process(self, name: str) -> psutil.Process:
        deadline = time.monotonic() + UP_WITHIN
        while True:
            # Between fork and exec a child is still called as its supervisor.
            with suppress(LookupError, psutil.NoSuchProcess):
                return self.running.process(name)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not started again")
            await asyncio.sleep(0.05)


def _fill(path: Path) -> None:
    for size in (1 << 20, 4096, 1):
        with suppress(OSError), path.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * size)


def resumed(running: Running) -> None:
    """Wake whoever is still frozen."""
    for child in psutil.Process(running.supervisor).children():
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGCONT)
