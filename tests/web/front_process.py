"""A front as it is started for shoppers, in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot.settings import ROOT, Settings


@contextmanager
def front_process(settings: Settings, log: Path) -> Iterator[str]:
    """Start ``bot.front`` with these settings, its output in ``log``; gives its address."""
    told = {f"GUITAI_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.front"],
            env={**os.environ, **told},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + 60
            while not _healthy(settings.front):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield settings.front
        finally:
            process.terminate()
            process.wait(20)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).is_success
    except httpx.HTTPError:
        return False
