"""A database of its own for each test of the heart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.migrations import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    return Store(database)
