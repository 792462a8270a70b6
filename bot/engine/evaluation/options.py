"""Which model a command measures."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from bot.engine.fingerprint import ROOT, current_model


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Let a command name the model it measures."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, help="archive; default: that of the files as they are")
    which.add_argument("--config", type=Path, help="measure this pipeline instead, trained if need be")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="train that pipeline with each N-th example only"
    )


def model_for(options: argparse.Namespace) -> Path | None:
    """Return the model that the options name, or None after saying why there is none."""
    if options.config:
        # In a process of its own, so that training leaves no trace in the memory that is measured.
        command = [sys.executable, "-m", "bot.engine.evaluation.stock", str(options.config)]
        command += ["--every", str(options.every)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
        return Path(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
    model: Path | None = options.model or current_model(ROOT / "models")
    if model and model.is_file():
        return model
    why = f"{model} is no file." if model else "There is no model of the present files: run `make train`."
    print(why, file=sys.stderr)
    return None
