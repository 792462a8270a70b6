"""``python -m bot.engine.train``: train the model of the files as they are, unless it is there."""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from typing_extensions import Self

from bot import live_model
from bot.data_check import problems
from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, current_model, model_path
from bot.engine.training_time import write_seconds


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model")
    parser.add_argument("--force", action="store_true", help="train although the model is there")
    options = parser.parse_args()

    current = current_model(options.out)
    if current and not options.force:
        print(f"Model is current: {current}")
        _tell_of_another(current)
        return 0
    started = time.monotonic()
    # This process ends soon; to look for cycles among millions of tokens takes seconds.
    gc.disable()
    print("Training a model of the files as they are:")
    try:
        path = train(model_path(options.out))
    except TrainingFailed as failed:
        print(failed, file=sys.stderr)
        print("There is no new model: correct the above and run `make train` again.", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    write_seconds(path, seconds)
    print(f"Trained in {seconds:.0f} s: {path}")
    _tell_of_another(path)
    return 0


def _tell_of_another(model: Path) -> None:
    """Say which model serves where another than this one was promoted."""
    with contextlib.suppress(live_model.Unreadable):
        live = live_model.read(model.parent)
        if live and (serves := live.model(live.live)) != model.name:
            print(f"{serves} was promoted and goes on serving until `bot studio promote {model.name}`.")


class TrainingFailed(Exception):
    """There is no new model; the text says why, one fault to a line."""


def train(target: Path, root: Path = ROOT) -> Path:
    """Train with the files under ``root`` and put the model at ``target``, whole or not at all.

    Raises:
        TrainingFailed: the data, the configuration or the disk is at fault.
    """
    with _Progress() as say:
        say("checking the data")
        if found := problems(root):
            raise TrainingFailed("\n".join(found))
        say("loading Rasa")
        prepare()
        target = target.resolve()
        os.chdir(root)  # config.yml names the dictionaries from there
        from rasa.engine.exceptions import GraphComponentException
        from rasa.shared.exceptions import RasaException

        from bot.engine.graph import fit

        log_from(logging.ERROR)
        said = io.StringIO()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Beside the target, so that the last step is a rename.
            with (
                tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as folder,
                contextlib.redirect_stdout(said),
            ):
                fit(Path(folder) / target.name, say)
                os.replace(Path(folder) / target.name, target)
        except (RasaException, GraphComponentException, ImportError, OSError, ValueError) as error:
            # A component's own fault is the cause of Rasa's.
            why = " ".join(str(each) for each in (error, error.__cause__) if each)
            raise TrainingFailed(_one_sentence(why or type(error).__name__)) from error
        except SystemExit as stop:
            raise TrainingFailed(_one_sentence(said.getvalue())) from stop
    return target


class _Progress:
    """Prints each step as it begins, and its seconds when the next one does."""

    def __enter__(self) -> Self:
        self._out, self._begun = sys.stdout, 0.0
        return self

    def __call__(self, step: str) -> None:
        self.__exit__()
        print(f"  {step} … ", end="", file=self._out, flush=True)
        self._begun = time.monotonic()

    def __exit__(self, *_error: object) -> None:
        if self._begun:
            print(f"{time.monotonic() - self._begun:.1f} s", file=self._out, flush=True)


def _one_sentence(text: str) -> str:
    text = " ".join(re.sub(r"\x1b\[\d*m", "", text).split())
    return text if len(text) <= 400 else text[:399] + "…"


if __name__ == "__main__":
    sys.exit(main())
