"""The trained models of an installation: archives that never change, each with what is known of it.

They are listed by what lies in the folder, so that those of ``make train`` are there too.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot import model_sidecar
from bot.model_sidecar import ENDING

_NAME = re.compile(r"guitai-[0-9a-f]{12}")


class UnknownModel(Exception):
    """There is no model of this name."""


class Damaged(Exception):
    """The archive is not what was trained."""


@dataclass(frozen=True)
class Model:
    """A trained model; what is None or empty was not noted when it was trained."""

    name: str
    """``guitai-`` and the fingerprint of what it was trained from."""
    path: Path
    size: int
    """Bytes."""
    trained_at: datetime
    seconds: int | None
    """That the training took."""
    commit: str | None
    by: str | None
    sha256: str | None
    rows: Mapping[str, int]
    """Of its data: intents, examples, topics, stories, rules."""
    requirements: str | None
    pinned: bool


class Models:
    """The models in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def listed(self) -> list[Model]:
        """All models, newest first."""
        found = (self._model(path) for path in self.folder.glob(f"guitai-*{ENDING}"))
        return sorted(filter(None, found), key=lambda model: (model.trained_at, model.name), reverse=True)

    def model(self, name: str) -> Model:
        """The model of this name. Raises UnknownModel."""
        found = self._model(self.folder / f"{name}{ENDING}") if _NAME.fullmatch(name) else None
        if found is None:
            raise UnknownModel(name)
        return found

    def checked(self, name: str) -> Model:
        """The model, after its archive was read and found to be the one that was trained.

        Where its hash was not noted, it is from now on.

        Raises:
            UnknownModel: it is not there.
            Damaged: its archive has another hash.
        """
        model = self.model(name)
        with model.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if model.sha256 is None:
            model_sidecar.write(model.path, replace(model_sidecar.read(model.path), sha256=sha256))
            return self.model(name)
        if model.sha256 != sha256:
            raise Damaged(name)
        return model

    def pin(self, name: str, pinned: bool) -> None:
        """Keep the model whatever its age, or no longer. Raises UnknownModel."""
        path = self.model(name).path
        model_sidecar.write(path, replace(model_sidecar.read(path), pinned=pinned))

    def prune(self, in_use: Collection[str], keep: int) -> list[str]:
        """Delete old models and return their names.

        What is pinned, what is ``in_use`` and the newest ``keep`` stay.
        """
        old = [model for model in self.listed()[keep:] if not model.pinned and model.name not in in_use]
        for model in old:
            model.path.unlink(missing_ok=True)
            model_sidecar.path(model.path).unlink(missing_ok=True)
        return [model.name for model in old]

    def _model(self, path: Path) -> Model | None:
        name = path.name.removesuffix(ENDING)
        try:
            there = path.stat()
        except OSError:
            return None
        if not _NAME.fullmatch(name):
            return None
        noted = model_sidecar.read(path)
        return Model(
            name,
            path,
            there.st_size,
            _moment(noted.trained_at) or datetime.fromtimestamp(there.st_mtime, UTC),
            noted.training_seconds,
            noted.commit,
            noted.by,
            noted.sha256,
            noted.rows,
            noted.requirements,
            noted.pinned,
        )


def _moment(noted: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(noted or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
