"""Shoppers' words from the log, for the shadow replay and for those who judge it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import null, select

from bot.conversations.models import Message
from bot.conversations.steps import now
from bot.conversations.store import Store

BATCH = 2_000
# So many messages are looked at, at most: a busy week has many that are said in the same words.
LOOKED_AT = 100_000
LONGEST = 2_000  # as the engine takes
KEPT = 5  # of so many messages with the same words the ids are kept


@dataclass
class Words:
    """What was said, by how many messages, the newest of them first; ``key`` names it without telling it."""

    key: str
    text: str
    ids: list[int] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Said:
    """A message that is still in the log."""

    text: str
    conversation: str
    at: datetime


def recent(store: Store, days: int, limit: int) -> list[Words]:
    """What shoppers typed to the bot in the last ``days``: the newest ``limit`` different texts."""
    since = now() - timedelta(days=days)
    typed = (
        select(Message.id, Message.at, Message.text)
        .where(Message.sender == "shopper", Message.payload.is_(None), Message.understanding.is_not(null()))
        .order_by(Message.id.desc())
        .limit(BATCH)
    )
    found: dict[str, Words] = {}
    last: int | None = None
    with store.reading() as session:
        for _ in range(LOOKED_AT // BATCH):
            rows = session.execute(typed if last is None else typed.where(Message.id < last)).all()
            for id, at, text in rows:
                if at < since:
                    return list(found.values())
                words = (text or "").strip()
                if not words or len(words) > LONGEST or (words not in found and len(found) >= limit):
                    continue
                one = found.setdefault(words, Words(str(id), words))
                one.count += 1
                if len(one.ids) < KEPT:
                    one.ids.append(id)
            if len(rows) < BATCH:
                break
            last = rows[-1].id
    return list(found.values())


def write(path: Path, words: Iterable[Words]) -> None:
    """Write keys and texts, and nothing else of anybody, for the engine; readable by the owner alone."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        for each in words:
            file.write(json.dumps({"key": each.key, "text": each.text}) + "\n")


def said(store: Store, ids: Iterable[int]) -> dict[int, Said]:
    """The messages of these ids that have not been erased meanwhile."""
    wanted = Message.id.in_(list(ids))
    query = select(Message.id, Message.text, Message.conversation_id, Message.at).where(wanted)
    with store.reading() as session:
        return {id: Said(text or "", found, at) for id, text, found, at in session.execute(query)}
