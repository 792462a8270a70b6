"""The git repository that the folder lies in: its commits, and how one is made whole or not at all."""

import errno
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pygit2
import structlog
from pygit2.enums import FileMode, Option, RepositoryState

from bot.data_faults import Fault

from . import folder
from .authors import BY_HAND, Author
from .snapshot import Snapshot
from .troubles import CannotWrite, Reason, Refused

log = structlog.get_logger()
pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)

DOMAIN = "guitai"  # of the authors' addresses
LONGEST_SUMMARY = 200
Changes = Mapping[str, bytes | None]
"""New content of files by path; None: the file goes."""


class Ground:
    """The repository, opened for one task: git's objects are not for several threads."""

    def __init__(self, root: Path) -> None:
        """Open the repository around ``root``, or make one there.

        Raises:
            CannotWrite: there is none and none can be made, or it is another user's.
        """
        self.root = root
        with told():
            self.git = _opened(root)
            self.prefix = _below(self.git, root)
            self._journal = Path(self.git.path) / "guitai-pending"

    @contextmanager
    def alone(self, wait: float = folder.WAIT_SECONDS) -> Iterator[None]:
        """Be the only writer, after what a killed one left undone is finished.

        Raises:
            CannotWrite: another still writes after ``wait`` seconds, or nobody can.
        """
        with told(), folder.one_at_a_time(Path(self.git.path) / "guitai.lock", wait):
            if self._journal.exists():
                self._finish()
            yield

    def commit(self, name: str) -> pygit2.Commit:
        """The commit whose id begins so, with ten signs or more.

        Raises:
            Refused: there is none.
        """
        try:
            found = self.git.get(name) if re.fullmatch("[0-9a-f]{10,40}", name) else None
        except ValueError:  # several begin so
            found = None
        if not isinstance(found, pygit2.Commit):
            raise Refused([Fault("no_change", name=name[:40])])
        return found

    def tip(self) -> pygit2.Commit | None:
        """The last commit; None where there is none yet."""
        return None if self.git.head_is_unborn else self.git.head.peel(pygit2.Commit)

    def snapshot(self, commit: pygit2.Commit | None) -> Snapshot:
        """Our files at ``commit``; none at None."""
        if commit is None:
            return Snapshot("", {}, self.git.path)
        return Snapshot(str(commit.id), self._blobs(commit.tree), self.git.path)

    def roots(self, commit: pygit2.Commit) -> tuple[object, ...]:
        """What stays the same from commit to commit as long as none of our files changes."""
        found: list[object] = []
        for name in (*folder.SINGLE, folder.FOLDER):
            try:
                found.append(commit.tree[self.prefix + name].id)
            except KeyError:
                found.append(None)
        return tuple(found)

    def ignored(self, path: str) -> bool:
        """Whether the repository is told to leave the file out."""
        return self.git.path_is_ignored(self.prefix + path)

    def _blobs(self, tree: pygit2.Tree) -> dict[str, str]:
        """Version of each of our files in ``tree``."""
        found: dict[str, str] = {}

        def walk(entry: pygit2.Object, path: str) -> None:
            if isinstance(entry, pygit2.Tree):
                for each in entry:
                    walk(each, f"{path}/{each.name}")
            elif isinstance(entry, pygit2.Blob) and entry.filemode != FileMode.LINK and folder.is_ours(path):
                found[path] = str(entry.id)

        for name in (*folder.SINGLE, folder.FOLDER):
            with suppress(KeyError):
                walk(tree[self.prefix + name], name)
        return found

    # ---- writing ----

    def make(self, base: Snapshot, changes: Changes, author: Author, summary: str) -> str:
        """Commit the changes and put them on disk; all or nothing, also where this process is killed.

        Args:
            base: the last commit, which the changes are of. What is changed by hand lies on disk already.

        Raises:
            CannotWrite: it cannot be done now.
            OSError, GitError: likewise; nothing was changed.
        """
        _refuse_state(self.git)
        folder.sweep(self.root)
        commit = self._prepared(base, changes, author, summary)
        by_hand = author == BY_HAND
        before = {path: base.content(path) for path in changes}
        writing = folder.Writing(self.root, before, {} if by_hand else changes)
        try:
            # From here on, whoever comes next after a kill finishes it.
            folder.write_whole(self._journal, str(commit).encode())
            try:
                writing.put()
                self._move(commit, summary)
            except BaseException:
                writing.back()
                self._journal.unlink()
                raise
        finally:
            writing.clean()
        try:
            self._stage(commit, changes)
            self._journal.unlink()
        except (OSError, pygit2.GitError):
            # It is committed; the index follows as soon as it can be written.
            log.warning("index-not-written", commit=str(commit))
        log.info("files-changed", commit=str(commit), files=len(changes))
        return str(commit)

    def _prepared(self, base: Snapshot, changes: Changes, author: Author, summary: str) -> pygit2.Oid:
        """The commit, which no branch knows yet."""
        tree = self._index_of(pygit2.Oid(hex=base.commit)) if base.commit else pygit2.Index()
        for path, content in changes.items():
            name = self.prefix + path
            known = _entry(tree, name)
            if content is not None:
                mode = known.mode if known else FileMode.BLOB
                tree.add(pygit2.IndexEntry(name, self.git.create_blob(content), mode))
            elif known:
                tree.remove(name)
        parents = [pygit2.Oid(hex=base.commit)] if base.commit else []
        name, account = (re.sub("[<>]", "", one_line(part)) or "?" for part in (author.name, author.account))
        by = pygit2.Signature(name, f"{account}@{DOMAIN}")
        message = one_line(summary)[:LONGEST_SUMMARY] or "Changed"
        return self.git.create_commit(None, by, by, f"{message}\n", tree.write_tree(self.git), parents)

    def _index_of(self, commit: pygit2.Oid) -> pygit2.Index:
        index = pygit2.Index()
        index.read_tree(self.git[commit].peel(pygit2.Commit).tree)
        return index

    def _stage(self, commit: pygit2.Oid, paths: Iterable[str]) -> None:
        """Let the repository's index know these of our files as committed; what else is staged stays."""
        index, made = self.git.index, self._index_of(commit)
        index.read()
        for path in paths:
            entry = _entry(made, self.prefix + path)
            if entry:
                index.add(entry)
            elif _entry(index, self.prefix + path):
                index.remove(self.prefix + path)
        index.write()

    def _move(self, commit: pygit2.Oid, summary: str) -> None:
        """Let the branch be at the commit, if it is still where it was when that was made."""
        if self.git.head_is_unborn:
            self.git.create_reference(str(self.git.lookup_reference("HEAD").target), commit)
            return
        branch = self.git.lookup_reference(self.git.head.name)
        if branch.target not in self.git[commit].peel(pygit2.Commit).parent_ids:
            raise CannotWrite("moved")
        branch.set_target(commit, f"studio: {one_line(summary)}")

    def _finish(self) -> None:
        """Finish what a killed process began: its commit was prepared, so all of it is known."""
        name = self._journal.read_text()
        commit = self.commit(name) if self.git.get(name) else None
        tip = self.tip()
        if commit and (tip.id in (commit.id, *commit.parent_ids) if tip else not commit.parents):
            made, before = self.snapshot(commit), self.snapshot(commit.parents[0] if commit.parents else None)
            changed = [
                path
                for path in sorted({*made.blobs, *before.blobs})
                if made.version(path) != before.version(path)
            ]
            if tip is None or tip.id != commit.id:
                self._put(made, before, changed)
                self._move(commit.id, commit.message)
            self._stage(commit.id, changed)
            log.warning("files-finished", commit=name)
        self._journal.unlink()

    def _put(self, made: Snapshot, before: Snapshot, paths: Iterable[str]) -> None:
        """Write what of a prepared commit is not on disk yet."""
        for path in paths:
            content = made.content(path)
            # What somebody has written by hand since stays, as an edit by hand.
            if folder.read(self.root, path) != before.content(path):
                continue
            if content is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                folder.write_whole(self.root / path, content)


