"""The folder with config.yml, domain.yml and data/ as a git repository: each change of it is a commit.

What counts is what is committed; a snapshot of it is what is trained. The files on disk are edited by hand
too: what differs is committed first, as a change of its own, where the data check lets it pass. Only these
paths are ever touched, staged or committed, whatever else the repository holds.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygit2
import structlog
from pygit2.enums import FileMode

from bot import data_check
from bot.data_faults import Fault
from bot.settings import ROOT

from . import folder
from . import history as past
from .authors import BY_HAND, Author
from .ground import Changes, Ground
from .snapshot import Draft, Snapshot, decoded, write_out
from .troubles import CannotWrite, Clash, Conflict, Refused

log = structlog.get_logger()


@dataclass(frozen=True)
class Pending:
    """Changes made by hand that the data check does not let pass; they are not committed."""

    paths: tuple[str, ...]
    problems: tuple[str, ...]


class Repository:
    """The files of one folder. Safe to use from several threads and processes at once."""

    def __init__(
        self, root: Path, code: Path = ROOT, made: Callable[[Author, Draft, str], None] | None = None
    ) -> None:
        """Nothing is read yet.

        Args:
            root: the folder with config.yml, domain.yml and data/.
            code: where the actions lie that the data check reads.
            made: told of each change that was made here, and which it is, as the audit calls it; not of
                those by hand.
        """
        self.root, self._code, self._made = root.resolve(), code, made
        # What the check said of the last changes by hand, so that it is not asked at each look.
        self._judged: tuple[object, Pending | None] = (None, None)

    def look(self) -> Snapshot:
        """The files as they are committed; changes by hand are committed first, if they can be.

        Raises:
            CannotWrite: there is no repository and none can be made.
        """
        ground = Ground(self.root)
        try:
            with ground.alone(wait=0):
                self._take_up(ground)
        except CannotWrite as why:
            # Somebody is writing, or nobody can: what is committed can be read all the same.
            log.info("files-not-taken-up", reason=why.reason)
        return ground.snapshot(ground.tip())

    def head(self) -> str:
        """The commit that the files are at."""
        return self.look().commit

    def at(self, commit: str) -> Snapshot:
        """The files as they were at ``commit``.

        Raises:
            Refused: there is no such commit.
        """
        ground = Ground(self.root)
        return ground.snapshot(ground.commit(commit))

    def pending(self) -> Pending | None:
        """Changes by hand that wait until they are mended; None where there are none."""
        self.look()
        return self._judged[1]

    def export(self, commit: str, target: Path) -> None:
        """Write config.yml, domain.yml and data/ as they were at ``commit`` below the folder ``target``.

        Raises:
            Refused: there is no such commit.
            OSError: they cannot be written.
        """
        snapshot = self.at(commit)
        write_out({path: snapshot.content(path) or b"" for path in snapshot.files()}, target)

    def history(
        self, limit: int = 50, before: str | None = None, path: str | None = None
    ) -> list[past.Change]:
        """The newest changes first; those older than the change ``before``, those of the file ``path``.

        Raises:
            Refused: there is no change ``before``.
        """
        if path is not None and not folder.is_ours(path):
            return []
        return past.changes(Ground(self.root), limit, before, path)

    def between(self, older: str, newer: str, limit: int) -> list[past.Change]:
        """The changes that the commit ``newer`` has and ``older`` has not, the newest first.

        Raises:
            Refused: there is no such commit.
        """
        return past.between(Ground(self.root), older, newer, limit)

    def around(self, change: str) -> tuple[Snapshot, Snapshot]:
        """The files before a change and after it.

        Raises:
            Refused: there is no such change.
        """
        ground = Ground(self.root)
        commit = ground.commit(change)
        before = commit.parents[0] if commit.parents else None
        return ground.snapshot(before), ground.snapshot(commit)

    def last_change(self, path: str, part: Callable[[str], object]) -> past.Change | None:
        """The newest change of a part of the file; None where none of the last ones is.

        Args:
            part: of the file's text, what is compared.
        """
        return past.last(Ground(self.root), path, part)

    def change(self, commit: str) -> past.Change:
        """One change, in short.

        Raises:
            Refused: there is no such change.
        """
        ground = Ground(self.root)
        return past.told(ground, ground.commit(commit))

    def diff(self, commit: str) -> list[past.FileDiff]:
        """One change, line by line.

        Raises:
            Refused: there is no such change.
        """
        ground = Ground(self.root)
        return past.diff(ground, ground.commit(commit))

    @contextmanager
    def edit(
        self,
        author: Author,
        summary: str,
        seen: Mapping[str, str | None] | None = None,
        action: str = "data_commit",
    ) -> Iterator[Draft]:
        """Change files: what the block writes into the draft is one commit at its end, or nothing is.

        Args:
            summary: one line for the history.
            seen: which version of each file (``Snapshot.version``) the editor was shown: the block works on
                these, and what others have changed since is merged. The other files are as they are now.
            action: which change it is, as the audit calls it.

        Raises:
            Refused: the data would be wrong in a way it was not before; or a file is changed by hand and
                does not pass the check.
            Conflict: somebody else has changed the same lines since.
            CannotWrite: the files or their repository cannot be written.
        """
        ground = Ground(self.root)
        with ground.alone():
            self._take_up(ground)
            base = ground.snapshot(ground.tip())
            shown = _shown(ground, base, seen or {})
            draft = Draft(shown)
            yield draft
            changes = _merged(ground, base, shown, draft.changes)
            if changes:
                self._refuse_pending(changes)
                problems = self._problems(base, changes)
                if problems:
                    raise Refused(problems)
                draft.commit = ground.make(base, changes, author, summary)
        if draft.commit and self._made:
            self._made(author, draft, action)

    def revert(self, commit: str, author: Author, summary: str = "") -> str | None:
        """Take one change back; what was changed after it stays.

        Returns:
            The new commit; None if there was nothing to do.

        Raises:
            Refused: there is no such change, it is the first one, or the data would be wrong without it.
            Conflict: its lines were changed again since.
            CannotWrite: the files or their repository cannot be written.
        """
        ground = Ground(self.root)
        undone = ground.commit(commit)
        if not undone.parents:
            raise Refused([Fault("first_change")])
        made, before = ground.snapshot(undone), ground.snapshot(undone.parents[0])
        paths = [path for path, version in made.blobs.items() if before.version(path) != version]
        paths += [path for path in before.blobs if path not in made.blobs]
        seen = {path: made.version(path) for path in paths}
        summary = summary or f"Revert: {undone.message}"
        with self.edit(author, summary, seen, "data_revert") as draft:
            for path in paths:
                if path in before.blobs:
                    draft.write(path, before.text(path))
                else:
                    draft.remove(path)
        return draft.commit

    # ---- changes by hand ----

    def _take_up(self, ground: Ground) -> None:
        """Commit what differs on disk, if the check lets it pass; else remember what it says."""
        base, on_disk = ground.snapshot(ground.tip()), folder.found(self.root)
        changes: dict[str, bytes | None] = {path: None for path in base.blobs if path not in on_disk}
        for path, file in on_disk.items():
            content = file.read_bytes()
            if str(pygit2.hash(content)) != base.version(path) and (
                path in base.blobs or not ground.ignored(path)
            ):
                changes[path] = content
        if not changes:
            self._judged = (None, None)
            return
        if self._judged[0] == (base.commit, changes):
            return
        # What is found at first is taken as it is: there is nothing else to go on with.
        first = "domain.yml" not in base.blobs
        problems = [] if first else self._problems(base, changes)
        if problems:
            self._judged = ((base.commit, changes), Pending(tuple(sorted(changes)), tuple(problems)))
        else:
            ground.make(base, changes, BY_HAND, "The files as they were found" if first else "Edited by hand")
            self._judged = (None, None)

    def _refuse_pending(self, changes: Changes) -> None:
        waiting = self._judged[1]
        both = sorted(set(changes) & set(waiting.paths)) if waiting else []
        if waiting and both:
            raise Refused([*(Fault("pending", path=path) for path in both), *waiting.problems])

    # ---- what may be written ----

    def _problems(self, base: Snapshot, changes: Changes) -> list[str]:
        """What the data check finds with the changes, and not without them."""
        problems = self._checked(base, changes)
        if not problems:
            return []
        # A place moves with the lines before it.
        before = Counter(map(_without_lines, self._checked(base, {})))
        fresh = []
        for problem in problems:
            if before[_without_lines(problem)]:
                before[_without_lines(problem)] -= 1
            else:
                fresh.append(problem)
        return fresh

    def _checked(self, base: Snapshot, changes: Changes) -> list[str]:
        files = {path: base.content(path) for path in base.files()} | dict(changes)
        with tempfile.TemporaryDirectory(prefix="guitai-check-") as place:
            write_out({path: each for path, each in files.items() if each is not None}, Path(place))
            try:
                return data_check.problems(Path(place), self._code)
            except Exception as error:  # whatever a file may hold, it must not pass unread
                log.exception("data-check-failed")
                return [Fault("unchecked", kind=type(error).__name__)]


def _shown(ground: Ground, base: Snapshot, seen: Mapping[str, str | None]) -> Snapshot:
    """The files as the editor saw them."""
    blobs = dict(base.blobs)
    for path, version in seen.items():
        if version is None:
            blobs.pop(path, None)
        elif re.fullmatch("[0-9a-f]{40}", version) and isinstance(ground.git.get(version), pygit2.Blob):
            blobs[path] = version
        else:
            raise Refused([Fault("no_version", path=path)])
    return Snapshot("", blobs, base.gitdir)


def _merged(ground: Ground, base: Snapshot, shown: Snapshot, changes: Changes) -> dict[str, bytes | None]:
    """The changes as they are to the files of now.

    Raises:
        Conflict: somebody else has changed the same lines.
    """
    merged: dict[str, bytes | None] = {}
    clashes: list[Clash] = []
    for path, yours in changes.items():
        now = base.content(path)
        try:
            content = _merge(ground, path, shown.content(path), now, yours)
        except _Overlap:
            last = past.changes(ground, 1, path=path)[0]
            texts = ((each or b"").decode(errors="replace") for each in (now, yours))
            clashes.append(Clash(path, last.author.name, last.at, *texts))
            continue
        if content != now:
            merged[path] = content
    if clashes:
        raise Conflict(clashes)
    return merged


class _Overlap(Exception):
    """Two changes of the same lines."""


def _merge(
    ground: Ground, path: str, base: bytes | None, now: bytes | None, yours: bytes | None
) -> bytes | None:
    """What becomes of a file that two may have changed; None: it is gone."""
    if now == base:
        return yours
    if yours in (base, now):
        return now
    if base is None or now is None or yours is None:
        raise _Overlap
    decoded(path, now)
    one, two, three = (
        pygit2.IndexEntry(path, ground.git.create_blob(each), FileMode.BLOB) for each in (base, now, yours)
    )
    result = ground.git.merge_file_from_index(one, two, three)
    if not result.automergeable:
        raise _Overlap
    merged: str = result.contents
    return merged.encode()


def _without_lines(problem: str) -> str:
    return re.sub(r"(\.\w+):\d+", r"\1", problem)
