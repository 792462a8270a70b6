"""Which model belongs to the files as they are. Imports nothing heavy: `make demo` asks it each time.

``python -m bot.engine.fingerprint`` prints the path of the current model and ends with 0, or with 1
where there is none.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# All that a trained model depends on: what was said, how it is read, and the libraries that read it.
_DATA = ("config.yml", "domain.yml", "data/nlu", "data/stories")
_CODE = ("bot/engine/graph.py", "bot/engine/nlu", "requirements/engine.txt")
_KINDS = (".yml", ".txt", ".py")

# The folder of the sentence encoder, where config.yml has one that is not commented out.
_ENCODER = re.compile(r"(?ms)^[^#\n]*\.SentenceEncoder\b.*?\bmodel: *[\"']?([^\"'\n,}#]+)")


def bot_folder() -> Path:
    """The folder with the bot's config.yml, domain.yml and data/, which admins edit; see bot/settings.py."""
    return Path(os.environ.get("GUITAI_BOT_DIR") or ROOT).resolve()


def fingerprint(root: Path = ROOT, code: Path = ROOT) -> str:
    """Return 12 hexadecimal digits that change with any file that a model is made of.

    ``root`` holds the data, ``code`` what reads it.
    """
    return checksum(_files(root, code), root, code)


def checksum(files: Iterable[Path], *roots: Path) -> str:
    """Return 12 hexadecimal digits that change with ``files``, their content and their names under a root."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        # What lies elsewhere may lie elsewhere again on the next machine.
        root = next(filter(path.is_relative_to, roots), path.parent)
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def encoder_files(folder: Path) -> list[Path]:
    """Return the files of a sentence encoder, also those beside model.onnx that hold its weights."""
    return sorted(path for path in (*folder.glob("model.onnx*"), folder / "tokenizer.json") if path.is_file())


def model_path(models: Path, root: Path = ROOT) -> Path:
    """Return where the model of the files under ``root`` lies, or will lie, in the folder ``models``."""
    return models / f"guitai-{fingerprint(root)}.tar.gz"


def current_model(models: Path, root: Path = ROOT) -> Path | None:
    """Return the model of the files under ``root``, or None where it has not been trained."""
    path = model_path(models, root)
    return path if path.is_file() else None


def _files(root: Path, code: Path) -> Iterator[Path]:
    for path in (*(root / source for source in _DATA), *(code / source for source in _CODE)):
        if path.is_file():
            yield path
        else:
            yield from sorted(p for p in path.rglob("*") if p.suffix in _KINDS and p.is_file())
    config = root / "config.yml"
    text = config.read_text(encoding="utf-8", errors="replace") if config.is_file() else ""
    for folder in _ENCODER.findall(text):
        yield from encoder_files(code / folder.strip())


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.fingerprint", description=__doc__.partition("\n")[0])
    parser.add_argument("models", type=Path, nargs="?", default=ROOT / "models", help="folder of the models")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of config.yml, domain.yml and data/")
    options = parser.parse_args()
    model = current_model(options.models, options.root)
    if model is None:
        return 1
    print(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
