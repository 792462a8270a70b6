"""Backups: made while everything runs, whole or not at all, and a conversation goes on where it was."""

import gzip
import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from bot.backup import CannotBackUp, CannotRestore, back_up, restore
from bot.conversations.attachments import Attachments
from bot.conversations.database import connect
from bot.conversations.models import Erasure
from bot.conversations.privacy import Privacy, of_customer
from bot.conversations.store import Store
from bot.settings import Settings
from tests.commands import bot
from tests.conftest import DATABASES, new_database
from tests.privacy.conftest import picture
from tests.shopper import text_of, titles
from tests.stack import running_stack


class Installation:
    """An installation of which nothing runs: its database, a picture and a secret."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = connect(settings.database)
        self.store = Store(self.database)
        self.privacy = Privacy(self.store, settings.data_dir)

    def talk(self, customer: str) -> str:
        conversation = self.store.begin("web", customer, None).id
        kept = Attachments(self.store, self.settings.data_dir).keep(conversation, picture())
        self.store.receive(conversation, "a", "你好", attachment=kept)
        return conversation

    def stop(self) -> None:
        self.database.dispose()


@pytest.fixture(params=DATABASES)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    yield from installed(request, request.param, tmp_path)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    yield from installed(request, "sqlite", tmp_path)


def installed(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Installation]:
    data_dir = folder / "data"
    data_dir.mkdir()
    url = new_database(request, kind, data_dir / "guitai.db")
    settings = Settings(data_dir=data_dir, database_url=url)
    assert settings.chat_secret
    made = Installation(settings)
    yield made
    made.stop()


def elsewhere(request: pytest.FixtureRequest, here: Installation, folder: Path) -> Settings:
    """An empty folder, and an empty database of the same kind."""
    if here.database.dialect.name == "sqlite":
        return Settings(data_dir=folder)
    return Settings(data_dir=folder, database_url=request.getfixturevalue("postgresql").database())


def test_all_of_it_in_an_empty_folder(
    request: pytest.FixtureRequest, here: Installation, tmp_path: Path
) -> None:
    conversation, file = here.talk("c1001"), tmp_path / "backup.tar.gz"
    back_up(here.settings, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) in (["data", file.name], [file.name, "data"]), "nothing else is left"

    settings = elsewhere(request, here, tmp_path / "other")
    done = restore(settings, file)
    assert (done.aside, done.erased) == (None, 0)
    there = Installation(settings)
    assert [m.text for m in there.store.messages(conversation)] == ["你好"]
    [shown] = [m.content["attachment"] for m in there.store.messages(conversation) if m.content]
    assert Attachments(there.store, settings.data_dir).find(shown)
    assert there.store.claim_turn("me", 30.0), "the answer is still owed"
    there.stop()
    assert settings.chat_secret == here.settings.chat_secret
    for path in settings.data_dir.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_over_what_is_there_only_by_force_and_aside(here: Installation, tmp_path: Path) -> None:
    conversation, file = here.talk("c1001"), tmp_path / "backup.tar.gz"
    back_up(here.settings, file)
    here.store.receive(conversation, "b", "后来说的")
    with pytest.raises(CannotRestore, match="running"):
        restore(here.settings, file, force=True)
    here.stop()
    with pytest.raises(CannotRestore, match="--force"):
        restore(here.settings, file)
    done = restore(here.settings, file, force=True)
    assert [m.text for m in here.store.messages(conversation)] == ["你好"]
    assert done.aside and {"guitai", "attachments", "secrets"} <= set(os.listdir(done.aside))


def test_the_erased_do_not_come_back(here: Installation, tmp_path: Path) -> None:
    erased, kept, file = here.talk("c1001"), here.talk("c2002"), tmp_path / "backup.tar.gz"
    back_up(here.settings, file)
    here.privacy.erase(of_customer("c1001"), by="cli:0")
    with here.store.writing() as session:
        session.execute(update(Erasure).values(next_at=None))
    here.stop()
    done = restore(here.settings, file, force=True)
    assert done.erased
    assert [c.id for c, _ in here.store.owned()] == [kept]
    assert len(list((here.settings.data_dir / "attachments").iterdir())) == 1
    with here.store.reading() as session:
        again = session.scalars(select(Erasure)).one()
    assert again.conversation_id == erased and again.next_at, "the engine is told again"


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.99])
def test_a_torn_archive(sqlite: Installation, tmp_path: Path, part: float) -> None:
    sqlite.talk("c1001")
    file = tmp_path / "backup.tar.gz"
    back_up(sqlite.settings, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    refused(file, tmp_path, "no whole backup")


def test_a_changed_archive(sqlite: Installation, tmp_path: Path) -> None:
    sqlite.talk("c1001")
    file = tmp_path / "backup.tar.gz"
    back_up(sqlite.settings, file)
    content = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(content.replace("你好".encode(), "您好".encode())))
    refused(file, tmp_path, "damaged: guitai")


@pytest.mark.parametrize("trick", ["../evil", "/tmp/guitai-evil", "attachments/link"])
def test_an_archive_that_writes_elsewhere(tmp_path: Path, trick: str) -> None:
    file = tmp_path / "backup.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        info = tarfile.TarInfo(trick)
        if trick.endswith("link"):
            info.type, info.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(info, io.BytesIO())
    refused(file, tmp_path, "no whole backup")
    assert not (tmp_path / "evil").exists() and not Path("/tmp/guitai-evil").exists()


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    refused(tmp_path / "text", tmp_path, "no whole backup")
    refused(tmp_path / "nowhere", tmp_path, "No such file")


def test_of_a_newer_guitai(sqlite: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "backup.tar.gz"
    monkeypatch.setattr("bot.migrations.revision", lambda url: "9999")
    back_up(sqlite.settings, file)
    refused(file, tmp_path, "newer")


def test_into_another_kind_of_database(sqlite: Installation, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    back_up(sqlite.settings, file)
    settings = Settings(data_dir=tmp_path / "other", database_url="postgresql://localhost/guitai")
    with pytest.raises(CannotRestore, match="GUITAI_DATABASE_URL"):
        restore(settings, file)


def refused(file: Path, folder: Path, why: str) -> None:
    """The archive is refused, and the folder is as empty as before."""
    settings = Settings(data_dir=folder / "other")
    with pytest.raises(CannotRestore, match=why):
        restore(settings, file)
    assert list(settings.data_dir.iterdir()) == []


def test_nothing_is_overwritten_and_nothing_is_made_of_nothing(sqlite: Installation, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine")
    with pytest.raises(CannotBackUp, match="there already"):
        back_up(sqlite.settings, file)
    assert file.read_text() == "mine"
    with pytest.raises(CannotBackUp, match="GUITAI_DATA_DIR"):
        back_up(Settings(data_dir=tmp_path / "empty"), tmp_path / "new")


def test_a_full_disk(sqlite: Installation, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        for number in range(300):
            conversation = sqlite.talk(f"c{number}")
            sqlite.store.receive(conversation, "b", os.urandom(700).hex())
        with pytest.raises(CannotBackUp, match="full"):
            back_up(sqlite.settings, small / "backup.tar.gz")
        assert list(small.iterdir()) == []
        back_up(sqlite.settings, tmp_path / "backup.tar.gz")
        with pytest.raises(CannotRestore, match="full"):
            restore(Settings(data_dir=small), tmp_path / "backup.tar.gz")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_a_conversation_goes_on(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Copied while a job of hers waits for her yes; done by what was restored, with the token she had."""
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "backup.tar.gz"
    if kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        monkeypatch.setenv("GUITAI_DATABASE_URL", server.database())
    with running_stack(first) as running:
        customer, order = running.paid_order()
        shopper = running.shopper(customer)
        assert "确认取消" in titles(shopper.say(f"取消订单{order}", seconds=60))
        done = bot(running.settings, "backup", str(file))
        assert done.returncode == 0, done.stderr
        history = shopper.history()
        done = bot(running.settings, "restore", str(file), "--force")
        assert done.returncode == 1 and "running" in done.stderr
    shutil.rmtree(first)

    if kind == "postgresql":
        monkeypatch.setenv("GUITAI_DATABASE_URL", server.database())
    settings = Settings(data_dir=second)
    done = bot(settings, "restore", str(file))
    assert done.returncode == 0, done.stderr
    with running_stack(second) as running:
        shopper.http = httpx.Client(
            base_url=running.settings.front, timeout=10, headers={"Authorization": f"Bearer {shopper.token}"}
        )
        assert shopper.history() == history
        assert "已经帮您取消" in text_of(shopper.tap("确认取消", seconds=60))
        [cancelled] = [o for o in running.orders(customer) if o["no"] == order]
        assert cancelled["status"] == "cancelled"
