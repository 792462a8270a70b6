"""A sample shop with throwaway books and the action server at it, for whoever plays with a model.

Used by bot/comparing.py and bot/sandbox.py, which run in process groups of their own. Nothing here leads to
the installation's own data, secrets or shop.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.settings import ROOT, Settings

HEALTHY_WITHIN = 60.0
STOPS_WITHIN = 5.0

Wait = Callable[[], None]


class CannotStage(Exception):
    """What stands in the way, in one sentence."""


@dataclass(frozen=True)
class Stage:
    """The two processes; each function returns once its process answers, or raises CannotStage."""

    settings: Settings
    """Theirs, with secrets of their own."""
    actions_url: str
    shop_ready: Wait
    actions_ready: Wait


@contextmanager
def stage(folder: Path, bot: Path) -> Iterator[Stage]:
    """Start both, with all that they keep in ``folder``, which must not be there; they end with the block.

    What is said is what the bot's files in ``bot`` say.
    """
    settings = Settings(
        data_dir=folder,
        bot_dir=bot,
        shop_port=_free_port(),
        actions_port=_free_port(),
        database_url="",
        shop_database_url="",
        shop_url="",
        shop_adapter="rest",
    )
    settings.data_dir.mkdir(mode=0o700)
    actions = f"http://127.0.0.1:{settings.actions_port}"
    with (
        _running("bot.shop", settings, f"{settings.shop_api}/healthz") as shop_ready,
        _running("actions", settings, f"{actions}/health") as actions_ready,
    ):
        yield Stage(settings, f"{actions}/webhook", shop_ready, actions_ready)


def environment(bot: Path, settings: Settings | None = None) -> dict[str, str]:
    """This process's, without what leads to the installation's own data but the bot's files."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GUITAI_")}
    kept |= {"PYTHONPATH": str(ROOT), "GUITAI_BOT_DIR": str(bot)}
    if settings:
        kept |= {
            "GUITAI_DATA_DIR": str(settings.data_dir),
            "GUITAI_SHOP_PORT": str(settings.shop_port),
            "GUITAI_ACTIONS_PORT": str(settings.actions_port),
        }
    return kept


@contextmanager
def _running(module: str, settings: Settings, health: str) -> Iterator[Wait]:
    """A process of ours beside this one; gives what waits until it is healthy."""
    log = settings.data_dir / f"{module}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment(settings.bot_dir, settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )

    def ready() -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN
        while not _answers(health):
            if process.poll() is not None or time.monotonic() > deadline:
                lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                raise CannotStage(f"{module} did not start: {lines[-1][:300]}")
            time.sleep(0.1)

    try:
        yield ready
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
