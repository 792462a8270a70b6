"""The inbox as it is read: groups of open turns, one with what was said around it, and what was decided."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile, takewhile
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from bot.conversations import titles
from bot.conversations.models import Message
from bot.conversations.store import Store

from . import blame, due, words
from .due import Why
from .models import Decision, Item

PAGE = 50  # groups, or decisions
TEXTS = 100  # different ones of a group that are shown
TURNS = 20  # of one text that may be looked at
BEFORE, AFTER = 6, 12  # messages around a turn
ANSWERS_WITHIN = 40  # messages after it, in which a human may have answered
ANSWERS = 5
READINGS = 3
QUOTED = 120  # characters in a list

# As a literal, for the index of open items to be used.
IS_OPEN: ColumnElement[bool] = Item.state == literal_column("'open'")


@dataclass(frozen=True)
class Group:
    """Open turns that are alike."""

    id: int
    count: int
    at: datetime
    """Of the newest."""
    why: list[str]
    """Names of ``Why``, small."""
    text: str
    """What was said in the newest, its beginning."""


@dataclass(frozen=True)
class Text:
    """A text of a group, as often as it was said."""

    key: str
    text: str
    example: str
    """As it would stand among the examples."""
    count: int
    item_id: int
    """Of the newest turn."""


@dataclass(frozen=True)
class Line:
    """A message around a turn."""

    seq: int
    at: datetime
    sender: str
    name: str | None
    text: str
    buttons: list[str]
    chosen: bool
    """Whether it is the turn itself."""


@dataclass(frozen=True)
class Reading:
    """A way the bot read the turn; ``name`` is an intent or ``faq/TOPIC``, ``confidence`` from 0 to 1."""

    name: str
    title: str
    confidence: float


@dataclass(frozen=True)
class Turn:
    """A turn with what was said around it."""

    item_id: int
    conversation_id: str
    seq: int
    at: datetime
    key: str
    why: list[str]
    lines: list[Line]
    intent: str
    """The bot's own, ``nlu_fallback`` where it was unsure."""
    readings: list[Reading]
    model: str | None
    answers: list[str]
    """What people answered after it, in their order."""
    others: list[int]
    """Turns in which the same was said, newest first, this one among them."""
    earlier: str
    """What she asked before it in the same service, where that may be to blame instead; else empty."""


@dataclass(frozen=True)
class Opened:
    """A group as it is decided on."""

    id: int
    count: int
    texts: list[Text]
    more: bool
    """Whether there are more texts than these."""
    turn: Turn
    before: list[Decision]
    """What was decided on turns of this group before, newest first."""


@dataclass(frozen=True)
class Decided:
    """A decision, what it was about, and whether it may be undone."""

    decision: Decision
    title: str
    texts: list[str]


def groups(
    store: Store, page: int = 0, why: Why | None = None, since: datetime | None = None, limit: int = PAGE
) -> tuple[list[Group], bool]:
    """A page of the groups with open turns, the most frequent first; and whether there are more pages."""
    which = _which(why, since)
    count, at = func.count(), func.max(Item.at)
    query = (
        select(Item.group_id, count, at)
        .where(*which)
        .group_by(Item.group_id)
        .order_by(count.desc(), at.desc())
        .limit(limit + 1)
        .offset(page * limit)
    )
    with store.reading() as session:
        found: list[Any] = list(session.execute(query))
        shown = _shown(session, which, [row[0] for row in found[:limit]])
    listed = [Group(id, count, at, *shown[id]) for id, count, at in found[:limit] if id in shown]
    return listed, len(found) > limit


def waiting(store: Store) -> tuple[int, int]:
    """How many turns are open, in how many groups."""
    query = select(func.count(), func.count(Item.group_id.distinct())).where(IS_OPEN)
    with store.reading() as session:
        turns, groups = session.execute(query).one()
    return turns, groups


def open_group(store: Store, group_id: int, item_id: int | None = None) -> Opened | None:
    """The group with one of its turns, its newest unless another is named; None where nothing is open."""
    mine = IS_OPEN & (Item.group_id == group_id)
    count = func.count()
    newest = func.max(Item.id)
    query = (
        select(Item.text_key, count, newest)
        .where(mine)
        .group_by(Item.text_key)
        .order_by(count.desc(), newest.desc())
    )
    with store.reading() as session:
        found: list[Any] = list(session.execute(query.limit(TEXTS + 1)))
        said = _said(session, [row[2] for row in found])
        texts = [
            Text(key, said[id], words.example(said[id]), times, id) for key, times, id in found if id in said
        ]
        if not texts:
            return None
        total = session.scalar(select(func.count()).where(mine)) or 0
        item = session.get(Item, item_id) if item_id else None
        if item is None or item.group_id != group_id:
            item = session.get_one(Item, texts[0].item_id)
        before = select(Decision).where(Decision.group_id == group_id, Decision.undone_at.is_(None))
        decided = session.scalars(before.order_by(Decision.id.desc()).limit(3)).all()
        turn = _turn(session, item)
    return Opened(group_id, total, texts[:TEXTS], len(texts) > TEXTS, turn, list(decided)) if turn else None


