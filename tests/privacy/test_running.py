"""Export and erasure on the running installation, as its owner and the shopper see them."""

import time
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.conversations.database import connect
from tests.commands import bot
from tests.privacy.conftest import picture
from tests.shopper import Shopper, text_of
from tests.stack import Running

pytestmark = pytest.mark.timeout(400)
ORDER = "2026112000012345"


def remembered(running: Running, conversation: str) -> int:
    """How many turns the engine keeps of the conversation."""
    query = text("SELECT count(*) FROM engine_turn WHERE conversation_id = :conversation")
    database = connect(running.settings.engine_database)
    with database.begin() as connection:
        kept = int(connection.execute(query, {"conversation": conversation}).scalar_one())
    database.dispose()
    return kept


def until_forgotten(running: Running, conversation: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while remembered(running, conversation):
        assert time.monotonic() < deadline, "the engine still remembers"
        time.sleep(0.2)


def begun(running: Running, customer: str | None) -> Shopper:
    shopper = running.shopper(customer)
    shopper.say("你好")
    uploaded = shopper.http.post("/api/chat/attachments", content=picture()).raise_for_status().json()
    body = {"client_id": "picture", "text": f"订单{ORDER}开胶了", "attachment": uploaded["id"]}
    shopper.after(shopper.http.post("/api/chat/messages", json=body).raise_for_status().json()["seq"])
    return shopper


def test_exported_then_erased(running: Running, tmp_path: Path) -> None:
    shopper, other = begun(running, "c1005"), begun(running, "c1004")
    out = tmp_path / "hers.zip"
    done = bot(running.settings, "privacy", "export", "--customer", "c1005", "--out", str(out))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        assert f"订单{ORDER}开胶了" in archive.read("conversations.html").decode()
        assert any(name.startswith("pictures/") for name in archive.namelist())

    done = bot(running.settings, "privacy", "erase", "--customer", "c1005")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 conversation(s)" in done.stdout
    for answer in (
        shopper.http.get("/api/chat/messages"),
        shopper.http.post("/api/chat/messages", json={"client_id": "x", "text": "在吗"}),
        shopper.http.post("/api/chat/sessions", json={"conversation": shopper.conversation}),
        shopper.http.get("/api/chat/stream"),
    ):
        assert answer.status_code in (401, 404), answer.text
    until_forgotten(running, shopper.conversation, 30)
    assert remembered(running, other.conversation) and other.say("你好")

    again = bot(running.settings, "privacy", "export", "--customer", "c1005", "--out", str(tmp_path / "2"))
    assert (again.returncode, again.stderr.strip()) == (1, "Nothing is kept of whom you named.")


def test_erased_while_the_engine_is_down(running: Running) -> None:
    shopper = begun(running, None)
    running.process("engine").kill()
    done = bot(running.settings, "privacy", "erase", "--conversation", shopper.conversation)
    assert done.returncode == 0, done.stderr
    assert remembered(running, shopper.conversation)
    until_forgotten(running, shopper.conversation, 200)
    assert text_of(running.shopper().say("你好", seconds=60))


def test_who_is_meant_must_be_told(running: Running) -> None:
    for given in ([], ["--customer", "c1001", "--conversation", "x"]):
        done = bot(running.settings, "privacy", "erase", *given)
        assert (done.returncode, done.stderr.strip()) == (1, "Give either --customer or --conversation.")
