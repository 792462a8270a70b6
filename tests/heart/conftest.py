"""A database of its own for each test of the heart."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bot.conversations.database import connect
from bot.conversations.store import Store


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    return Store(database)
