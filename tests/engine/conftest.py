"""A tiny shop, trained once: real components, real rules, a real tracker store."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.environment import log_from, prepare
from tests.engine.tiny import write_project
from tests.postgres import PostgreSQL, postgresql_server, programs

prepare()

from bot.engine import patches  # noqa: E402

patches.apply()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny shop's model archive."""
    from bot.engine.train import train

    root = tmp_path_factory.mktemp("project")
    write_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        path = train(root / "models" / "tiny.tar.gz", root)
    log_from(logging.CRITICAL)
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    bin = programs()
    if bin is None:
        pytest.skip("PostgreSQL's programs are not here: install them, e.g. 'apt install postgresql'")
    with postgresql_server(bin) as server:
        yield server


@pytest.fixture(params=("sqlite", "postgresql"))
def memory_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the test's own, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'engine.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.database()
