"""The folder on disk: which files of it are ours, and how they are written, whole or not at all."""

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from bot.data_faults import Fault

from .troubles import CannotWrite, Refused

SINGLE = ("config.yml", "domain.yml")
FOLDER = "data"
LARGEST = 8 * 1024 * 1024
"""Bytes of one file."""
WAIT_SECONDS = 20.0
# What a killed process may leave beside a file of ours.
LEFT_OVER = ".guitai-"


def is_ours(path: str) -> bool:
    """Whether ``path``, relative to the folder, is a file that the studio keeps."""
    parts = PurePosixPath(path).parts
    if path in SINGLE:
        return True
    return (
        len(parts) > 1
        and parts[0] == FOLDER
        and path == "/".join(parts)
        and not any(part.startswith(".") or part.endswith("~") for part in parts)
        and path.isprintable()
        and "\\" not in path
    )


def found(root: Path) -> dict[str, Path]:
    """The files of ours under ``root``, by their paths relative to it. Links are left out."""
    files = [root / name for name in SINGLE]
    for folder, folders, names in os.walk(root / FOLDER):
        folders.sort()
        files += [Path(folder) / name for name in sorted(names)]
    ours = {path.relative_to(root).as_posix(): path for path in files}
    return {
        name: path
        for name, path in ours.items()
        if is_ours(name) and path.is_file() and not path.is_symlink()
    }


def read(root: Path, path: str) -> bytes | None:
    """The file's bytes; None where there is none."""
    try:
        return (root / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def encoded(path: str, text: str) -> bytes:
    """The text as it is stored.

    Raises:
        Refused: it cannot be stored, or is too long.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise Refused([Fault("half_character", path=path)]) from error
    if b"\0" in content:
        raise Refused([Fault("nul", path=path)])
    if len(content) > LARGEST:
        raise Refused([Fault("too_large", path=path, most=LARGEST >> 20)])
    return content


class Writing:
    """Several files that change together: prepared, then put in place, and taken back where that fails."""

    def __init__(
        self, root: Path, before: Mapping[str, bytes | None], changes: Mapping[str, bytes | None]
    ) -> None:
        """Write the new contents beside their files, which are not touched yet.

        Args:
            before: what the files are known to hold.

        Raises:
            OSError: no space, or not allowed.
        """
        self._root, self._before = root, before
        self._prepared: dict[str, Path | None] = {}
        self._kept: dict[str, Path | None] = {}
        try:
            for path, content in changes.items():
                self._prepared[path] = None if content is None else _beside(root / path, content)
        except OSError:
            self.clean()
            raise

    def put(self) -> None:
        """Put everything in place.

        Raises:
            OSError: not all could be; call ``back``.
            CannotWrite: a file is no longer as it was known; call ``back``.
        """
        folders = set()
        for path, fresh in self._prepared.items():
            target = self._root / path
            folders.add(target.parent)
            if read(self._root, path) != self._before[path]:
                raise CannotWrite("moved")
            kept: Path | None = target.with_name(f".{target.name}{LEFT_OVER}{secrets.token_hex(4)}")
            try:
                os.link(target, str(kept))
            except FileNotFoundError:
                kept = None
            self._kept[path] = kept
            if fresh:
                fresh.replace(target)
            else:
                target.unlink(missing_ok=True)
        for folder in folders:
            _sync(folder)

    def back(self) -> None:
        """Make everything as it was before ``put``."""
        for path, kept in self._kept.items():
            target = self._root / path
            if kept:
                kept.replace(target)
            else:
                target.unlink(missing_ok=True)
        self._kept.clear()

    def clean(self) -> None:
        """Remove what was needed meanwhile."""
        for each in (*self._prepared.values(), *self._kept.values()):
            if each:
                with suppress(OSError):
                    each.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write one file so that after a crash it is the old one or the new one.

    Raises:
        OSError: no space, or not allowed.
    """
    _beside(path, content).replace(path)
    _sync(path.parent)


def sweep(root: Path) -> None:
    """Remove what killed processes left beside our files."""
    for folder in (root, *(Path(each) for each, _, _ in os.walk(root / FOLDER))):
        for left in folder.glob(f".*{LEFT_OVER}*"):
            with suppress(OSError):
                left.unlink()


@contextmanager
def one_at_a_time(lock: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold ``lock``, a file or a folder, of all processes and threads alone.

    Raises:
        CannotWrite: another still holds it after ``wait`` seconds, or it cannot be made.
    """
    until = time.monotonic() + wait
    how = os.O_RDONLY if lock.is_dir() else os.O_RDWR | os.O_CREAT
    handle = os.open(lock, how | os.O_CLOEXEC, 0o644)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise CannotWrite("busy") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _beside(target: Path, content: bytes) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}{LEFT_OVER}{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            with suppress(FileNotFoundError):
                os.fchmod(handle, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(handle)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