def decided(store: Store, page: int = 0, limit: int = PAGE) -> tuple[list[Decided], bool]:
    """A page of what was decided, newest first; and whether there are more pages."""
    query = select(Decision).order_by(Decision.id.desc()).limit(limit + 1).offset(page * limit)
    with store.reading() as session:
        found = list(session.scalars(query))
        texts = _texts_of(session, [each.id for each in found[:limit]])
    listed = [Decided(each, titles.title(each.target or ""), texts[each.id]) for each in found[:limit]]
    return listed, len(found) > limit


def _which(why: Why | None, since: datetime | None) -> list[ColumnElement[bool]]:
    which = [IS_OPEN]
    if why:
        which.append(Item.why.bitwise_and(why.value) != 0)
    if since:
        which.append(Item.at >= since)
    return which


def _shown(
    session: Session, which: Sequence[ColumnElement[bool]], ids: Collection[int]
) -> dict[int, tuple[list[str], str]]:
    """Of each group its reasons, and what was said in its newest turn."""
    flags = [func.max(Item.why.bitwise_and(each.value)) for each in Why]
    query = select(Item.group_id, func.max(Item.id), *flags).where(*which, Item.group_id.in_(ids))
    rows: list[Any] = list(session.execute(query.group_by(Item.group_id)))
    said = _said(session, [row[1] for row in rows])
    return {
        row[0]: (_names(sum(row[2:])), words.visible(said[row[1]])[:QUOTED]) for row in rows if row[1] in said
    }


def _names(why: int) -> list[str]:
    return [str(each.name).lower() for each in Why if each & why]


def _said(session: Session, item_ids: Collection[int]) -> dict[int, str]:
    query = (
        select(Item.id, Message.text)
        .join(Message, (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq))
        .where(Item.id.in_(item_ids))
    )
    return {row[0]: row[1] or "" for row in session.execute(query)}


def _texts_of(session: Session, decision_ids: Collection[int]) -> dict[int, list[str]]:
    newest = (
        select(func.max(Item.id))
        .where(Item.decision_id.in_(decision_ids))
        .group_by(Item.decision_id, Item.text_key)
    )
    query = (
        select(Item.decision_id, Message.text)
        .join(Message, (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq))
        .where(Item.id.in_(newest))
        .order_by(Item.id)
    )
    texts: dict[int, list[str]] = defaultdict(list)
    for decision_id, text in session.execute(query):
        texts[int(decision_id or 0)].append(words.visible(text or "")[:QUOTED])
    return texts


def _turn(session: Session, item: Item) -> Turn | None:
    around = select(Message).where(
        Message.conversation_id == item.conversation_id,
        Message.seq.between(item.seq - BEFORE, item.seq + AFTER),
    )
    messages = session.scalars(around.order_by(Message.seq)).all()
    asked = next((each for each in messages if each.seq == item.seq), None)
    if asked is None:
        return None
    same = select(Item.id).where(IS_OPEN, Item.text_key == item.text_key, Item.group_id == item.group_id)
    read = asked.understanding or {}
    before = blame.question_before(session, item)
    return Turn(
        item_id=item.id,
        conversation_id=item.conversation_id,
        seq=item.seq,
        at=item.at,
        key=item.text_key,
        why=_names(item.why),
        lines=[_line(each, item.seq) for each in messages],
        intent=str(read.get("intent") or ""),
        readings=[
            Reading(name, titles.title(name), confidence)
            for name, confidence in due.readings(read)[:READINGS]
        ],
        model=asked.model,
        answers=_answers(session, item),
        others=list(session.scalars(same.order_by(Item.id.desc()).limit(TURNS))),
        earlier=words.visible(before.text or "")[:QUOTED] if before else "",
    )


def _line(message: Message, seq: int) -> Line:
    content: dict[str, Any] = message.content or {}
    buttons = [str(button.get("title")) for button in content.get("buttons") or ()]
    return Line(
        message.seq,
        message.at,
        message.sender,
        message.name,
        message.text or "",
        buttons,
        message.seq == seq,
    )


def _answers(session: Session, item: Item) -> list[str]:
    """What the agent said who served next, until the bot had the word again."""
    query = (
        select(Message.sender, Message.text)
        .where(
            Message.conversation_id == item.conversation_id,
            Message.seq.between(item.seq + 1, item.seq + ANSWERS_WITHIN),
            Message.sender.in_(("agent", "bot")),
        )
        .order_by(Message.seq)
    )
    spoken = dropwhile(lambda row: row.sender == "bot", session.execute(query))
    hers = takewhile(lambda row: row.sender == "agent", spoken)
    return [row.text for row in hers if row.text][:ANSWERS]
