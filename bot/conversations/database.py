"""Connections whose transactions are durable and, when they write, locked from their beginning."""

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry


def connect(url: str) -> Engine:
    """An engine for ``url`` whose transactions are durable and, on SQLite, lock at their beginning."""
    engine = create_engine(
        url,
        pool_pre_ping=not url.startswith("sqlite"),
        pool_size=20,
        max_overflow=20,
        # What people wrote must not come into a log with an error.
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            read = connection.get_execution_options().get("read", False)
            connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")

    return engine
