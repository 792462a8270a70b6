"""The little bot's files in a repository of their own."""

from pathlib import Path

import pytest

from bot.data_check import problems
from bot.studio.files import Author, Repository

from .little import lay_little

LI, WANG = Author("李四", "lisi"), Author("王五", "wangwu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = lay_little(tmp_path / "bot")
    assert problems(folder) == []
    return folder


@pytest.fixture
def files(folder: Path) -> Repository:
    files = Repository(folder, code=folder)
    files.look()
    return files


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The same for tests that change nothing."""
    folder = lay_little(tmp_path_factory.mktemp("untouched") / "bot")
    files = Repository(folder, code=folder)
    files.look()
    return files
