"""A process killed at any step of an edit leaves the files whole: before the edit, or after it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.studio.files import Repository
from bot.studio.files.language import add_example

from .conftest import LI, WANG
from .small import SMALL, git

GREET, ORDER, NEW = "data/nlu/greet.yml", "data/nlu/order_status.yml", "data/nlu/lexicon/new.txt"

# Dies where the named function is called, or once it is done, for the COUNTth time.
EDIT = """
import os, signal, sys
from pathlib import Path
import pygit2
from bot.studio.files import Author, Repository, folder, ground
from bot.studio.files.language import add_example

root, where, name, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
owner = {"Path": Path, "Writing": folder.Writing, "Ground": ground.Ground, "folder": folder}[where]
real = getattr(owner, name)

def dying(*given, **named):
    global count
    count -= 1
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)

with Repository(root, code=root).edit(Author("李四", "lisi"), "两个文件") as draft:
    add_example(draft, "greet", "在吗")
    add_example(draft, "order_status", "单子呢")
    draft.write("data/nlu/lexicon/new.txt", "词\\n")
    draft.remove("data/nlu/lexicon/colours.yml")
    setattr(owner, name, dying)
"""
BEFORE = [
    ("Ground", "make", 1),
    ("folder", "_beside", 1),
    ("folder", "_beside", 3),
    ("folder", "write_whole", 1),
]
AFTER = [
    ("Writing", "put", 1),
    ("Path", "replace", 2),  # the first is the journal's
    ("Path", "replace", 3),
    ("Path", "replace", 4),
    ("Ground", "_stage", 1),
    ("Ground", "_move", 1),
    ("Writing", "clean", 1),
]


def killed(root: Path, where: str, name: str, count: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EDIT, str(root), where, name, str(count)], capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize("step", BEFORE, ids=str)
def test_killed_before_it_counts(files: Repository, step: tuple[str, str, int]) -> None:
    before = files.head()
    killed(files.root, *step)
    assert files.head() == before
    assert (files.root / GREET).read_text() == SMALL[GREET]
    assert not (files.root / NEW).exists()
    again(files)


@pytest.mark.parametrize("step", AFTER, ids=str)
def test_killed_after_it_counts(files: Repository, step: tuple[str, str, int]) -> None:
    killed(files.root, *step)
    assert files.look().text(NEW) == "词\n"
    (edit, _) = files.history()
    assert (edit.author, edit.summary, len(edit.paths)) == (LI, "两个文件", 4)
    for path in files.look().files():
        assert (files.root / path).read_text() == files.look().text(path)
    assert "在吗" in (files.root / GREET).read_text() and "单子呢" in (files.root / ORDER).read_text()
    assert not (files.root / "data/nlu/lexicon/colours.yml").exists()
    again(files)


def test_what_was_written_by_hand_after_the_kill_stays(files: Repository) -> None:
    killed(files.root, "Path", "replace", 3)
    (files.root / ORDER).write_text(SMALL[ORDER].replace("查订单", "查一下订单"))
    by_hand, edit, _ = files.history() if files.look() else []
    assert edit.author == LI and by_hand.by_hand and by_hand.paths == (ORDER,)
    assert "查一下订单" in files.look().text(ORDER) and "在吗" in files.look().text(GREET)


def again(files: Repository) -> None:
    """All is as if nothing had been: nothing left over, and the next edit works."""
    assert files.pending() is None
    with files.edit(WANG, "再加一句") as draft:
        add_example(draft, "greet", "早上好")
    assert draft.commit == files.head()
    assert git(files.root, "status", "--porcelain") == "?? actions/\n"
    assert not [*files.root.rglob("*.guitai-*")]
    assert git(files.root, "fsck", "--no-dangling") == ""
