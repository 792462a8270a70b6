"""Which model belongs to the files as they are. Imports nothing heavy: `make demo` asks it each time.

``python -m bot.engine.fingerprint`` prints the path of the current model and ends with 0, or with 1
where there is none.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# All that a trained model depends on: what was said, how it is read, and the libraries that read it.
_SOURCES = (
    "config.yml",
    "domain.yml",
    "data/nlu",
    "data/stories",
    "bot/engine/graph.py",
    "bot/engine/nlu",
    "requirements/engine.txt",
)
_KINDS = (".yml", ".txt", ".py")


def fingerprint(root: Path = ROOT) -> str:
    """Return 12 hexadecimal digits that change with any file that a model is made of."""
    digest = hashlib.sha256()
    for path in _files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def model_path(models: Path, root: Path = ROOT) -> Path:
    """Return where the model of the files as they are lies, or will lie, in the folder ``models``."""
    return models / f"guitai-{fingerprint(root)}.tar.gz"


def current_model(models: Path, root: Path = ROOT) -> Path | None:
    """Return the model of the files as they are, or None where it has not been trained."""
    path = model_path(models, root)
    return path if path.is_file() else None


def _files(root: Path) -> Iterator[Path]:
    for source in _SOURCES:
        path = root / source
        if path.is_file():
            yield path
        else:
            yield from sorted(p for p in path.rglob("*") if p.suffix in _KINDS and p.is_file())


if __name__ == "__main__":
    model = current_model(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models")
    if model is None:
        sys.exit(1)
    print(model)
