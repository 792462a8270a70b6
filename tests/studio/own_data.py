"""The project's own data as a folder that the studio may write into."""

import shutil
from pathlib import Path

from bot.settings import ROOT


def lay(folder: Path) -> Path:
    """Copy config.yml, domain.yml and data/ there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "data", folder / "data")
    return folder
