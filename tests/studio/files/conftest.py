"""A small bot's files, as people write them by hand, in a repository of their own."""

from pathlib import Path

import pytest

from bot.studio.files import Author, Repository

from .small import git, lay

LI, WANG = Author("李四", "lisi"), Author("王五", "wangwu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder, in no repository yet."""
    return lay(tmp_path / "bot")


@pytest.fixture
def files(folder: Path) -> Repository:
    """The folder's repository with its first commit."""
    files = Repository(folder, code=folder)
    files.look()
    assert git(folder, "status", "--porcelain") == "?? actions/\n"
    return files
