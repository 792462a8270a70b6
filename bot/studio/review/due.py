"""Which turns are due for review, told from rows of the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from bot.conversations import notices, ownership
from bot.conversations.models import Event, Message, Rating
from bot.conversations.store import UNSURE

from . import words
from .models import Item

FALLBACK = "nlu_fallback"
LOOKED_BACK = 12  # messages before one that are looked at
HUMAN = "/human_agent"
WORST_SCORE = 2  # a service with more points was not rated badly
SURE = 0.7  # confidence from which a reading is not doubted, when somebody is to blame


class Why(IntFlag):
    """Why a turn is looked at again."""

    UNSURE = 1  # the bot was not sure, or thought it out of its reach
    ASKED_BACK = 2  # it offered readings to choose from
    HANDED_OVER = 4  # to blame (see blamed) for people having taken over
    RATED_BADLY = 8  # to blame for one or two points that she gave the bot's service
    CONTRADICTED = 16  # answered, and then she repeated herself, denied it, or asked for a person


@dataclass(frozen=True)
class Due:
    """A turn to be reviewed."""

    conversation_id: str
    seq: int
    at: datetime
    text: str
    reading: str | None
    """The likeliest reading."""
    why: Why

    @property
    def turn(self) -> tuple[str, int]:
        return self.conversation_id, self.seq


_asked, _before, _between = aliased(Message), aliased(Message), aliased(Message)
_SAID = (Message.conversation_id, Message.seq, Message.at, Message.text, Message.payload)


def of_answers(session: Session, ids: Collection[int]) -> list[Due]:
    """The turns that these messages answer, and those before them that they show to have gone wrong."""
    if not ids:
        return []
    earlier = (
        select(func.max(_between.seq))
        .where(
            _between.conversation_id == _asked.conversation_id,
            _between.seq.between(_asked.seq - LOOKED_BACK, _asked.seq - 1),
            _between.sender == "shopper",
        )
        .correlate(_asked)
        .scalar_subquery()
    )
    query = (
        select(_asked, _before, Message.content)
        .join_from(
            Message,
            _asked,
            (_asked.conversation_id == Message.conversation_id) & (_asked.seq == Message.reply_to),
        )
        .outerjoin(_before, (_before.conversation_id == _asked.conversation_id) & (_before.seq == earlier))
        .where(Message.id.in_(ids))
        .order_by(Message.id)
    )
    found: list[Due] = []
    for asked, before, content in session.execute(query):
        if asked.sender != "shopper" or asked.payload or not asked.text:
            continue
        normalized = words.normal(asked.text)
        if not words.only_denies(normalized) and (why := _unsure(asked, content or {})):
            found.append(due_of(asked, why))
        if before is not None and _goes_against(before, normalized) and _answered(session, before, asked.seq):
            found.append(due_of(before, Why.CONTRADICTED))
    return found


def of_events(session: Session, ids: Collection[int]) -> list[Due]:
    """The questions on which the bot gave way to people in these changes of owner."""
    if not ids:
        return []
    found = []
    for event in session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.id)):
        said = _said_before(session, event)
        if question := blamed(session, said):
            found.append(due_of(question, Why.HANDED_OVER))
        if event.reason != "asked_for_human":
            continue
        # She asked for a person by her next message, or by no message at all.
        last = next((each for each in said[:2] if is_question(each)), None)
        if last is None or (last is not question and _only_answers(last)):
            continue
        if _answered(session, last, None, event.at):
            found.append(due_of(last, Why.CONTRADICTED))
    return found


def blamed(session: Session, said: Sequence[Message]) -> Message | None:
    """The question in one service of the bot, newest first, that is to blame for how it ended.

    It is the last one that went wrong: the bot was unsure of it (its intent, or below ``SURE``), or she went
    against its answer by her next words. If none did, it is the last one. In both, what only answers the bot
    (a number, a word or two) is taken where there is nothing else. Buttons, yes, thanks and 转人工 are no
    questions.
    """
    asked = [(place, each) for place, each in enumerate(said) if is_question(each)]
    wrong = [(place, each) for place, each in asked if _went_wrong(session, said, place)]
    for some in (wrong, asked):
        if some:
            return next((each for _, each in some if not _only_answers(each)), some[0][1])
    return None


def question_before(session: Session, message: Message) -> Message | None:
    """What she asked before this message in the same service of the bot."""
    took_over = (
        select(func.max(Event.at))
        .where(
            Event.conversation_id == message.conversation_id,
            Event.at <= message.at,
            Event.to_owner == ownership.BOT,
            Event.move != "leave_queue",
        )
        .scalar_subquery()
    )
    query = (
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.sender == "shopper",
            Message.seq < message.seq,
            func.coalesce(Message.at >= took_over, True),
        )
        .order_by(Message.seq.desc())
        .limit(LOOKED_BACK)
    )
    return next(filter(is_question, session.scalars(query)), None)


def of_ratings(session: Session, since: datetime) -> list[Due]:
    """The questions to blame for the bot's services that were rated badly and are not noted yet."""
    earlier = aliased(Rating)
    began = (
        select(func.coalesce(func.max(earlier.seq), 0))
        .where(earlier.conversation_id == Rating.conversation_id, earlier.id < Rating.id)
        .correlate(Rating)
        .scalar_subquery()
    )
    noted = exists().where(
        Item.conversation_id == Rating.conversation_id,
        Item.seq > began,
        Item.seq <= Rating.seq,
        Item.why.bitwise_and(Why.RATED_BADLY.value) != 0,
    )
    query = select(Rating, began).where(
        Rating.rated_at > since, Rating.score <= WORST_SCORE, Rating.served_by == ownership.BOT, ~noted
    )
    found = []
    for rating, start in session.execute(query.order_by(Rating.id)):
        said = _shopper(session, rating.conversation_id, start + 1, rating.seq)
        if question := blamed(session, said):
            found.append(due_of(question, Why.RATED_BADLY))
    return found


