"""Each change is a commit of the right files by the right person; nothing is lost, nothing half done."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.studio.files import CannotWrite, Conflict, Refused, Repository
from bot.studio.files.language import add_example, remove_example, set_answer

from .conftest import LI, WANG
from .small import SMALL, git, lay

GREET, RETURNS = "data/nlu/greet.yml", "data/nlu/faq/returns.yml"


def last(root: Path, form: str) -> str:
    return git(root, "log", "-1", f"--format={form}").strip()


def test_a_folder_in_no_repository_becomes_one(folder: Path) -> None:
    files = Repository(folder, code=folder)
    assert files.head() == git(folder, "rev-parse", "HEAD").strip()
    listed = git(folder, "ls-files").split()
    assert sorted(listed) == sorted(name for name in SMALL if not name.startswith("actions"))
    (only,) = files.history()
    assert only.first and only.by_hand


def test_an_edit_is_a_commit_of_its_admin(files: Repository) -> None:
    with files.edit(LI, "加一句\n“在吗”") as draft:
        add_example(draft, "greet", "在吗")
    assert draft.commit == files.head() == git(files.root, "rev-parse", "HEAD").strip()
    assert last(files.root, "%an <%ae> %s") == "李四 <lisi@guitai> 加一句 “在吗”"
    assert git(files.root, "show", "--format=", "--stat=80").count("|") == 1
    assert (files.root / GREET).read_text().endswith("- hello\n    - 在吗\n\n")
    assert git(files.root, "status", "--porcelain") == "?? actions/\n"
    assert files.look().text(GREET) == (files.root / GREET).read_text()
    change, first = files.history()
    assert (change.author, change.summary, change.paths) == (LI, "加一句 “在吗”", (GREET,))
    assert (change.additions, change.deletions, change.by_hand, first.by_hand) == (1, 0, False, True)
    ((diff),) = files.diff(change.id)
    assert [line.text for hunk in diff.hunks for line in hunk if line.kind == "+"] == ["    - 在吗"]


def test_nothing_changed_is_no_commit(files: Repository) -> None:
    before = files.head()
    with files.edit(LI, "x") as draft:
        draft.write(GREET, draft.text(GREET))
    assert draft.commit is None and files.head() == before


def test_an_error_in_the_block_changes_nothing(files: Repository) -> None:
    before = files.head()
    with pytest.raises(ZeroDivisionError), files.edit(LI, "x") as draft:
        add_example(draft, "greet", "在吗")
        raise ZeroDivisionError
    assert files.head() == before
    assert (files.root / GREET).read_text() == SMALL[GREET]


def test_what_would_be_wrong_is_refused_with_its_place(files: Repository) -> None:
    why = r"greet\.yml:4: intent greet has no example"
    with pytest.raises(Refused, match=why), files.edit(LI, "x") as draft:
        for text in ("你好", "有人在吗", "hello"):
            remove_example(draft, "greet", text)
    with pytest.raises(Refused, match="YAML cannot be read"), files.edit(LI, "x") as draft:
        draft.write(GREET, "nlu: [")
    assert (files.root / GREET).read_text() == SMALL[GREET]
    assert git(files.root, "status", "--porcelain") == "?? actions/\n"


def test_what_was_wrong_before_is_no_hindrance(folder: Path) -> None:
    domain = SMALL["domain.yml"].replace("- greet\n", "- greet\n- forgotten\n")
    (folder / "domain.yml").write_text(domain)
    files = Repository(folder, code=folder)
    with files.edit(LI, "x") as draft:
        draft.write("domain.yml", "# a line more\n" + draft.text("domain.yml"))
    assert draft.commit
    with pytest.raises(Refused) as why, files.edit(LI, "x") as draft:
        remove_example(draft, "faq/return_days", "几天内能退")
    assert not any("forgotten" in problem for problem in why.value.problems)


@pytest.mark.parametrize(
    "path", ["actions/x.py", "../x.yml", "data/../x.yml", "data/.x.yml", "/data/x.yml", "data"]
)
def test_no_other_file_can_be_written(files: Repository, path: str) -> None:
    with pytest.raises(Refused, match="no file of"), files.edit(LI, "x") as draft:
        draft.write(path, "x")


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d", "x" * 9_000_000])
def test_what_no_file_can_hold_is_refused(files: Repository, text: str) -> None:
    with pytest.raises(Refused), files.edit(LI, "x") as draft:
        draft.write("data/nlu/lexicon/x.txt", text)


class TestInsideAnotherRepository:
    @pytest.fixture
    def product(self, tmp_path: Path) -> Path:
        root = lay(tmp_path / "product")
        (root / "README.md").write_text("one\n")
        (root / ".gitignore").write_text("var/\n*.bak\n")
        git(root, "init", "-qb", "work")
        git(root, "add", ".")
        git(root, "commit", "-qm", "start")
        return root

    def test_what_others_staged_and_changed_stays(self, product: Path) -> None:
        (product / "README.md").write_text("two\n")
        git(product, "add", "README.md")
        (product / "README.md").write_text("three\n")
        (product / "actions/order_status.py").write_text("# mine\n" + SMALL["actions/order_status.py"])
        (product / "new.py").write_text("x = 1\n")
        git(product, "add", "new.py")
        before = git(product, "status", "--porcelain"), git(product, "diff"), git(product, "diff", "--cached")
        files = Repository(product, code=product)
        with files.edit(LI, "加一句") as draft:
            add_example(draft, "greet", "在吗")
        after = git(product, "status", "--porcelain"), git(product, "diff"), git(product, "diff", "--cached")
        assert after == before
        assert git(product, "show", "--format=", "--name-only", "HEAD").split() == [GREET]
        assert git(product, "symbolic-ref", "HEAD").strip() == "refs/heads/work"
        assert git(product, "fsck") == ""

    def test_a_folder_below_its_top(self, product: Path) -> None:
        inner = lay(product / "shops/one")
        (product / "README.md").write_text("two\n")
        git(product, "add", "README.md")
        files = Repository(inner, code=inner)
        with files.edit(LI, "加一句") as draft:
            add_example(draft, "greet", "在吗")
        assert git(product, "show", "--format=", "--name-only").split() == [f"shops/one/{GREET}"]
        assert "M  README.md" in git(product, "status", "--porcelain")
        assert [change.paths for change in files.history(limit=1)] == [(GREET,)]

    def test_a_folder_it_ignores_gets_one_of_its_own(self, product: Path) -> None:
        inner = lay(product / "var/bot")
        assert Repository(inner, code=inner).head()
        assert (inner / ".git").is_dir()

    def test_commits_of_other_files_are_no_history(self, product: Path) -> None:
        files = Repository(product, code=product)
        (product / "README.md").write_text("two\n")
        git(product, "commit", "-qam", "readme")
        with files.edit(LI, "加一句") as draft:
            add_example(draft, "greet", "在吗")
        newest, start = files.history()
        assert (newest.summary, start.summary, start.author.name) == ("加一句", "start", "Dev")
        assert [each.summary for each in files.history(before=newest.id)] == ["start"]
        assert [each.summary for each in files.history(path=RETURNS)] == ["start"]
        assert files.history(path="README.md") == files.history(path="data/\0/..") == []

    def test_what_is_ignored_is_not_taken_up(self, product: Path) -> None:
        files = Repository(product, code=product)
        before = files.head()
        (product / "data/nlu/greet.bak").write_text("x")
        (product / "data/.greet.yml.swp").write_text("x")
        (product / "data/link.yml").symlink_to("/etc/passwd")
        assert files.head() == before

    def test_on_no_branch(self, product: Path) -> None:
        git(product, "checkout", "-q", "--detach")
        files = Repository(product, code=product)
        with pytest.raises(CannotWrite) as why, files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert why.value.reason == "detached"
        assert files.look().text(GREET) == SMALL[GREET] == (product / GREET).read_text()

    def test_amid_a_merge(self, product: Path) -> None:
        git(product, "checkout", "-qb", "other")
        (product / "README.md").write_text("other\n")
        git(product, "commit", "-qam", "other")
        git(product, "checkout", "-q", "work")
        (product / "README.md").write_text("ours\n")
        git(product, "commit", "-qam", "ours")
        with pytest.raises(subprocess.CalledProcessError):
            git(product, "merge", "other")
        files = Repository(product, code=product)
        with pytest.raises(CannotWrite) as why, files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert why.value.reason == "unfinished"
        assert (product / GREET).read_text() == SMALL[GREET]

    def test_while_git_is_at_work(self, product: Path) -> None:
        files = Repository(product, code=product)
        (product / ".git/index.lock").touch()
        with pytest.raises(CannotWrite) as why, files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert why.value.reason == "index_locked"
        (product / ".git/index.lock").unlink()
        with files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert draft.commit


class TestByHand:
    def test_it_is_a_change_of_its_own(self, files: Repository) -> None:
        path = files.root / GREET
        path.write_text(path.read_text().replace("hello", "hello!"))
        (files.root / "data/nlu/lexicon/new.txt").write_text("词\n")
        with files.edit(LI, "加一句") as draft:
            add_example(draft, "greet", "在吗")
        edit, by_hand, _ = files.history()
        assert edit.author == LI and edit.paths == (GREET,)
        assert by_hand.by_hand and by_hand.paths == (GREET, "data/nlu/lexicon/new.txt")
        assert "- hello!\n    - 在吗\n" in path.read_text()

    def test_a_look_is_enough(self, files: Repository) -> None:
        (files.root / "data/nlu/lexicon/colours.yml").unlink()
        assert "data/nlu/lexicon/colours.yml" not in files.look().files()
        assert files.history(limit=1)[0].by_hand and files.pending() is None

    def test_what_is_broken_waits_and_other_files_go_on(self, files: Repository) -> None:
        broken = SMALL[GREET] + "  x: [\n"
        (files.root / GREET).write_text(broken)
        pending = files.pending()
        assert pending and pending.paths == (GREET,)
        assert "data/nlu/greet.yml:11: the YAML cannot be read" in pending.problems[0]
        with files.edit(LI, "答案") as draft:
            set_answer(draft, "faq/return_postage", "我们出")
        assert draft.commit and (files.root / GREET).read_text() == broken
        with pytest.raises(Refused, match="changed by hand"), files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert (files.root / GREET).read_text() == broken
        assert files.look().text(GREET) == SMALL[GREET]
        (files.root / GREET).write_text(SMALL[GREET].replace("hello", "hi"))
        assert files.pending() is None
        assert files.history(limit=1)[0].by_hand

    def test_no_utf8(self, files: Repository) -> None:
        (files.root / GREET).write_bytes(SMALL[GREET].encode("gbk"))
        pending = files.pending()
        assert pending and "not UTF-8" in pending.problems[0]


class TestTwoAdmins:
    def test_both_are_kept_where_they_can_be(self, files: Repository) -> None:
        seen = {RETURNS: files.look().version(RETURNS)}
        with files.edit(LI, "邮费", seen) as draft:
            set_answer(draft, "faq/return_postage", "我们出")
        with files.edit(WANG, "几天", seen) as draft:
            set_answer(draft, "faq/return_days", "七天")
        text = (files.root / RETURNS).read_text()
        assert "- text: 我们出\n" in text and "七天" in text and "无理由" not in text
        assert [each.author for each in files.history(limit=2)] == [WANG, LI]

    def test_the_second_of_the_same_line_is_told(self, files: Repository) -> None:
        seen = {RETURNS: files.look().version(RETURNS)}
        with files.edit(LI, "邮费", seen) as draft:
            set_answer(draft, "faq/return_postage", "我们出")
        with pytest.raises(Conflict) as why, files.edit(WANG, "邮费", seen) as draft:
            set_answer(draft, "faq/return_postage", "您出")
        (clash,) = why.value.clashes
        assert (clash.path, clash.by) == (RETURNS, "李四")
        assert "我们出" in clash.theirs and "您出" in clash.yours
        assert "李四" in str(why.value)
        assert "我们出" in (files.root / RETURNS).read_text()

    def test_the_same_twice_is_one_change(self, files: Repository) -> None:
        seen = {RETURNS: files.look().version(RETURNS)}
        for who in (LI, WANG):
            with files.edit(who, "邮费", seen) as draft:
                set_answer(draft, "faq/return_postage", "我们出")
        assert len(files.history()) == 2

    def test_a_file_that_is_gone_meanwhile(self, files: Repository) -> None:
        path = "data/nlu/lexicon/colours.yml"
        seen = {path: files.look().version(path)}
        with files.edit(LI, "x") as draft:
            draft.remove(path)
        with pytest.raises(Conflict), files.edit(WANG, "x", seen) as draft:
            draft.write(path, draft.text(path) + "红色: [红款]\n")
        assert not (files.root / path).exists()

    def test_a_version_that_never_was(self, files: Repository) -> None:
        with pytest.raises(Refused, match="never there"), files.edit(LI, "x", {GREET: "0" * 40}):
            pass


class TestTakingBack:
    def test_what_came_after_stays(self, files: Repository) -> None:
        with files.edit(LI, "邮费") as draft:
            set_answer(draft, "faq/return_postage", "我们出")
        undone = draft.commit or ""
        with files.edit(WANG, "几天") as draft:
            set_answer(draft, "faq/return_days", "七天")
        made = files.revert(undone, WANG)
        text = (files.root / RETURNS).read_text()
        assert "质量问题由我们承担" in text and "七天" in text
        assert files.history(limit=1)[0].id == made
        assert files.revert(undone, WANG) is None

    def test_a_new_file_goes_and_comes(self, files: Repository) -> None:
        with files.edit(LI, "x") as draft:
            draft.write("data/nlu/lexicon/new.txt", "词\n")
        files.revert(draft.commit or "", LI)
        assert not (files.root / "data/nlu/lexicon/new.txt").exists()
        files.revert(files.head(), LI)
        assert (files.root / "data/nlu/lexicon/new.txt").read_text() == "词\n"

    def test_what_was_changed_again_is_told(self, files: Repository) -> None:
        for answer in ("我们出", "您出"):
            with files.edit(LI, "邮费") as draft:
                set_answer(draft, "faq/return_postage", answer)
        before = files.head()
        with pytest.raises(Conflict):
            files.revert(files.history()[1].id, WANG)
        assert files.head() == before

    def test_the_first_and_the_unknown(self, files: Repository) -> None:
        for change, why in ((files.head(), "first change"), ("0" * 40, "no change"), ("HEAD", "no change")):
            with pytest.raises(Refused, match=why):
                files.revert(change, LI)


def test_a_snapshot_is_what_was_committed(files: Repository, tmp_path: Path) -> None:
    old = files.head()
    with files.edit(LI, "x") as draft:
        add_example(draft, "greet", "在吗")
    files.export(old, tmp_path / "old")
    files.export(files.head(), tmp_path / "new")
    written = {
        path.relative_to(tmp_path / "old").as_posix(): path.read_text()
        for path in (tmp_path / "old").rglob("*.*")
        if path.is_file()
    }
    assert written == {name: text for name, text in SMALL.items() if not name.startswith("actions")}
    assert "在吗" in (tmp_path / "new" / GREET).read_text()


def test_modes_stay(files: Repository) -> None:
    (files.root / GREET).chmod(0o640)
    with files.edit(LI, "x") as draft:
        add_example(draft, "greet", "在吗")
    assert (files.root / GREET).stat().st_mode & 0o777 == 0o640


def test_no_room_changes_nothing(files: Repository) -> None:
    """The process may write no file of more than 4 KB: as on a full disk, the writing fails half-way."""
    script = """
