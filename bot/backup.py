"""One archive with all that an installation keeps, made while it runs and put back while it does not.

It is a tar.gz of copies of the databases, the pictures, the secrets and, last, ``manifest.json``, which
proves that the archive is whole.
"""

import errno
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.exc import SQLAlchemyError

from bot import migrations
from bot.conversations import snapshots
from bot.conversations.database import connect
from bot.conversations.privacy import Privacy
from bot.conversations.store import Store
from bot.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"
# What lies in the data folder beside the databases. Logs and caches are left out.
KEPT = ("attachments", "secrets", "passwords.json")
LOG = "guitai"


class CannotBackUp(Exception):
    """No archive was made; the text says why and what to do."""


class CannotRestore(Exception):
    """Nothing was put back; the text says why and what to do."""


@dataclass(frozen=True)
class Restored:
    """``made_at``: of the archive; ``aside``: where the former data lies; ``erased``: rows erased again."""

    made_at: str
    aside: Path | None
    erased: int


def back_up(settings: Settings, file: Path) -> None:
    """Write everything that is kept to the new archive ``file``, for its owner alone. Raises CannotBackUp."""
    if file.exists():
        raise CannotBackUp(f"{file} is there already: choose another name.")
    if not file.parent.is_dir():
        raise CannotBackUp(f"There is no folder {file.parent}.")
    try:
        revision = migrations.revision(settings.database) if snapshots.is_there(settings.database) else None
        if revision is None:
            raise CannotBackUp(
                f"There is nothing to back up in {settings.data_dir}: is GUITAI_DATA_DIR right?"
            )
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            archive = Path(folder) / "archive"
            with open(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                _write(settings, revision, Path(folder), out)
                out.flush()
                os.fsync(out.fileno())
            archive.rename(file)
    except (snapshots.Failed, SQLAlchemyError) as error:
        raise CannotBackUp(f"{error}. No archive was made.") from None
    except OSError as error:
        raise CannotBackUp(f"{_why(error, file.parent)} No archive was made.") from None


def restore(settings: Settings, file: Path, force: bool = False) -> Restored:
    """Put back what the archive holds; with ``force`` also where there is data, which is moved aside.

    Conversations that were erased since the backup, as far as the data moved aside tells, are erased again.
    Raises CannotRestore.
    """
    os.umask(0o077)
    aside = None
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="restore-", dir=settings.data_dir) as folder:
            manifest = _extract(file, Path(folder))
            _check_fits(settings, manifest)
            erased: list[str] = []
            if _check_free(settings, force):
                erased = _erased(settings)
                aside = settings.data_dir / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
                _set_aside(settings, aside)
            _put(settings, Path(folder), manifest)
        migrations.upgrade(settings.database)
        with _privacy(settings) as privacy:
            again = privacy.erase_again(erased, by="restore")
        return Restored(manifest["made_at"], aside, again.total())
    except (snapshots.Failed, SQLAlchemyError) as error:
        raise CannotRestore(f"{error}.{_where(aside)}") from None
    except OSError as error:
        raise CannotRestore(f"{_why(error, settings.data_dir)}{_where(aside)}") from None


def databases(settings: Settings) -> dict[str, str]:
    """Addresses of the databases by name, in the order in which they are copied.

    What is copied later knows at least what the others know: a message that the engine remembers stands in
    the log, and what the log says was done was done in the shop. Taken the other way round, a new message
    after the restore would pass for one that the engine has answered.
    """
    named = {
        "engine": settings.engine_database,
        LOG: settings.database,
        "shop": settings.shop_database,
    }
    return {name: url for name, url in named.items() if name == LOG or url != settings.database}


def _write(settings: Settings, revision: str, folder: Path, out: BinaryIO) -> None:
    kinds: dict[str, str] = {}
    sums: dict[str, str] = {}
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, url in databases(settings).items():
            # A shop of one's own keeps its data itself.
            if snapshots.is_there(url):
                copy = folder / name
                snapshots.take(url, copy)
                kinds[name] = snapshots.kind(url)
                with copy.open("rb") as source:
                    sums[name] = _add(archive, name, source)
                copy.unlink()
        for path in _kept(settings.data_dir):
            name = path.relative_to(settings.data_dir).as_posix()
            try:
                with path.open("rb") as source:
                    sums[name] = _add(archive, name, source)
            except FileNotFoundError:
                continue  # a picture erased just now
        manifest = {
            "format": FORMAT,
            "version": version("guitai"),
            "revision": revision,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "databases": kinds,
            "sha256": sums,
        }
        _add(archive, MANIFEST, BytesIO(json.dumps(manifest, indent=2).encode()))


