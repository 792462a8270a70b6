"""``python -m bot.engine.train``: train the model of the files as they are, unless it is there."""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, current_model, model_path


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model")
    parser.add_argument("--force", action="store_true", help="train although the model is there")
    options = parser.parse_args()

    current = current_model(options.out)
    if current and not options.force:
        print(f"Model is current: {current}")
        return 0
    started = time.monotonic()
    print("Training: loading Rasa …", flush=True)
    try:
        path = train(model_path(options.out))
    except TrainingFailed as failed:
        print(f"Training failed: {failed}", file=sys.stderr)
        return 1
    print(f"Trained in {time.monotonic() - started:.0f} s: {path}")
    return 0


class TrainingFailed(Exception):
    """There is no new model; the text says why in one sentence."""


def train(target: Path, root: Path = ROOT) -> Path:
    """Train with the files under ``root`` and put the model at ``target``, whole or not at all.

    Raises:
        TrainingFailed: the data, the configuration or the disk is at fault.
    """
    prepare()
    target = target.resolve()
    os.chdir(root)  # config.yml names the dictionaries from there
    import rasa.model_training
    from rasa.shared.exceptions import RasaException

    log_from(logging.ERROR)
    said = io.StringIO()
    print("Training: reading data, fitting models …", flush=True)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that the last step is a rename.
        with (
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as folder,
            contextlib.redirect_stdout(said),
        ):
            result = rasa.model_training.train(
                domain="domain.yml",
                config="config.yml",
                training_files=["data/nlu", "data/stories"],
                output=folder,
                fixed_model_name=target.name,
                force_training=True,
            )
            if result.code != 0 or not result.model:
                raise TrainingFailed(_one_sentence(said.getvalue()))
            os.replace(result.model, target)
    except (RasaException, OSError, ValueError) as error:
        raise TrainingFailed(_one_sentence(str(error) or type(error).__name__)) from error
    except SystemExit as stop:
        raise TrainingFailed(_one_sentence(said.getvalue())) from stop
    return target


def _one_sentence(text: str) -> str:
    text = " ".join(re.sub(r"\x1b\[\d*m", "", text).split())
    return text if len(text) <= 400 else text[:399] + "…"


if __name__ == "__main__":
    sys.exit(main())
