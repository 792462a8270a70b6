"""Rules and stories written into their files, each as one commit; who was first is told to who is second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bot.studio.files import Author, Draft, Repository, Trouble
from bot.studio.files import stories as kept
from bot.studio.files.snapshot import Files
from bot.studio.files.stories import Kind, Told


@dataclass(frozen=True)
class Which:
    """The rule or story that is edited."""

    kind: Kind
    name: str
    path: str
    version: str
    """Which text of it the editor was shown (``version``)."""


class Changed(Trouble):
    """Somebody else has changed this rule or story since the editor saw it, or removed it."""

    def __init__(self, now: Told | None, by: str, at: datetime | None) -> None:
        super().__init__("It was changed by somebody else meanwhile.")
        self.now = now
        """As it is now; None: it is gone."""
        self.by = by
        self.at = at


def version(source: str) -> str:
    """Which text of a rule or story this is."""
    return sha256(source.encode(errors="replace")).hexdigest()


def found(files: Files, kind: Kind, name: str) -> Told | None:
    """The rule or story of this name; of several the first."""
    return next((each for each in kept.told(files) if (each.kind, each.name) == (kind, name)), None)


def add(repository: Repository, author: Author, summary: str, path: str, source: str) -> None:
    """Add a rule or story to the file ``path``.

    Raises:
        Refused: it cannot be one, its name is taken, or the data would be wrong with it.
        CannotWrite: the files or their repository cannot be written.
    """
    with repository.edit(author, summary) as draft:
        kept.add(draft, path, source)


def replace(repository: Repository, author: Author, summary: str, which: Which, source: str) -> None:
    """Let a rule or story be another.

    Raises:
        Changed: somebody else was first.
        Refused, CannotWrite: as ``add``.
    """
    with _edit(repository, author, summary, which) as draft:
        kept.replace(draft, which.kind, which.name, source)


def remove(repository: Repository, author: Author, summary: str, which: Which) -> None:
    """Remove a rule or story.

    Raises:
        Changed: somebody else was first.
        Refused, CannotWrite: as ``add``.
    """
    with _edit(repository, author, summary, which) as draft:
        kept.remove(draft, which.kind, which.name)


@contextmanager
def _edit(repository: Repository, author: Author, summary: str, which: Which) -> Iterator[Draft]:
    """An edit of the files as they are now, of which this rule or story is still as it was shown.

    What others did to its neighbours meanwhile does not matter then.
    """
    with repository.edit(author, summary) as draft:
        now = found(draft, which.kind, which.name)
        if now is None or version(now.source) != which.version:
            last = next(iter(repository.history(1, path=now.path if now else which.path)), None)
            raise Changed(now, last.author.name if last else "", last.at if last else None)
        yield draft
