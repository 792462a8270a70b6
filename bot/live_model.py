"""Which of two sides of engines answers, and with which model; for both environments, standard library only.

There are two sides, blue and green. Both may run, each with a model of its own, and one of them answers. That
stands in ``live.json`` beside the models. Without the file blue answers, with the model of the files as they
are, else the newest: so it is until somebody promotes a model.
"""

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

BLUE, GREEN = SIDES = ("blue", "green")
FILE = "live.json"
SUFFIX = ".tar.gz"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.tar\.gz")


class Unreadable(Exception):
    """The file says nothing that can be used; the text says what to do."""


class NoModel(Exception):
    """There is no such model; the text says so."""


@dataclass(frozen=True)
class Live:
    """The content of the file. ``blue`` and ``green``: file name of the model that the side loads.

    A side without one is not meant to run; the one in ``live`` always has one. ``since``: when that began to
    answer, as ISO 8601.
    """

    live: str
    blue: str | None
    green: str | None
    since: str

    @property
    def other(self) -> str:
        """The side that does not answer."""
        return GREEN if self.live == BLUE else BLUE

    def model(self, side: str) -> str | None:
        return self.green if side == GREEN else self.blue

    def with_model(self, side: str, model: str | None) -> "Live":
        return replace(self, green=model) if side == GREEN else replace(self, blue=model)


def read(models: Path) -> Live | None:
    """What the file in the folder ``models`` says; None where nobody has promoted yet. Raises Unreadable."""
    path = models / FILE
    try:
        changed = path.stat()
        return _read(path, changed.st_mtime_ns, changed.st_ino)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}).") from error


def side(models: Path) -> str:
    """The side that answers. Raises Unreadable."""
    live = read(models)
    return live.live if live else BLUE


def write(models: Path, live: Live) -> None:
    """Write the file, whole or not at all. Raises OSError."""
    path = models / FILE
    fresh = path.with_name(f".{FILE}.{secrets.token_hex(4)}")
    try:
        with fresh.open("w", encoding="utf-8") as out:
            out.write(json.dumps(asdict(live), indent=1) + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def remove(models: Path) -> None:
    """Delete the file: as if nobody had promoted. Raises OSError."""
    (models / FILE).unlink(missing_ok=True)


def archive(models: Path, model: str) -> Path:
    """Where the model lies, whose name is given with or without ``.tar.gz``. Raises NoModel."""
    path = models / (model if model.endswith(SUFFIX) else f"{model}{SUFFIX}")
    if not _NAME.fullmatch(path.name) or path.parent != models or not path.is_file():
        raise NoModel(f"There is no model {model!r:.80} in {models}.")
    return path


def short(model: str) -> str:
    """The name of a model without ``.tar.gz``, as an answer of the engine names it."""
    return model.removesuffix(SUFFIX)


@contextmanager
def alone(models: Path) -> Iterator[bool]:
    """Whether nobody else is inside this, in any process of the machine; held until the end of the block.

    A process that dies lets go. Raises OSError.
    """
    import fcntl

    with (models / f".{FILE}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _inode: int) -> Live:
    try:
        live = Live(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"{path} is not what a promotion writes: put it right or delete it.") from error
    named = [model for model in (live.blue, live.green) if model is not None]
    right = live.live in SIDES and live.model(live.live) is not None and isinstance(live.since, str)
    if not right or not all(isinstance(model, str) and _NAME.fullmatch(model) for model in named):
        raise Unreadable(f"{path} is not what a promotion writes: put it right or delete it.")
    return live
