"""What is known of a trained model: ``NAME.json`` beside the archive ``NAME.tar.gz``.

The training writes it before the archive is there, so that no archive of ours is without. Runs in both
environments.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

ENDING = ".tar.gz"


@dataclass(frozen=True)
class Sidecar:
    """How a model came about; what is None or empty was not noted."""

    training_seconds: int | None = None
    """Imports included."""
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds of each step of the training, in their order."""
    trained_at: str | None = None
    """ISO 8601, UTC."""
    commit: str | None = None
    """Of the data."""
    by: str | None = None
    """Who asked for it."""
    sha256: str | None = None
    """Of the archive."""
    rows: dict[str, int] = field(default_factory=dict)
    """What the data held: intents, examples, topics, stories, rules."""
    requirements: str | None = None
    """Changes with the engine's libraries."""
    pinned: bool = False
    """Whether an admin wants it kept."""


def path(archive: Path) -> Path:
    """Where the sidecar of an archive lies."""
    return archive.with_name(archive.name.removesuffix(ENDING) + ".json")


def read(archive: Path) -> Sidecar:
    """Return what was noted of an archive; nothing where there is no sidecar that can be read."""
    try:
        noted = json.loads(path(archive).read_text(encoding="utf-8"))
        known = {each.name for each in fields(Sidecar)}
        return Sidecar(**{name: value for name, value in noted.items() if name in known})
    except (OSError, ValueError, AttributeError):
        return Sidecar()


def write(archive: Path, sidecar: Sidecar) -> None:
    """Note it beside the archive, whole or not at all. Raises OSError: nothing was changed."""
    target = path(archive)
    descriptor, fresh = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(sidecar), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, 0o644)
        os.replace(fresh, target)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