def reading_of(message: Message) -> str | None:
    """The likeliest reading; a FAQ topic is called ``faq/TOPIC``."""
    return next((name for name, _ in readings(message.understanding)), None)


def readings(understanding: Mapping[str, Any] | None) -> list[tuple[str, float]]:
    """How the bot read a message, likeliest first, each with its confidence from 0 to 1."""
    read = understanding or {}
    faq = read.get("faq") or {}
    ranking = read.get("ranking") or [{"name": read.get("intent"), "confidence": read.get("confidence")}]
    found = []
    for each in ranking:
        name, confidence = str(each.get("name") or ""), float(each.get("confidence") or 0)
        if name == "faq" and faq.get("topic"):
            name = f"faq/{faq['topic']}"
        if name and name != FALLBACK:
            found.append((name, confidence))
    return found


def _unsure(asked: Message, content: Mapping[str, Any]) -> Why | None:
    intent = (asked.understanding or {}).get("intent")
    if intent not in UNSURE:
        return None
    offered = [str(button.get("payload")) for button in content.get("buttons") or ()]
    asks_back = intent == FALLBACK and any(o.startswith("/") and o != HUMAN for o in offered)
    return Why.UNSURE | Why.ASKED_BACK if asks_back else Why.UNSURE


def _goes_against(before: Message, normalized: str) -> bool:
    """Whether what she says now shows that the answer to what she said before was of no use."""
    if before.payload or not before.text or not before.understanding:
        return False
    earlier = words.normal(before.text)
    if words.only_denies(earlier) or before.understanding.get("intent") == "human_agent":
        return False
    return words.denies(normalized) or words.repeats(earlier, normalized)


def _answered(session: Session, asked: Message, until: int | None, at: datetime | None = None) -> bool:
    """Whether the bot answered the message before message ``until``, or this moment, and no human spoke."""
    after = [Message.conversation_id == asked.conversation_id, Message.seq > asked.seq]
    after.append(Message.seq < until if until is not None else Message.at < at)
    senders = select(Message.sender, Message.reply_to).where(*after).order_by(Message.seq)
    rows = session.execute(senders.limit(LOOKED_BACK)).all()
    return any(row == ("bot", asked.seq) for row in map(tuple, rows)) and all(
        row.sender != "agent" for row in rows
    )


def _said_before(session: Session, event: Event) -> list[Message]:
    """What the shopper said to the bot before it gave way, newest first."""
    took_over = (
        select(func.max(Event.at))
        .where(
            Event.conversation_id == event.conversation_id,
            Event.id < event.id,
            Event.to_owner == ownership.BOT,
            Event.move != "leave_queue",
        )
        .scalar_subquery()
    )
    query = (
        select(Message)
        .where(
            Message.conversation_id == event.conversation_id,
            Message.sender == "shopper",
            Message.at <= event.at,
            func.coalesce(Message.at >= took_over, True),
        )
        .order_by(Message.seq.desc())
        .limit(LOOKED_BACK)
    )
    return list(session.scalars(query))


def _shopper(session: Session, conversation_id: str, first: int, last: int) -> Sequence[Message]:
    query = (
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.sender == "shopper",
            Message.seq.between(first, last),
        )
        .order_by(Message.seq.desc())
        .limit(LOOKED_BACK)
    )
    return session.scalars(query).all()


def is_question(message: Message) -> bool:
    """Whether something can be learned from it: she wrote what she wants, and the bot has read it."""
    intent = (message.understanding or {}).get("intent")
    if not message.text or message.payload == notices.HUMAN or intent is None:
        return False
    if message.payload or intent in words.known()["wishes"]:
        return False
    return not words.only_denies(words.normal(message.text))


def _only_answers(message: Message) -> bool:
    """Whether it may be no more than an answer to what the bot asked."""
    intent = (message.understanding or {}).get("intent")
    return intent in words.known()["answers"] or len(words.normal(message.text or "")) < words.SHORTEST


def _went_wrong(session: Session, said: Sequence[Message], place: int) -> bool:
    message = said[place]
    read = message.understanding or {}
    if read.get("intent") in UNSURE or next((sure for _, sure in readings(read)), 1.0) < SURE:
        return True
    behind = said[place - 1] if place else None
    if behind is None or behind.payload or not behind.text:
        return False
    return _goes_against(message, words.normal(behind.text)) and _answered(session, message, behind.seq)


def due_of(message: Message, why: Why) -> Due:
    """The turn that a shopper's message began, for these reasons."""
    return Due(message.conversation_id, message.seq, message.at, message.text or "", reading_of(message), why)


def joined(found: Iterable[Due]) -> list[Due]:
    """Each turn once, with all its reasons, in the order they came in."""
    turns: dict[tuple[str, int], Due] = {}
    for due in found:
        known = turns.get(due.turn)
        why = known.why | due.why if known else due.why
        turns[due.turn] = Due(*due.turn, due.at, due.text, due.reading, why)
    return list(turns.values())
