"""The project's own data with few lines of each intent and topic: passes the check and is trained quickly."""

import shutil
from pathlib import Path

from bot.settings import ROOT

LINES = 2


def write_small_data(folder: Path) -> None:
    """Write config.yml, domain.yml and data/ into ``folder``."""
    shutil.copytree(ROOT / "data", folder / "data")
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, folder / name)
    for path in (folder / "data/nlu").rglob("*.yml"):
        kept, run = [], 0
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            run = run + 1 if line.startswith("    - ") else 0
            if run <= LINES:
                kept.append(line)
        path.write_text("".join(kept), encoding="utf-8")
