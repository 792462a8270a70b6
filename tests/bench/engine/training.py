"""``python -m tests.bench.engine.training {ours,stock} PROJECT TARGET``: train a laid-out project.

Runs in the engine's environment. Progress goes to standard output, Rasa's own notes to standard error. Beside
TARGET it writes ``NAME.json``: ``seconds`` of the whole process, imports included, and ``epochs``, the
seconds of each epoch of each neural component.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUT = sys.stdout


def say(line: str) -> None:
    """One line of progress, indented below what the bench said last."""
    print(f"    {line}", file=OUT, flush=True)


def ours(target: Path) -> None:
    """Train as `make train` does, but for the check of the data, which a thinned project would fail."""
    from bot.engine.environment import prepare

    prepare()
    from bot.engine.graph import fit

    fit(target, say)


def stock(target: Path, epochs: list[list[float]]) -> None:
    """Train as `rasa train` does, noting what each epoch took."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    from rasa.model_training import train
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog
    from rasa.utils.tensorflow.models import RasaModel

    configure_logging_and_warnings(logging.WARNING)
    configure_structlog(logging.WARNING)
    RasaModel.fit = _timed(RasaModel.fit, epochs)
    name = target.name.removesuffix(".tar.gz")
    train(
        "domain.yml", "config.yml", ["data"], str(target.parent), force_training=True, fixed_model_name=name
    )


def _timed(fit: Callable[..., Any], epochs: list[list[float]]) -> Callable[..., Any]:
    from keras.callbacks import Callback

    class Clock(Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, *_: Any) -> None:
            self._began = time.monotonic()

        def on_epoch_end(self, *_: Any) -> None:
            self.seconds.append(time.monotonic() - self._began)
            done = len(self.seconds)
            if self.seconds[-1] > 5 or done % 10 == 0:
                say(f"epoch {done} of {self.params['epochs']}: {self.seconds[-1]:.1f} s")

    def timed(model: Any, *args: Any, callbacks: Any = (), **options: Any) -> Any:
        if "epochs" not in options:  # no training: Rasa fits once to build a model it loads
            return fit(model, *args, callbacks=callbacks, **options)
        clock = Clock()
        epochs.append(clock.seconds)
        return fit(model, *args, callbacks=[*callbacks, clock], **options)

    return timed


def main() -> None:
    began = time.monotonic()
    which, project, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    os.chdir(project)
    sys.stdout = sys.stderr  # what Rasa prints
    epochs: list[list[float]] = []
    if which == "ours":
        ours(target)
    else:
        stock(target, epochs)
    if not target.is_file():
        sys.exit("The training ended without a model.")
    notes = {"seconds": round(time.monotonic() - began, 1), "epochs": epochs}
    target.with_name(target.name.removesuffix(".tar.gz") + ".json").write_text(json.dumps(notes))


if __name__ == "__main__":
    main()
