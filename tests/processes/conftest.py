"""Two fronts and a worker on one database, as real processes; the test itself is the office."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.settings import ROOT, Settings
from tests.conftest import new_database
from tests.faults import TroubledEngine
from tests.redis_server import RedisServer
from tests.servers import free_port, serving
from tests.shopper import Message

TURN_SECONDS, LEASE_SECONDS = 2.0, 3.0


class Installation:
    """``fronts`` are addresses; ``process`` has the processes by address, and the worker's as "worker"."""

    def __init__(self, settings: Settings, store: Store, engine: TroubledEngine) -> None:
        self.settings, self.store, self.engine = settings, store, engine
        self.fronts = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
        self.process: dict[str, subprocess.Popen[bytes]] = {}
        self.log = settings.data_dir / "log"

    def start(self) -> None:
        """Start what does not run."""
        for front in self.fronts:
            self._run(front, "bot.front", GUITAI_FRONT_PORT=front.rpartition(":")[2])
        self._run("worker", "bot.worker")
        deadline = time.monotonic() + 150
        for front in self.fronts:
            while not _answers(f"{front}/healthz"):
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.1)

    def _run(self, name: str, module: str, **variables: str) -> None:
        if name in self.process and self.process[name].poll() is None:
            return
        given = {f"GUITAI_{field.upper()}": str(value) for field, value in self.settings.model_dump().items()}
        environment = {**os.environ, **given, **variables, "PYTHONPATH": str(ROOT)}
        with self.log.open("a") as log:
            self.process[name] = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        for process in self.process.values():
            process.kill()
        for process in self.process.values():
            process.wait()


class Tab:
    """Reads the stream as the widget does: from its own cursor, at the next front when one breaks off."""

    def __init__(self, token: str, *fronts: str) -> None:
        self._token, self._fronts = token, fronts
        self._closed = False
        self.messages: list[Message] = []
        self.states: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, text: str, seconds: float = 20) -> list[Message]:
        """The messages, as soon as one has this text."""
        deadline = time.monotonic() + seconds
        while not any(m.get("text") == text for m in self.messages):
            assert time.monotonic() < deadline, (text, self.messages)
            time.sleep(0.02)
        return list(self.messages)

    def close(self) -> None:
        self._closed = True

    def _read(self) -> None:
        for attempt in range(1000):
            try:
                self._follow(self._fronts[attempt % len(self._fronts)])
            except httpx.HTTPError:
                time.sleep(0.1)
            if self._closed:
                return

    def _follow(self, front: str) -> None:
        cursor = self.messages[-1]["seq"] if self.messages else 0
        headers = {"Authorization": f"Bearer {self._token}", "Last-Event-ID": str(cursor)}
        kind = ""
        with httpx.stream("GET", f"{front}/api/chat/stream", headers=headers, timeout=20) as events:
            events.raise_for_status()
            for line in events.iter_lines():
                if self._closed:
                    return
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "message":
                    self.messages.append(json.loads(value))
                elif name == "data" and kind == "state":
                    self.states.append(json.loads(value))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "postgresql and redis"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def installation(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("processes")
    redis: RedisServer | None = request.getfixturevalue("redis") if kind.endswith("redis") else None
    engine = TroubledEngine()
    with ExitStack() as around:
        settings = Settings(
            data_dir=folder,
            database_url=new_database(request, kind.partition(" ")[0], folder / "guitai.db"),
            redis_url=redis.url if redis else "",
            engine_url=around.enter_context(serving(engine.app())),
            turn_seconds=TURN_SECONDS,
            lease_seconds=LEASE_SECONDS,
        )
        database = connect(settings.database)
        around.callback(database.dispose)
        installation = Installation(settings, Store(database), engine)
        around.callback(installation.stop)
        installation.start()
        yield installation


@pytest.fixture
def tabs() -> Iterator[Any]:
    """``tabs(token, front, …)`` opens a tab."""
    with ExitStack() as opened:
        yield lambda token, *fronts: opened.enter_context(closing(Tab(token, *fronts)))
