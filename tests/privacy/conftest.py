"""A database with the data of two people, of each kind of database in turn."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, func, select

from bot.channels.wechat.models import Begun, Button, PassiveReply, Told, User
from bot.conversations import notes, tickets
from bot.conversations.attachments import Attachments
from bot.conversations.models import Allowance, Base, Delivery, Guest, Rating
from bot.conversations.privacy import Privacy
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from bot.insights import gathering


@dataclass
class Installation:
    """One log with its pictures."""

    store: Store
    database: Engine
    data_dir: Path
    privacy: Privacy

    def talk(self, customer: str | None, words: str) -> str:
        """A conversation with something in every table; its id."""
        store = self.store
        conversation = store.begin("web", customer, "林小姐" if customer else None).id
        kept = Attachments(store, self.data_dir)
        store.receive(conversation, "a", words, attachment=kept.keep(conversation, picture()))
        turn = store.claim_turn("me", 30.0)
        assert turn
        store.finish_turn(turn, [Reply("好的")], {"intent": "order_status"}, "model", {"reason": "complaint"})
        store.take(conversation, 7, "小陈")
        notes.add(store, conversation, 7, "小陈", words)
        tickets.create(store, conversation, 7, "小陈", words, words)
        store.hand_back(conversation, 7, settled=words)
        store.receive(conversation, "b", words)
        store.claim_turn("somebody else", 30.0)
        with store.writing() as session:
            session.add(Delivery(conversation_id=conversation, receiver="mail", next_at=now()))
            session.add_all(
                [
                    Allowance(conversation_id=conversation, kind="message", left=5, until=now()),
                    User(conversation_id=conversation, account="shop", openid=f"o{conversation}"),
                    PassiveReply(conversation_id=conversation, key="m:1", at=now(), text=words),
                    Begun(conversation_id=conversation, seq=1, parts=1),
                    Told(conversation_id=conversation, seq=1, at=now()),
                    Button(
                        id=f"b{conversation}",
                        conversation_id=conversation,
                        seq=1,
                        number=1,
                        title=words,
                        payload="/greet",
                        until=now(),
                    ),
                ]
            )
            session.add(Guest(conversation_id=conversation, agent_id=8, by="agent:7", at=now()))
            rating = Rating(conversation_id=conversation, served_by="bot", seq=1, asked_at=now())
            rating.score, rating.comment = 1, words
            session.add(rating)
        gathering.gather(store)
        return conversation

    def rows(self, conversation: str | None = None) -> dict[str, int]:
        """How many rows each table has, of this conversation or of all."""
        counts = {}
        with self.database.connect() as connection:
            for table in Base.metadata.sorted_tables:
                key = table.c.get("conversation_id", table.c.id if table.name == "conversation" else None)
                query = select(func.count()).select_from(table)
                if conversation:
                    if key is None:
                        continue
                    query = query.where(key == conversation)
                counts[table.name] = connection.scalar(query) or 0
        return counts

    def pictures(self) -> int:
        """How many pictures lie on the disk."""
        return len(list((self.data_dir / "attachments").glob("*")))


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def here(store: Store, database: Engine, tmp_path: Path) -> Installation:
    return Installation(store, database, tmp_path, Privacy(store, tmp_path))
