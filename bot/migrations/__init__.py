"""Alembic migrations of the service's database."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.conversations.database import connect


def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest schema."""
    config = _config()
    config.attributes["url"] = url
    command.upgrade(config, "head")


def revision(url: str) -> str | None:
    """The schema that the database at ``url`` has; None where it has none."""
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def newest() -> str | None:
    """The schema that this version works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(revision: str) -> bool:
    """Whether a database of this schema can be brought to the newest."""
    return any(each.revision == revision for each in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
