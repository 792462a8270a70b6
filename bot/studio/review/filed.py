"""Texts that the files teach by now are done, whoever wrote them; what goes from there is open again."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.models import Message
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import words
from .inbox import IS_OPEN
from .known import FAQ, Known, Taught
from .models import BY_FILES, DONE, OPEN, Decision, Item

LOOK_SECONDS = 5.0
AT_ONCE = 300  # texts

log = structlog.get_logger()


class Filing:
    """Follows the files and the inbox: where neither has changed it asks for next to nothing."""

    def __init__(self, store: Store, known: Known) -> None:
        self._store, self._known = store, known
        self._taught: Taught | None = None
        self._intents: Mapping[str, set[str]] = {}
        self._looked = 0
        """Items up to this id were compared with these files."""

    async def run(self) -> None:
        """Go on for ever; a database that is away is tried again."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except (SQLAlchemyError, OSError) as error:
                log.error("review.not_filed", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Close what the files teach, and open again what they do not any more.

        What the bot read as they say stays: no sentence is missing there.
        """
        taught = self._known.now()
        changed = taught is not self._taught
        with self._store.reading() as session:
            newest = session.scalar(select(func.max(Item.id))) or 0
        if not changed and newest == self._looked:
            return
        if changed:
            self._intents = _intents(taught)
            self._open_again()
        self._close(0 if changed else self._looked)
        # A database that was restored gives its ids anew.
        self._taught, self._looked = taught, newest

    def _close(self, after: int) -> None:
        with self._store.reading() as session:
            keys = session.scalars(select(Item.text_key).where(IS_OPEN, Item.id > after).distinct())
            known = [key for key in keys if key in self._intents]
        for start in range(0, len(known), AT_ONCE):
            self._close_some(known[start : start + AT_ONCE])

    def _close_some(self, keys: Collection[str]) -> None:
        query = (
            select(Item.id, Item.group_id, Item.text_key, Message.understanding)
            .join(Message, (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq))
            .where(IS_OPEN, Item.text_key.in_(keys))
        )
        done: dict[tuple[int, str], list[int]] = defaultdict(list)
        with self._store.reading() as session:
            for id, group, key, understanding in session.execute(query):
                if _read_as(understanding) not in self._intents[key]:
                    done[group, min(self._intents[key])].append(id)
        if not done:
            return
        with self._store.writing() as session:
            for (group, target), ids in done.items():
                decision = Decision(
                    at=now(), by=0, by_name="", kind=BY_FILES, target=target, group_id=group, turns=0
                )
                session.add(decision)
                session.flush()
                these: list[ColumnElement[bool]] = [Item.id.in_(ids), Item.state == OPEN]
                closing = update(Item).where(*these).values(state=DONE, decision_id=decision.id)
                decision.turns = int(session.execute(closing).rowcount)  # type: ignore[attr-defined]
                if not decision.turns:  # decided on meanwhile
                    session.delete(decision)

    def _open_again(self) -> None:
        query = (
            select(Decision.id, Decision.target, Item.text_key)
            .join(Item, Item.decision_id == Decision.id)
            .where(Decision.kind == BY_FILES, Decision.undone_at.is_(None))
            .distinct()
        )
        with self._store.reading() as session:
            gone: dict[int, list[str]] = defaultdict(list)
            for id, target, key in session.execute(query):
                if target not in self._intents.get(key, ()):
                    gone[id].append(key)
        if gone:
            self._undo(gone, now())

    def _undo(self, gone: Mapping[int, Sequence[str]], at: datetime) -> None:
        with self._store.writing() as session:
            for id, keys in gone.items():
                mine = update(Item).where(Item.decision_id == id, Item.text_key.in_(keys))
                opened = session.execute(mine.values(state=OPEN, decision_id=None))
                decision = session.get_one(Decision, id)
                left = decision.turns - int(opened.rowcount)  # type: ignore[attr-defined]
                if left > 0:
                    decision.turns = left
                else:
                    decision.undone_at, decision.undone_by = at, ""


def _intents(taught: Taught) -> dict[str, set[str]]:
    """By the key of its text, as what each sentence is taught."""
    found: dict[str, set[str]] = defaultdict(set)
    for normal, example in zip(taught.normal, taught.examples, strict=True):
        found[words.key(normal)].add(example.intent)
    return dict(found)


def _read_as(understanding: Mapping[str, object] | None) -> str:
    """As what the bot took it: an intent, or ``faq/TOPIC``."""
    read = understanding or {}
    intent, faq = str(read.get("intent") or ""), read.get("faq")
    topic = faq.get("topic") if isinstance(faq, Mapping) else None
    return f"{FAQ}/{topic}" if intent == FAQ and topic else intent