def _kept(data_dir: Path) -> Iterator[Path]:
    for name in KEPT:
        path = data_dir / name
        yield from sorted(each for each in (path, *path.rglob("*")) if each.is_file())


def _add(archive: tarfile.TarFile, name: str, source: BufferedReader | BytesIO) -> str:
    """Add the file for its owner alone; its checksum."""
    digest = hashlib.file_digest(source, "sha256").hexdigest()
    info = tarfile.TarInfo(name)
    info.size = source.seek(0, os.SEEK_END)
    info.mode, info.mtime = 0o600, int(datetime.now(UTC).timestamp())
    source.seek(0)
    archive.addfile(info, source)
    return digest


def _extract(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack the archive, which may write nowhere else; its manifest, once all of it is proven whole."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        sums: dict[str, str] = manifest["sha256"]
        for name, expected in sums.items():
            with (folder / name).open("rb") as unpacked:
                if hashlib.file_digest(unpacked, "sha256").hexdigest() != expected:
                    raise CannotRestore(f"{file} is damaged: {name} in it is not what was backed up.")
        return manifest
    except FileNotFoundError as error:
        if not file.exists():
            raise
        missing = Path(error.filename or MANIFEST).name
        raise CannotRestore(f"{file} is no whole backup: {missing} is missing in it.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, KeyError) as error:
        raise CannotRestore(f"{file} is no whole backup ({error}): take another one.") from None


def _check_fits(settings: Settings, manifest: dict[str, Any]) -> None:
    revision = manifest.get("revision")
    if manifest.get("format") != FORMAT or not migrations.is_known(str(revision)):
        made_by = f"Guitai {manifest.get('version')} (schema {revision})"
        raise CannotRestore(f"The backup was made by {made_by}, which is newer: update this one first.")
    for name, url in databases(settings).items():
        made = manifest["databases"].get(name, snapshots.kind(url))
        if made != snapshots.kind(url):
            setting = "GUITAI_DATABASE_URL" if name == LOG else f"GUITAI_{name.upper()}_DATABASE_URL"
            raise CannotRestore(f"The backup of {name} is one of {made}: set {setting} to one of that kind.")


def _check_free(settings: Settings, force: bool) -> bool:
    """Whether there is data, which may be moved aside. Raises CannotRestore."""
    urls = databases(settings).values()
    if any(snapshots.in_use(url) for url in urls):
        raise CannotRestore(
            "The processes are running on this data: stop them first, or restore into another folder"
            " (GUITAI_DATA_DIR) and start them on that."
        )
    there = any((settings.data_dir / name).exists() for name in KEPT)
    there = there or any(snapshots.is_there(url) for url in urls)
    if there and not force:
        raise CannotRestore(
            f"There is data in {settings.data_dir} or its databases already: with --force it is moved aside."
        )
    return there


def _set_aside(settings: Settings, aside: Path) -> None:
    aside.mkdir(mode=0o700)
    for name, url in databases(settings).items():
        if snapshots.is_there(url):
            snapshots.set_aside(url, aside / name)
    for name in KEPT:
        if (settings.data_dir / name).exists():
            (settings.data_dir / name).rename(aside / name)


def _put(settings: Settings, folder: Path, manifest: dict[str, Any]) -> None:
    for name, url in databases(settings).items():
        if name in manifest["databases"]:
            snapshots.put(folder / name, url)
    for name in KEPT:
        if (folder / name).exists():
            shutil.move(folder / name, settings.data_dir / name)


def _erased(settings: Settings) -> list[str]:
    """What the data that is there knows of erasures; nothing where it cannot be read any more."""
    try:
        with _privacy(settings) as privacy:
            return privacy.erased()
    except SQLAlchemyError:
        return []


@contextmanager
def _privacy(settings: Settings) -> Iterator[Privacy]:
    database = connect(settings.database)
    try:
        yield Privacy(Store(database), settings.data_dir)
    finally:
        database.dispose()


def _where(aside: Path | None) -> str:
    return f" The former data lies in {aside}." if aside else ""


def _why(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk is full: make room at {folder}."
    return f"{error.strerror or error}: {error.filename or folder}."
