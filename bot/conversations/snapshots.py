"""Whole databases: copied while they are written to, and put back where nobody uses them.

What only one of SQLite and PostgreSQL can do stands here and in database.py.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import URL, MetaData, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from .database import connect

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class Failed(Exception):
    """The database could not be copied or put back; the text says why."""


def kind(url: str) -> str:
    """``sqlite`` or ``postgresql``."""
    return make_url(url).get_backend_name()


def is_there(url: str) -> bool:
    """Whether the database holds anything. Raises Failed."""
    if file := _file(url):
        return file.exists()
    engine = connect(url)
    try:
        return bool(inspect(engine).get_table_names())
    except SQLAlchemyError as error:
        raise Failed(f"{_address(url)} cannot be reached ({type(error).__name__})") from None
    finally:
        engine.dispose()


def in_use(url: str) -> bool:
    """Whether anybody else is connected to the database. Raises Failed."""
    if file := _file(url):
        return file.exists() and _is_locked(file)
    engine = connect(url)
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(_OTHERS))
    except SQLAlchemyError as error:
        raise Failed(f"{_address(url)} cannot be reached ({type(error).__name__})") from None
    finally:
        engine.dispose()


def take(url: str, path: Path) -> None:
    """Copy the database as it is at one moment to ``path``; others go on writing. Raises Failed."""
    if file := _file(url):
        try:
            with closing(sqlite3.connect(file, timeout=30)) as connection:
                # Unlike a copy of its pages, it holds nothing of what was deleted.
                connection.execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            raise Failed(f"{file} could not be copied to {path.parent}: {error}") from None
    else:
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")


def put(path: Path, url: str) -> None:
    """Put the copy back in the database's place, where nobody uses it. Raises Failed."""
    if file := _file(url):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in _files(file):
            each.unlink(missing_ok=True)
        shutil.move(path, file)
        return
    engine = connect(url)
    try:
        former = MetaData()
        former.reflect(engine)
        former.drop_all(engine)
    except SQLAlchemyError as error:
        raise Failed(f"{_address(url)} could not be emptied ({type(error).__name__})") from None
    finally:
        engine.dispose()
    _run(url, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(path))


def set_aside(url: str, path: Path) -> None:
    """Keep the database as it is at ``path``, before another is put in its place. Raises Failed."""
    if file := _file(url):
        for each, suffix in zip(_files(file), ("", "-wal", "-shm"), strict=True):
            if each.exists():
                shutil.move(each, f"{path}{suffix}")
    else:
        take(url, path)


def _file(url: str) -> Path | None:
    address = make_url(url)
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


def _files(file: Path) -> tuple[Path, Path, Path]:
    return file, Path(f"{file}-wal"), Path(f"{file}-shm")


def _is_locked(file: Path) -> bool:
    """Whoever has a database with a write-ahead log open keeps others from giving that log up."""
    # One that is no database any more is used by nobody.
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False


def _run(url: str, program: str, *arguments: str) -> None:
    address = make_url(url)
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"}
    if address.password:
        # Others see a command's arguments.
        environment["PGPASSWORD"] = str(address.password)
    command = [program, f"--dbname={_uri(address)}", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise Failed(
            f"{program} was not found: install PostgreSQL's programs of the server's version"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Failed(f"{program} at {_address(url)} failed: {said[0]}")


def _uri(address: URL) -> str:
    return address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _address(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
