"""The shop's database: SQLite or PostgreSQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from bot.shop.models import Base, SeedMark

__all__ = ["Database", "Session", "close", "insert", "is_local", "open_database", "ping"]

Database = sessionmaker[Session]


def open_database(url: str) -> Database:
    """Connect to ``url``, make missing tables, and give a factory of sessions."""
    address = make_url(url)
    local = address.get_backend_name() == "sqlite"
    if local and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    # As many connections as there are threads that answer calls.
    # Parameters stay out of error messages: they hold names and phone numbers.
    engine = create_engine(
        address, hide_parameters=True, pool_pre_ping=not local, pool_size=10, max_overflow=30
    )
    if local:
        event.listen(engine, "connect", _prepare_sqlite)
    _drop_outdated(engine)
    Base.metadata.create_all(engine)
    return sessionmaker(engine, expire_on_commit=False)


def close(database: Database) -> None:
    """Close all connections of ``database``."""
    database.kw["bind"].dispose()


def ping(session: Session) -> None:
    """Raise if the database doesn't answer."""
    session.execute(text("SELECT 1"))


def is_local(session: Session) -> bool:
    """Whether the database is a file of this machine."""
    return session.get_bind().dialect.name == "sqlite"


def insert(session: Session, model: type[Base]) -> Any:
    """``INSERT`` with an "on conflict" clause, which both dialects have, each in its own class."""
    dialect = sqlite if is_local(session) else postgresql
    return dialect.insert(model)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _drop_outdated(engine: Engine) -> None:
    """Sample data of an older version is not worth migrating: its tables make room for new ones."""
    there = inspect(engine)
    names = set(there.get_table_names())
    if SeedMark.__tablename__ not in names:
        return  # empty, or not the sample shop's
    for table in Base.metadata.sorted_tables:
        if table.name in names and {c["name"] for c in there.get_columns(table.name)} != set(table.c.keys()):
            Base.metadata.drop_all(engine)
            return