def _opened(root: Path) -> pygit2.Repository:
    found = pygit2.discover_repository(str(root))
    if found:
        git = pygit2.Repository(found)
        # A folder that the repository around it leaves out needs one of its own.
        if git.workdir and not git.path_is_ignored(f"{_below(git, root)}domain.yml"):
            return git
    with folder.one_at_a_time(root):
        if not (root / ".git").exists():
            pygit2.init_repository(str(root), initial_head="main")
    return pygit2.Repository(str(root / ".git"))


def _below(git: pygit2.Repository, root: Path) -> str:
    """Of our paths within the repository."""
    below = root.relative_to(Path(git.workdir).resolve()).as_posix()
    return "" if below == "." else f"{below}/"


def _entry(index: pygit2.Index, name: str) -> pygit2.IndexEntry | None:
    try:
        return index[name]
    except KeyError:
        return None


def _refuse_state(git: pygit2.Repository) -> None:
    """Refuse where somebody is in the middle of something."""
    if git.head_is_detached:
        raise CannotWrite("detached")
    if git.state() != RepositoryState.NONE:
        raise CannotWrite("unfinished")
    if (Path(git.path) / "index.lock").exists():
        raise CannotWrite("index_locked")


@contextmanager
def told() -> Iterator[None]:
    """Tell the machine's errors as sentences.

    Raises:
        CannotWrite: an error of files or git.
    """
    try:
        yield
    except (OSError, pygit2.GitError) as error:
        reason = _reason(error)
        if reason == "failed":
            log.exception("files-not-written")
        raise CannotWrite(reason) from error


def _reason(error: Exception) -> Reason:
    said, number = str(error), getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or os.strerror(errno.ENOSPC) in said:
        return "disk_full"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS) or os.strerror(errno.EACCES) in said:
        return "no_permission"
    if "not owned by current user" in said:
        return "foreign_owner"
    return "index_locked" if "locked" in said else "failed"


def one_line(text: str) -> str:
    """The text on one line, without what is not printed."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
