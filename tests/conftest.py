"""What the tests share: the real stack, started once, databases, and Chromium."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import Engine

from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.migrations import upgrade
from tests.browser import chromium_browser
from tests.postgres import PostgreSQL, postgresql_server, programs, with_the_long_tests
from tests.redis_server import PROGRAM, RedisServer, redis_server
from tests.stack import Running, running_stack

DATABASES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    with_the_long_tests(items)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    bin = programs()
    if bin is None:
        pytest.skip("PostgreSQL's programs are not here: install them, e.g. 'apt install postgresql'")
    with postgresql_server(bin) as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("redis-server is not here: install it, e.g. 'apt install redis-server'")
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "guitai.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgresql: PostgreSQL) -> str:
    url = postgresql.database()
    upgrade(url)
    return url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of the test's own, of each kind in turn."""
    return new_database(request, request.param, tmp_path / "guitai.db")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    return Store(database)


def new_database(request: pytest.FixtureRequest, kind: str, path: Path) -> str:
    """The address of a new, migrated database of this kind; one of SQLite lies at ``path``."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.database(template=request.getfixturevalue("migrated_database"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; for one module, as Playwright's event loop suffers no other beside it."""
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts, each a person of its own."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made = chromium.new_context(viewport={"width": 1280, "height": 800}, **options)  # type: ignore[arg-type]
        made.set_default_timeout(15_000)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.close()
