"""How long a model's training took, written beside it as ``NAME.json``."""

from __future__ import annotations

import json
from pathlib import Path


def write_seconds(model: Path, seconds: float) -> None:
    """Note that the training of ``model`` took ``seconds``, imports included."""
    _beside(model).write_text(json.dumps({"training_seconds": round(seconds)}), encoding="utf-8")


def read_seconds(model: Path) -> int | None:
    """Return what was noted, or None where nothing was."""
    try:
        return int(json.loads(_beside(model).read_text(encoding="utf-8"))["training_seconds"])
    except (OSError, ValueError, KeyError):
        return None


def _beside(model: Path) -> Path:
    return model.with_name(model.name.removesuffix(".tar.gz") + ".json")
