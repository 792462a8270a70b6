"""Pictures in the log: whose they are, what the engine hears of them, how long unused ones stay."""

import os
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, update
from starlette.requests import Request
from starlette.responses import Response

from bot.conversations.attachments import Attachments
from bot.conversations.engine_client import EngineClient
from bot.conversations.models import Attachment
from bot.conversations.steps import Reply, UnknownAttachment, UnknownConversation, now
from bot.conversations.store import Store
from tests.faults import TroubledEngine
from tests.servers import serving

LEASE = 30.0
DAYS = 2 * 86400


@pytest.fixture
def attachments(store: Store, tmp_path: Path) -> Attachments:
    return Attachments(store, tmp_path)


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "PNG")
    return out.getvalue()


def begin(store: Store) -> str:
    return store.begin("web", None, None).id


class Listener(TroubledEngine):
    """Remembers what it is told."""

    heard: dict[str, Any]

    async def answer(self, request: Request) -> Response:
        self.heard = await request.json()
        return await super().answer(request)


async def test_the_engine_hears_of_a_picture_by_itself_and_beside_words(
    store: Store, attachments: Attachments
) -> None:
    listener, conversation = Listener(), begin(store)
    first, second = (attachments.keep(conversation, picture()) for _ in range(2))
    with serving(listener.app()) as url:
        client = EngineClient(url, "secret", 5)
        for client_id, text, attachment, told in [
            ("a", None, first, {"payload": f'/inform{{"attachment": "{first}"}}'}),
            ("b", "开胶了", second, {"text": "开胶了", "context": {"attachments": [second]}}),
        ]:
            store.receive(conversation, client_id, text, attachment=attachment)
            turn = store.claim_turn("me", LEASE)
            assert turn
            await client.answer(turn)
            assert {
                k: v for k, v in listener.heard.items() if k in ("text", "payload", "context") and v
            } == told
            store.finish_turn(turn, [Reply("收到")])
        await client.close()


def test_a_foreign_picture_is_unknown_and_nothing_is_stored(store: Store, attachments: Attachments) -> None:
    hers, mine = begin(store), begin(store)
    attachment = attachments.keep(hers, picture())
    with pytest.raises(UnknownAttachment):
        store.receive(mine, "a", attachment=attachment)
    assert store.messages(mine) == []


def test_no_file_stays_where_there_is_no_conversation(attachments: Attachments, tmp_path: Path) -> None:
    with pytest.raises(UnknownConversation):
        attachments.keep("nowhere", picture())
    assert list((tmp_path / "attachments").iterdir()) == []


def test_a_day_later_only_what_was_sent_is_left(
    store: Store, attachments: Attachments, database: Engine, tmp_path: Path
) -> None:
    attachments.sweep()  # before there is any
    conversation = begin(store)
    sent, unsent, fresh = (attachments.keep(conversation, picture()) for _ in range(3))
    store.receive(conversation, "a", attachment=sent)
    orphan = tmp_path / "attachments" / ("0" * 32)
    orphan.write_bytes(b"left by a crash")
    with database.begin() as connection:
        old = update(Attachment).where(Attachment.id != fresh)
        connection.execute(old.values(created_at=now() - timedelta(seconds=DAYS)))
    for name in (sent, unsent, orphan.name):
        os.utime(tmp_path / "attachments" / name, (time.time() - DAYS,) * 2)
    attachments.sweep()
    assert {path.name for path in (tmp_path / "attachments").iterdir()} == {sent, fresh}
    assert attachments.find(unsent) is None
    with pytest.raises(UnknownAttachment):
        store.receive(conversation, "b", attachment=unsent)
    assert attachments.find(sent) and attachments.find(fresh)
