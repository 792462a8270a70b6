"""The processes that are measured, and those they need: started, watched and stopped."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil

from bot.launcher import ENGINE_PYTHON, Stack
from bot.settings import ROOT, Settings
from tests.bench.engine.stock import CannotMeasure
from tests.servers import free_port

READY_WITHIN = 600.0  # stock takes half a minute; a busy machine much longer
# Of the sample shop, each with one order to ask for. The actions have 8 calls to the shop for each of them at
# once, at most.
CUSTOMERS = ("c1001", "c1004", "c1006", "c1009")
GREETING = "你好"

ENDPOINTS = """
action_endpoint:
  url: {actions}
  headers:
    Authorization: Bearer {secret}
nlg:
  type: bot.engine.replies.ShopReplies
tracker_store:
  type: SQL
  dialect: sqlite
  db: {database}
"""


@dataclass
class Engine:
    """A running engine process, ours or the stock one, and how it is spoken to."""

    kind: str
    address: str
    process: psutil.Popen
    log: Path
    secret: str
    seconds_to_ready: float = 0.0

    @property
    def url(self) -> str:
        path = "conversation" if self.kind == "ours" else "rest"
        return f"{self.address}/webhooks/{path}/webhook"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}

    def body(self, conversation: str, customer: str, text: str) -> bytes:
        """The customer's message as this engine takes it; the actions are told the same by both."""
        who = {"id": customer, "verified": True}
        told = {"message_id": uuid4().hex, "channel": "web", "customer": who, "context": {}}
        if self.kind == "ours":
            return json.dumps({"conversation": conversation, "text": text, **told}).encode()
        return json.dumps({"sender": conversation, "message": text, "metadata": told}).encode()

    def replies(self, answer: Any) -> list[dict[str, Any]]:
        """``text`` and ``card`` of each reply."""
        if self.kind == "ours":
            return list(answer["replies"])
        return [{**reply, **reply.get("custom", {})} for reply in answer]

    @property
    def megabytes(self) -> float:
        """Resident memory of the process and its children."""
        return sum(each.memory_info().rss for each in _family(self.process)) / 2**20

    def stop(self) -> None:
        _stop(self.process)


@dataclass
class Around:
    """What both engines use: the action server and the sample shop."""

    settings: Settings
    environment: dict[str, str]
    folder: Path
    actions: psutil.Popen
    shop: psutil.Popen

    def start(self, kind: str, model: Path, *options: str) -> Engine:
        """Start an engine and wait for its first answer. Raises CannotMeasure."""
        port, number = free_port(), uuid4().hex[:6]
        log = self.folder / f"{kind}-{number}.log"
        if kind == "ours":
            command = [str(ENGINE_PYTHON), "-m", "bot.engine.run", "--model", str(model)]
            environment = {**self.environment, "GUITAI_ENGINE_PORT": str(port)}
        else:
            home = self.folder / f"stock-{number}"
            home.mkdir()
            self._lay_out(home)
            command = [str(ENGINE_PYTHON), "-m", "rasa", "run", "--model", str(model), "--port", str(port)]
            command += ["--interface", "127.0.0.1", *options]
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false"}
        with log.open("wb") as out:
            process = psutil.Popen(
                command,
                cwd=ROOT if kind == "ours" else home,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        secret = self.settings.internal_secret
        engine = Engine(kind, f"http://127.0.0.1:{port}", process, log, secret)
        try:
            engine.seconds_to_ready = _first_answer(engine)
        except BaseException:
            engine.stop()
            raise
        return engine

    def _lay_out(self, home: Path) -> None:
        """What `rasa run` reads from its folder."""
        endpoints = ENDPOINTS.format(
            actions=f"http://127.0.0.1:{self.settings.actions_port}/webhook",
            secret=self.settings.internal_secret,
            database=home / "tracker.db",
        )
        (home / "endpoints.yml").write_text(endpoints)
        (home / "credentials.yml").write_text("rest:\n")
        shutil.copy(ROOT / "domain.yml", home)


@contextmanager
def around(folder: Path) -> Iterator[Around]:
    """Start the shop and the action server with their data in ``folder``; all is stopped at the end."""
    settings = Settings(data_dir=folder, actions_port=free_port(), shop_port=free_port())
    environment = Stack(settings).environment()
    (folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as running:

        def started(module: str, health: str) -> psutil.Popen:
            log = folder / f"{module}.log"
            with log.open("wb") as out:
                command = [str(ROOT / ".venv/bin/python"), "-m", module]
                process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
            running.callback(_stop, process)
            _until(lambda: httpx.get(health).is_success, process, log)
            return process

        shop = started("bot.shop", f"{settings.shop_api}/healthz")
        actions = started("actions", f"http://127.0.0.1:{settings.actions_port}/health")
        yield Around(settings, environment, folder, actions, shop)


def cpu_seconds(process: psutil.Process) -> float:
    """What the process and its children have computed so far."""
    times = [each.cpu_times() for each in _family(process)]
    return float(sum(each.user + each.system for each in times))


def _first_answer(engine: Engine) -> float:
    """Seconds from the start to the first answered turn."""
    began = time.monotonic()

    def answered() -> bool:
        body = engine.body(uuid4().hex, CUSTOMERS[0], GREETING)
        answer = httpx.post(engine.url, content=body, headers=engine.headers, timeout=60)
        return answer.is_success and bool(engine.replies(answer.json()))

    _until(answered, engine.process, engine.log)
    return time.monotonic() - began


def _until(done: Any, process: psutil.Popen, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if done():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise CannotMeasure(f"A process did not start; its last words: {log.read_text(errors='replace')[-800:]}")


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _stop(process: psutil.Popen) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait()
