"""Files that are read again when they change: whole, cheaply, and never a broken one."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import followed
from bot.data_files import Unreadable
from bot.followed import Followed, data_file, follow_file
from bot.settings import ROOT


class Numbers:
    """Reads a number from a file, and counts how often."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path) -> int:
        self.read.append(path.name)
        try:
            return int(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise Unreadable(f"{path.name} is no number.") from error


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    for name, number in (("a", 1), ("b", 2)):
        put(tmp_path / name, str(number))
    return tmp_path


def put(path: Path, text: str, moment: int = 0) -> None:
    """Write it as of so many seconds after long ago; each time of another size or moment."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_000_000 + moment, 1_000_000 + moment))


@pytest.fixture
def total(folder: Path, numbers: Numbers) -> Callable[[], list[int]]:
    return Followed(lambda: sorted(folder.iterdir()), numbers, lambda found: list(found.values())).now


def test_only_what_changed_is_read(folder: Path, numbers: Numbers, total: Callable[[], list[int]]) -> None:
    first = total()
    assert first == [1, 2] and total() is first
    put(folder / "b", "20")
    put(folder / "c", "3")
    assert total() == [1, 20, 3]
    assert numbers.read == ["a", "b", "b", "c"]
    (folder / "a").unlink()
    assert total() == [20, 3] and len(numbers.read) == 4


def test_a_broken_file_leaves_what_was_read_in_force_and_is_told_once(
    folder: Path, total: Callable[[], list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    put(folder / "a", "one")
    before = total()
    assert before == total() == [1, 2]
    assert [record.message for record in caplog.records] == [
        "a is no number. Until then what was read before stays in force."
    ]
    put(folder / "a", "10")
    assert total() == [10, 2]


def test_a_file_that_is_being_written_waits(folder: Path, total: Callable[[], list[int]]) -> None:
    (folder / "a").write_text("10", encoding="utf-8")
    (folder / "c").write_text("3", encoding="utf-8")
    assert total() == [1, 2]
    put(folder / "a", "10", moment=1)
    put(folder / "c", "3", moment=1)
    assert total() == [10, 2, 3]


def test_a_file_that_is_broken_from_the_start_counts_as_empty_or_is_told(
    folder: Path, numbers: Numbers
) -> None:
    put(folder / "a", "one")
    with pytest.raises(Unreadable, match="a is no number"):
        follow_file(folder / "a", numbers)
    followed = Followed(lambda: [folder / "a", folder / "gone"], numbers, lambda found: list(found.values()))
    assert followed.now() == []
    put(folder / "a", "1", moment=1)
    assert followed.now() == [1]


def test_no_file_is_looked_at_between_two_looks(
    folder: Path, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def files() -> list[Path]:
        looks.append(1)
        return [folder / "a"]

    monkeypatch.setattr(followed, "LOOK_SECONDS", 3600.0)
    now = Followed(files, numbers, lambda found: list(found.values())).now
    threads = [threading.Thread(target=lambda: [now() for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert looks == [1]


def test_a_file_that_a_folder_has_not_is_the_projects(folder: Path) -> None:
    assert data_file(folder, "policies.yml") == ROOT / "data" / "policies.yml"
    (folder / "data").mkdir()
    put(folder / "data" / "policies.yml", "")
    assert data_file(folder, "policies.yml") == folder / "data" / "policies.yml"
