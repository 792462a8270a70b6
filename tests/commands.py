"""The command ``bot``, run on an installation as its owner runs it."""

import os
import subprocess
import sys

from bot.settings import ROOT, Settings


def bot(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``bot`` with these settings and nobody at the keyboard."""
    values = {f"GUITAI_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **values, "NO_COLOR": "1", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
