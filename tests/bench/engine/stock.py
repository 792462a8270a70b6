"""The models that are measured: ours as it is, and the stock one, trained on a part of the same examples."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.engine.evaluation.stock import _thinned
from bot.engine.fingerprint import checksum, current_model
from bot.launcher import ENGINE_PYTHON
from bot.settings import ROOT, Settings

CONFIG = Path(__file__).with_name("stock.yml")
CACHE = ROOT / "var" / "bench"
# What two cores can do in five minutes; the documentation says 100 epochs, which only DIET is denied.
EVERY = 20
EPOCHS = 8
DOCUMENTED_EPOCHS = 100


class CannotMeasure(Exception):
    """There is nothing to measure; the text says why."""


@dataclass(frozen=True)
class Model:
    """A model archive, and what its training took."""

    path: Path
    training: dict[str, Any]

    @property
    def megabytes(self) -> float:
        return self.path.stat().st_size / 1e6


def our_model(settings: Settings) -> Path:
    """The model that serves. Raises CannotMeasure."""
    model = current_model(settings.models_dir)
    if model is None:
        raise CannotMeasure("There is no model of the present files: run `make train`.")
    return model


def trained(which: str) -> Model:
    """``stock``, or ``ours``, trained on each EVERY-th example, unless it is there. Raises CannotMeasure."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=".training-") as folder:
        project = Path(folder)
        _lay_out(project, ROOT / "config.yml" if which == "ours" else CONFIG)
        files = sorted(path for path in project.rglob("*") if path.is_file())
        model = CACHE / f"{which}-{checksum(files, project)}.tar.gz"
        notes = model.with_name(model.name.replace(".tar.gz", ".json"))
        if not (model.is_file() and notes.is_file()):
            _train(which, project, model)
    return Model(model, json.loads(notes.read_text()))


def documented_seconds(training: dict[str, Any]) -> float:
    """What the training would have taken with the documented epochs: each further one like those measured."""
    seconds = float(training["seconds"])
    for epochs in training["epochs"]:
        steady = epochs[1:] or epochs  # the first one compiles
        seconds += (DOCUMENTED_EPOCHS - len(epochs)) * sum(steady) / len(steady)
    return seconds


def _lay_out(project: Path, config: Path) -> None:
    """Make a project of ``config``, our domain and stories, and a part of our examples."""
    before, diet, rest = config.read_text().partition("DIETClassifier")
    rest = rest.replace(f"epochs: {DOCUMENTED_EPOCHS}", f"epochs: {EPOCHS}", 1)
    (project / "config.yml").write_text(before + diet + rest)
    shutil.copy(ROOT / "domain.yml", project)
    shutil.copytree(ROOT / "data" / "stories", project / "data" / "stories")
    for path in (ROOT / "data" / "nlu").rglob("*.*"):
        if "lexicon" in path.parts and config == CONFIG:
            continue  # words of ours, and no training data
        copy = project / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        copy.write_text(text if "lexicon" in path.parts else _thinned(text, EVERY))


def _train(which: str, project: Path, model: Path) -> None:
    print(f"Training {which} on each {EVERY}th example:", flush=True)
    command = [str(ENGINE_PYTHON), "-m", "tests.bench.engine.training", which, str(project), str(model)]
    log = model.with_name(f"training-{which}.log")
    with log.open("w") as errors:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, stderr=errors, check=False)
    if done.returncode:
        raise CannotMeasure(f"The {which} model could not be trained: {log} says why.")
