"""A private PostgreSQL server for the tests, where the machine has the programs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest


def programs() -> Path | None:
    """Folder of ``initdb`` and ``pg_ctl``, newest version first."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return versions[-1].parent if versions else None


class PostgreSQL:
    """A server with a folder of its own, in which its socket lies too."""

    def __init__(self, bin: Path, folder: Path) -> None:
        self._bin, self._folder = bin, folder
        self._names = count(1)
        # PostgreSQL refuses to run as root.
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", "-U", "tests", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """At once, as a crash would."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def database(self, template: str = "template1") -> str:
        """A new database's address; a copy of the one at ``template``, to which nobody may be connected."""
        name = f"tests{next(self._names)}"
        original = template.partition("@/")[2].partition("?")[0] or template
        createdb = [self._bin / "createdb", "-h", self._folder, "-U", "tests", "-T", original, name]
        subprocess.run(createdb, check=True, timeout=60, stdin=subprocess.DEVNULL)
        return f"postgresql://tests@/{name}?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        as_user: dict[str, object] = {}
        if self._account:
            as_user = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        command = [str(self._bin / program), "-D", str(self._folder / "data"), *arguments]
        done = subprocess.run(
            command,
            check=False,
            timeout=60,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **as_user,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


@contextmanager
def postgresql_server(bin: Path) -> Iterator[PostgreSQL]:
    """A running server that listens on a socket of its own only."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        server = PostgreSQL(bin, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


# In these, processes meet in the database; all others try PostgreSQL with the long tests.
MEETING = frozenset(
    {
        *(f"heart/test_{name}.py" for name in ("concurrency", "feed", "outbox", "store", "turns", "waits")),
        *("handoff/test_presence.py", "handoff/test_races.py", "handoff/test_tickets.py"),
        *("insights/test_gathering.py", "privacy/test_erasure.py", "processes/test_processes.py"),
        *("shop/test_loading.py", "shop/test_once.py", "staff/test_people.py"),
        *("studio/review/test_collecting.py", "wechat/test_connector.py", "wechat/test_shelf.py"),
    }
)


def with_the_long_tests(items: Iterable[pytest.Item]) -> None:
    """Mark as slow what tries PostgreSQL, but for ``MEETING``."""
    here = Path(__file__).parent
    for item in items:
        if "postgresql" in item.name and item.path.relative_to(here).as_posix() not in MEETING:
            item.add_marker(pytest.mark.slow)
