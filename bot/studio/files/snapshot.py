"""The files as one commit holds them, and a draft of changes to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pygit2

from bot.data_faults import Fault

from . import folder
from .troubles import Refused


class Files(Protocol):
    """What the readers of ``language`` read from: a snapshot or a draft."""

    def files(self, under: str = "") -> list[str]:
        """Paths in order, of those below the folder ``under``."""

    def text(self, path: str) -> str:
        """What the file holds.

        Raises:
            Refused: there is no such file, or it is not UTF-8.
        """


@dataclass(frozen=True)
class Snapshot:
    """The files of one commit. Cheap; reads each when it is asked for, and never what is on disk."""

    commit: str
    blobs: Mapping[str, str] = field(repr=False, compare=False)
    """Version of each file by its path."""
    gitdir: str = field(repr=False)

    def files(self, under: str = "") -> list[str]:
        """Paths in order, of those below the folder ``under``."""
        prefix = f"{under.rstrip('/')}/" if under else ""
        return sorted(path for path in self.blobs if path.startswith(prefix))

    def version(self, path: str) -> str | None:
        """Which version of the file this is: what ``seen`` of ``Repository.edit`` takes."""
        return self.blobs.get(path)

    def content(self, path: str) -> bytes | None:
        """The file's bytes; None where there is none."""
        blob = self.blobs.get(path)
        return None if blob is None else _blob(self.gitdir, blob)

    def text(self, path: str) -> str:
        """What the file holds, its line ends as they are.

        Raises:
            Refused: there is no such file, or it is not UTF-8.
        """
        return decoded(path, self.content(path))


class Draft:
    """Changes that are not made yet: ``Repository.edit`` makes them all, or none."""

    def __init__(self, base: Snapshot) -> None:
        self._base = base
        self.changes: dict[str, bytes | None] = {}
        """New content of each file that was written; None: removed."""
        self.commit: str | None = None
        """The commit that was made, once it is; None where nothing changed."""

    def files(self, under: str = "") -> list[str]:
        """Paths in order, of those below the folder ``under``."""
        prefix = f"{under.rstrip('/')}/" if under else ""
        gone = {path for path, content in self.changes.items() if content is None}
        return sorted(path for path in {*self._base.blobs, *self.changes} - gone if path.startswith(prefix))

    def text(self, path: str) -> str:
        """What the file holds with this draft's changes, its line ends as they are.

        Raises:
            Refused: there is no such file, or it is not UTF-8.
        """
        return decoded(path, self.changes[path] if path in self.changes else self._base.content(path))

    def write(self, path: str, text: str) -> None:
        """Let the file hold ``text``.

        Raises:
            Refused: it is none of the studio's files, or the text cannot be stored.
        """
        if not folder.is_ours(path):
            raise Refused([Fault("no_file_of_ours", path=path)])
        self._note(path, folder.encoded(path, text))

    def remove(self, path: str) -> None:
        """Let the file be gone.

        Raises:
            Refused: there is none.
        """
        self.text(path)
        self._note(path, None)

    def _note(self, path: str, content: bytes | None) -> None:
        if content == self._base.content(path):
            self.changes.pop(path, None)
        else:
            self.changes[path] = content


def decoded(path: str, content: bytes | None) -> str:
    """A file's text.

    Raises:
        Refused: there is no file, or it is not UTF-8.
    """
    if content is None:
        raise Refused([Fault("no_file", path=path)])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused([Fault("not_utf8_now", place=f"{path}:{line}")]) from error


# As many as the files are, a few times over; a blob never changes.
@lru_cache(maxsize=512)
def _blob(gitdir: str, blob: str) -> bytes:
    found = pygit2.Repository(gitdir)[blob]
    if not isinstance(found, pygit2.Blob):
        raise TypeError(f"{blob} is no file")
    return found.data


def write_out(files: Mapping[str, bytes], target: Path) -> None:
    """Write the files below the folder ``target``.

    Raises:
        OSError: they cannot be written.
    """
    for path, content in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
