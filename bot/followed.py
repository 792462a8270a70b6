"""Files that are read again while we run, soon after they have changed. Runs in both environments."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from bot.data_files import Unreadable

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent

LOOK_SECONDS = 1.0
"""From one look at the files to the next."""
SETTLED_SECONDS = 0.5
"""So long after the last change a file is taken to be whole."""

Content = TypeVar("Content")
Whole = TypeVar("Whole")


class Followed(Generic[Content, Whole]):
    """What is made of some files. Only what has changed is read anew; any thread may ask.

    While a file is broken, what was read of it before stays in force, and the log says what to correct.
    """

    def __init__(
        self,
        files: Callable[[], Iterable[Path]],
        read: Callable[[Path], Content],
        whole: Callable[[Mapping[Path, Content]], Whole],
        strict: bool = False,
    ) -> None:
        """Read the files.

        Args:
            files: which there are; one that is listed no more counts no more.
            read: raises Unreadable for a broken one.
            whole: what all contents, in the order of ``files``, come to.
            strict: whether a file that is broken now raises Unreadable; else it counts as empty.
        """
        self._files, self._read, self._join = files, read, whole
        self._stamps: dict[Path, _Stamp | None] = {}
        self._contents: dict[Path, Content] = {}
        self._look(strict, first=True)
        self._whole = whole(self._contents)
        self._look_again = time.monotonic() + LOOK_SECONDS

    def now(self) -> Whole:
        """What the files say; the same object as long as they do not change."""
        moment = time.monotonic()
        if moment >= self._look_again:
            # First, so that no other thread looks too.
            self._look_again = moment + LOOK_SECONDS
            if self._look():
                self._whole = self._join(self._contents)
        return self._whole

    def _look(self, strict: bool = False, first: bool = False) -> bool:
        stamps: dict[Path, _Stamp | None] = {}
        contents: dict[Path, Content] = {}
        changed = False
        for path in self._files():
            stamp = _stamp(path)
            if path in self._stamps and stamp == self._stamps[path]:
                stamps[path] = stamp
            elif stamp and not first and stamp.is_fresh():
                # Perhaps still being written: at the next look.
                if path in self._stamps:
                    stamps[path] = self._stamps[path]
            else:
                stamps[path] = stamp
                try:
                    contents[path] = self._read(path)
                    changed = True
                    continue
                except Unreadable as error:
                    if strict:
                        raise
                    logger.error("%s Until then what was read before stays in force.", error)
            if path in self._contents:
                contents[path] = self._contents[path]
        changed = changed or contents.keys() != self._contents.keys()
        self._stamps, self._contents = stamps, contents
        return changed


def follow_file(path: Path, read: Callable[[Path], Content]) -> Followed[Content, Content]:
    """Follow one file.

    Raises:
        Unreadable: it is broken now.
    """
    return Followed(lambda: [path], read, lambda contents: contents[path], strict=True)


def data_file(folder: Path, name: str) -> Path:
    """``data/NAME`` of a bot's folder; the project's own where that has none."""
    path = folder / "data" / name
    return path if path.exists() else ROOT / "data" / name


class _Stamp(NamedTuple):
    """Changes with every change of a file."""

    changed_ns: int
    size: int
    inode: int

    def is_fresh(self) -> bool:
        return 0 <= time.time() - self.changed_ns / 1e9 < SETTLED_SECONDS


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return _Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