import resource, signal, sys
from pathlib import Path
from bot.studio.files import Author, CannotWrite, Repository
from bot.studio.files.language import add_example
files = Repository(Path(sys.argv[1]), code=Path(sys.argv[1]))
try:
    with files.edit(Author("李四", "lisi"), "x") as draft:
        add_example(draft, "greet", "在吗")
        draft.write("data/nlu/lexicon/new.txt", "词\\n" * 4000)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
except CannotWrite as why:
    print(why.reason)
"""
    before = files.head()
    done = subprocess.run(
        [sys.executable, "-c", script, str(files.root)],
        capture_output=True,
        text=True,
        env=os.environ,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "disk_full"
    assert files.head() == before and (files.root / GREET).read_text() == SMALL[GREET]
    assert git(files.root, "status", "--porcelain") == "?? actions/\n"


class TestOnADiskOfItsOwn:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        small = tmp_path / "disk"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False).returncode:
            pytest.skip("a small disk needs the right to mount one")
        try:
            yield lay(small / "bot")
        finally:
            subprocess.run(["umount", "-l", small], check=True)

    def test_full(self, disk: Path) -> None:
        files = Repository(disk, code=disk)
        before = files.head()
        room = os.statvfs(disk)
        for left in (0, 1, 3, 6, 9, 12, 15):
            filler = disk / "filler"
            filler.write_bytes(b"x" * (room.f_bavail - left) * room.f_frsize)
            try:
                with files.edit(LI, "x") as draft:
                    add_example(draft, "greet", f"晚上好 {left}")
                    draft.write("data/nlu/lexicon/new.txt", f"词{left}\n")
            except CannotWrite as why:
                assert why.reason == "disk_full"
                assert files.head() == before and "晚上好" not in (disk / GREET).read_text()
                assert not (disk / "data/nlu/lexicon/new.txt").exists()
            filler.unlink()
            if files.head() != before:
                files.revert(files.head(), LI)
            before, room = files.head(), os.statvfs(disk)
            assert files.pending() is None and "晚上好" not in files.look().text(GREET)
        assert git(disk, "fsck", "--no-dangling") == ""

    def test_read_only(self, disk: Path) -> None:
        files = Repository(disk, code=disk)
        before = files.head()
        subprocess.run(["mount", "-o", "remount,ro", disk.parent], check=True)
        with pytest.raises(CannotWrite) as why, files.edit(LI, "x") as draft:
            add_example(draft, "greet", "在吗")
        assert why.value.reason == "no_permission"
        assert files.head() == before and files.look().text(GREET) == SMALL[GREET]
