"""What was changed in the files, by whom, and line by line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

import pygit2
from pygit2.enums import DeltaStatus, SortMode

from . import folder
from .authors import BY_HAND, Author
from .ground import Ground, one_line

Kind = Literal["added", "removed", "changed"]
_KINDS: dict[DeltaStatus, Kind] = {DeltaStatus.ADDED: "added", DeltaStatus.DELETED: "removed"}
LONGEST = 4000
"""Lines of one file's diff that are given."""
FARTHEST = 500
"""Changes of a file that are looked through for the last one of a part of it."""


@dataclass(frozen=True)
class Change:
    """One commit that touched our files."""

    id: str
    author: Author
    at: datetime
    summary: str
    paths: tuple[str, ...]
    additions: int
    """Lines."""
    deletions: int
    first: bool
    """Whether there was nothing before it: then it cannot be taken back."""

    @property
    def by_hand(self) -> bool:
        """Whether it was found on disk."""
        return self.author == BY_HAND


@dataclass(frozen=True)
class Line:
    """One line of a diff."""

    kind: Literal["+", "-", " "]
    text: str
    old: int | None
    """Its number before the change."""
    new: int | None


@dataclass(frozen=True)
class FileDiff:
    """What a change did to one file."""

    path: str
    kind: Kind
    additions: int
    deletions: int
    hunks: tuple[tuple[Line, ...], ...]
    """Lines that belong together, each group apart from the next."""
    cut: bool
    """Whether there is more of it than is given here."""


def changes(ground: Ground, limit: int, before: str | None = None, path: str | None = None) -> list[Change]:
    """The newest changes first, at most ``limit``; those older than the change ``before``, those of ``path``.

    Raises:
        Refused: there is no change ``before``.
    """
    start = ground.commit(before) if before else ground.tip()
    found: list[Change] = []
    for commit in _touching(ground, start, path):
        if before and str(commit.id) == before:
            continue
        if len(found) == limit:
            break
        found.append(told(ground, commit))
    return found


def between(ground: Ground, older: str, newer: str, limit: int) -> list[Change]:
    """What ``newer`` holds that ``older`` does not, the newest change first, at most ``limit``.

    Raises:
        Refused: one of them is not there.
    """
    start, end = ground.commit(newer), ground.commit(older)
    return [told(ground, commit) for commit in islice(_touching(ground, start, None, end), limit)]


def last(ground: Ground, path: str, part: Callable[[str], object]) -> Change | None:
    """The newest change after which ``part`` of the file's text is not what it was before.

    None where there is none among the newest ``FARTHEST``.
    """
    for commit in islice(_touching(ground, ground.tip(), path), FARTHEST):
        after, before = _part(ground, commit, path, part), None
        if commit.parents:
            before = _part(ground, commit.parents[0], path, part)
        if after != before:
            return told(ground, commit)
    return None


def _part(ground: Ground, commit: pygit2.Commit, path: str, part: Callable[[str], object]) -> object:
    version = _version(ground, commit, path)
    found = ground.git.get(version) if version else None
    return part(found.data.decode(errors="replace")) if isinstance(found, pygit2.Blob) else None


def _touching(
    ground: Ground, start: pygit2.Commit | None, path: str | None, end: pygit2.Commit | None = None
) -> Iterator[pygit2.Commit]:
    """Commits that changed our files, or the one of ``path``, but for those that ``end`` has.

    Of a merge, its first parent's side counts.
    """
    if start is None:
        return
    walker = ground.git.walk(start.id, SortMode.TOPOLOGICAL)
    walker.simplify_first_parent()
    if end:
        walker.hide(end.id)
    for commit in walker:
        parent = commit.parents[0] if commit.parents else None
        if parent and ground.roots(commit) == ground.roots(parent):
            continue
        if path is None or _version(ground, commit, path) != _version(ground, parent, path):
            yield commit


def _version(ground: Ground, commit: pygit2.Commit | None, path: str) -> Any:
    try:
        return commit and commit.tree[ground.prefix + path].id
    except KeyError:
        return None


def told(ground: Ground, commit: pygit2.Commit) -> Change:
    """What the commit did to our files, in short."""
    patches = _patches(ground, commit)
    author = commit.author
    return Change(
        str(commit.id),
        Author(one_line(author.name), (author.email or "").partition("@")[0]),
        datetime.fromtimestamp(commit.commit_time, UTC),
        one_line(commit.message.partition("\n")[0]),
        tuple(path for path, _ in patches),
        sum(patch.line_stats[1] for _, patch in patches),
        sum(patch.line_stats[2] for _, patch in patches),
        first=not commit.parents,
    )


def diff(ground: Ground, commit: pygit2.Commit) -> list[FileDiff]:
    """What the commit did to our files, line by line."""
    return [_file(path, patch) for path, patch in _patches(ground, commit)]


def _patches(ground: Ground, commit: pygit2.Commit) -> list[tuple[str, pygit2.Patch]]:
    if commit.parents:
        compared = ground.git.diff(commit.parents[0], commit)
    else:
        compared = commit.tree.diff_to_tree(swap=True)
    found = []
    for delta, patch in zip(compared.deltas, compared, strict=True):
        name = delta.new_file.path
        path = name.removeprefix(ground.prefix)
        if patch and name.startswith(ground.prefix) and folder.is_ours(path):
            found.append((path, patch))
    return found


def _file(path: str, patch: pygit2.Patch) -> FileDiff:
    left, hunks = LONGEST, []
    for hunk in patch.hunks:
        lines = [
            Line(
                _sign(line.origin),
                line.content.rstrip("\r\n"),
                _number(line.old_lineno),
                _number(line.new_lineno),
            )
            for line in hunk.lines[:left]
            if line.origin in "+- "
        ]
        left -= len(lines)
        if lines:
            hunks.append(tuple(lines))
    _, added, removed = patch.line_stats
    return FileDiff(
        path, _KINDS.get(patch.delta.status, "changed"), added, removed, tuple(hunks), cut=left <= 0
    )


def _sign(origin: str) -> Literal["+", "-", " "]:
    return "+" if origin == "+" else "-" if origin == "-" else " "


def _number(line: int) -> int | None:
    return line if line > 0 else None
