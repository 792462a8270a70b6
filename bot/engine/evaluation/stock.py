"""Another pipeline, trained on the same examples to be measured beside ours.

``python -m bot.engine.evaluation.stock CONFIG`` trains it, unless it is there, and prints where it is.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, fingerprint
from bot.model_sidecar import Sidecar, write

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class CannotTrain(Exception):
    """There is no such model; the text says why."""


def trained(config: Path, models: Path = ROOT / "models", root: Path = ROOT, every: int = 1) -> Path:
    """Return the model of ``config`` and of the examples in data/nlu as they are, trained unless it is there.

    Only what reads messages is trained: stories, and all of domain.yml but what the examples bring, are
    left out. Of each intent and topic only one example in ``every`` is taken. Progress goes to standard
    error; the process is left changed.

    Raises:
        CannotTrain: the configuration or the data is at fault.
    """
    if not config.is_file():
        raise CannotTrain(f"{config} is no file: name a Rasa configuration with a pipeline.")
    models = models.resolve()
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".training-") as folder:
        project = Path(folder)
        _lay_out(project, config, root.resolve(), every)
        target = models / f"{config.stem.removesuffix('_config')}-{fingerprint(project, project)}.tar.gz"
        if not target.is_file():
            _fit(project, target, config)
    return target


def _lay_out(project: Path, config: Path, root: Path, every: int) -> None:
    """Make a project of ``config`` and the examples; the model's name follows these files."""
    shutil.copy(config, project / "config.yml")
    (project / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    for path in (root / "data" / "nlu").rglob("*.*"):
        copy = project / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        copy.write_text(_thinned(text, every) if "lexicon" not in copy.parts else text, encoding="utf-8")
    # A pipeline without parts of ours does not change with them.
    if "bot.engine" in config.read_text(encoding="utf-8"):
        (project / "bot").symlink_to(root / "bot")


def _thinned(text: str, every: int) -> str:
    """Leave of each block of examples the first and then each ``every``-th line."""
    kept, run = [], -1
    for line in text.splitlines(keepends=True):
        run = run + 1 if line.startswith("    - ") else -1
        if run < 1 or run % every == 0:
            kept.append(line)
    return "".join(kept)


def _fit(project: Path, target: Path, config: Path) -> None:
    started = time.monotonic()
    print(f"Training {config}; a neural pipeline takes long:", file=sys.stderr)
    prepare()
    for name in THREADS:  # while training nobody else needs a core
        os.environ.pop(name, None)
    from rasa.shared.exceptions import RasaException

    from bot.engine.graph import fit

    log_from(logging.ERROR)
    os.environ["LOG_LEVEL"] = "INFO"  # what Rasa's progress bars ask for

    def say(step: str) -> None:
        print(f"  {time.monotonic() - started:5.0f} s  {step}", file=sys.stderr, flush=True)

    os.chdir(project)
    try:
        fit(project / target.name, say)
        os.replace(project / target.name, target)
    except (RasaException, ImportError, OSError, ValueError) as error:
        why = " ".join(str(each) for each in (error, error.__cause__) if each)
        raise CannotTrain(f"{config} could not be trained: {' '.join(why.split())[:400]}") from error
    finally:
        os.chdir(target.parent)
    seconds = time.monotonic() - started
    write(target, Sidecar(training_seconds=round(seconds)))
    print(f"Trained in {seconds:.0f} s: {target.name}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bot.engine.evaluation.stock", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take only each so-maniest example")
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder for the model")
    options = parser.parse_args()
    try:
        print(trained(options.config, options.models, every=options.every))
    except CannotTrain as why:
        print(why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
