"""Connections whose transactions are durable and, when they write, locked from their beginning.

What only one of SQLite and PostgreSQL understands stands here.
"""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

# The database is away, full or overloaded: what was asked may succeed in a while.
UNAVAILABLE = (OperationalError, TimeoutError)

POSTGRESQL: dict[str, Any] = {
    # Several processes share the server's connections, 100 unless it is told otherwise.
    "pool_size": 5,
    "max_overflow": 5,
    "pool_timeout": 5,
    "pool_pre_ping": True,
    # Rows are locked before they are decided upon (steps.locked), and each statement sees what was
    # committed before it: that is all the log's rules need, and no transaction must be tried again.
    "isolation_level": "READ COMMITTED",
    "connect_args": {
        "connect_timeout": 3,
        "options": "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s",
    },
}


def connect(url: str) -> Engine:
    """An engine for ``url``, of SQLite or PostgreSQL."""
    address = make_url(url)
    # What people wrote must not come into a log with an error.
    if address.get_backend_name() == "postgresql":
        return create_engine(address.set(drivername="postgresql+psycopg"), hide_parameters=True, **POSTGRESQL)
    return _sqlite(address)


def _sqlite(address: URL) -> Engine:
    engine = create_engine(address, pool_size=20, max_overflow=20, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read = connection.get_execution_options().get("read", False)
        connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")

    return engine


def begin_migration(connection: Connection) -> None:
    """A migration may take its time, and of several processes one migrates while the others wait."""
    if connection.dialect.name == "postgresql":
        for setting in ("statement_timeout", "lock_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {setting} = 0")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(0)")


def wipe(engine: Engine) -> None:
    """Let nothing that was deleted stay in SQLite's write-ahead log; PostgreSQL vacuums by itself."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
