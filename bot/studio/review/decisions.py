"""What is decided on turns of a group: sentences for the bot's files, or that there is nothing to learn.

The files are written first. A process that dies between the two leaves the turns open: deciding again finds
the sentences there and writes nothing twice.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rapidfuzz.distance import Levenshtein
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.conversations.models import Message
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.staff import texts
from bot.staff.sessions import Staff
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Conflict, Repository, language

from . import words
from .known import FAQ, Known, Taught
from .models import BY_FILES, DONE, IGNORED, OPEN, Decision, Item

TEXTS = texts.load(Path(__file__).parent.parent / "texts" / "review.yml")
Kind = Literal["intent", "topic", "new_topic", "out_of_scope", "ignore"]
OUT_OF_SCOPE = "out_of_scope"
AT_ONCE = 100  # texts
# As in the data check: a line that differs by less from another teaches nothing.
REPEATED, SHORTEST = 0.15, 8
_TOPIC = re.compile(r"[a-z][a-z0-9_]{2,50}")
_MARK = re.compile(r"\[([^\[\]()]+)\]\((\w+)\)")


class CannotDecide(Cannot):
    """The decision was not made, and nothing was written."""


@dataclass(frozen=True)
class NewTopic:
    """A topic to be written. Without ``questions``, the texts decided on are its questions."""

    file: str
    """Of data/nlu/faq, without suffix."""
    name: str
    intent: str
    """Which it counts as."""
    answer: str
    questions: Sequence[str] = ()


@dataclass(frozen=True)
class Wish:
    """What is to be done with some texts of a group."""

    group_id: int
    kind: Kind
    target: str | None = None
    """The intent, or ``faq/TOPIC``."""
    keys: Sequence[str] | None = None
    """Of the texts; None: all that are open."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """By key, what is to be written where it is not what was said: shortened, or with entities marked."""
    topic: NewTopic | None = None


@dataclass(frozen=True)
class Made:
    """What was decided, and which sentences were written."""

    id: int
    target: str | None
    turns: int
    written: list[str]
    commit: str | None


def decide(
    store: Store, repository: Repository, known: Known, by: Staff, wish: Wish, spoken: str = "zh"
) -> Made:
    """Write what is to be learned, and close the turns.

    Args:
        spoken: the language in which the change is called, zh or en.

    Raises:
        CannotDecide, Trouble (of the files): nothing was written, and the turns are open.
    """
    said = _open_texts(store, wish)
    if not said:
        raise CannotDecide("gone")
    target, written, commit = _target(wish), list[str](), None
    if target:
        taught = known.now()
        given = wish.topic.questions if wish.topic else ()
        given = given or [wish.examples.get(key, words.example(text)) for key, text in said.items()]
        examples = [_sentence(each, taught.entities) for each in given]
        if wish.topic:
            _check(wish.topic, taught)
            written = _fresh(examples, ())
        else:
            if target not in taught.titles:
                raise CannotDecide("unknown", name=target)
            written = _fresh(examples, taught.under(target))
        if written:
            title = written[0] if wish.topic else taught.titles[target]
            summary = TEXTS[spoken](
                "summary_topic" if wish.topic else "summary", title=title[:60], count=len(written)
            )
            commit = _write(repository, Author.of(by), summary, target, written, wish.topic)
    return _close(store, by, wish, target, list(said), written, commit)


def undo(store: Store, repository: Repository, by: Staff, decision_id: int, spoken: str = "zh") -> Decision:
    """Take a decision back: what it wrote goes, and its turns are open again.

    Args:
        spoken: as of ``decide``.

    Raises:
        CannotDecide, Trouble (of the files): nothing was changed.
    """
    with store.reading() as session:
        decision = session.get(Decision, decision_id)
    if decision is None or decision.undone_at:
        raise CannotDecide("undone")
    if decision.kind == BY_FILES:
        raise CannotDecide("by_files")
    if decision.commit_id and decision.target:
        was = repository.change(decision.commit_id).summary
        summary = TEXTS[spoken]("summary_undone", summary=was)
        _unwrite(repository, Author.of(by), summary, decision.commit_id, decision.target, decision.kind)
    with store.writing() as session:
        found = session.get_one(Decision, decision_id, with_for_update=True)
        if found.undone_at is None:
            found.undone_at, found.undone_by = now(), by.display_name
            mine = update(Item).where(Item.decision_id == decision_id)
            session.execute(mine.values(state=OPEN, decision_id=None))
        return found


def plain(sentence: str) -> str:
    """A sentence without the marks of its entities, as a shopper would write it."""
    return _MARK.sub(r"\1", sentence)


def _target(wish: Wish) -> str | None:
    if wish.kind == "ignore":
        return None
    if wish.kind == "out_of_scope":
        return OUT_OF_SCOPE
    name = f"{FAQ}/{wish.topic.name}" if wish.topic else wish.target
    if not name or (wish.kind == "new_topic") != (wish.topic is not None):
        raise CannotDecide("no_target")
    return name


def _open_texts(store: Store, wish: Wish) -> dict[str, str]:
    """Of each key in the turns that are decided on the newest text; the most frequent first."""
    texts = (
        select(func.max(Item.id).label("newest"), func.count().label("times"))
        .where(*_which(wish.group_id, wish.keys))
        .group_by(Item.text_key)
        .subquery()
    )
    query = (
        select(Item.text_key, Message.text)
        .join(texts, texts.c.newest == Item.id)
        .join(Message, (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq))
        .order_by(texts.c.times.desc(), Item.id.desc())
    )
    with store.reading() as session:
        rows = session.execute(query.limit(AT_ONCE)).all()
    return {row[0]: row[1] or "" for row in rows}


def _which(group_id: int, keys: Collection[str] | None) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = [Item.group_id == group_id, Item.state == OPEN]
    if keys is not None:
        which.append(Item.text_key.in_(list(keys)[:AT_ONCE]))
    return which


def _sentence(text: str, entities: Collection[str]) -> str:
    """The sentence as it is written."""
    sentence = words.visible(text)
    bare = plain(sentence)
    for entity in (found[2] for found in _MARK.finditer(sentence)):
        if entity not in entities:
            raise CannotDecide("no_entity", name=entity)
    if not any(map(str.isalnum, bare)) or "[" in bare or "]" in bare:
        raise CannotDecide("no_sentence", text=bare[:40])
    if len(bare) > words.LONGEST_EXAMPLE:
        raise CannotDecide("too_long", text=bare[:40], most=words.LONGEST_EXAMPLE)
    return sentence


def _check(topic: NewTopic, taught: Taught) -> None:
    name = f"{FAQ}/{topic.name}"
    if not _TOPIC.fullmatch(topic.name):
        raise CannotDecide("topic_name")
    if name in taught.titles:
        raise CannotDecide("topic_taken", name=topic.name)
    if topic.file not in taught.faq_files:
        raise CannotDecide("unknown", name=topic.file)
    if topic.intent not in taught.titles or "/" in topic.intent:
        raise CannotDecide("unknown", name=topic.intent)
    if not topic.answer.strip():
        raise CannotDecide("no_answer")


def _fresh(sentences: Sequence[str], taught: Collection[str]) -> list[str]:
    """The sentences that all but repeat neither what is taught nor one before them."""
    fresh: dict[str, str] = {}
    for sentence in sentences:
        normal = words.normal(plain(sentence))
        if not _repeats(normal, {*taught, *fresh}):
            fresh[normal] = sentence
    return list(fresh.values())


def _repeats(text: str, others: Collection[str]) -> bool:
    return any(
        text == other or (len(text) >= SHORTEST and Levenshtein.normalized_distance(text, other) < REPEATED)
        for other in others
    )


def _write(
    repository: Repository,
    author: Author,
    summary: str,
    target: str,
    sentences: Sequence[str],
    topic: NewTopic | None,
) -> str | None:
    with repository.edit(author, summary) as draft:
        if topic:
            path = f"data/nlu/{FAQ}/{topic.file}.yml"
            language.add_topic(draft, path, target, topic.intent, sentences, [topic.answer.strip()])
        else:
            for sentence in sentences:
                language.add_example(draft, target, sentence)
    return draft.commit


def _unwrite(
    repository: Repository, author: Author, summary: str, commit: str, target: str, kind: str
) -> None:
    """Take back what a decision wrote; what stands beside it by now stays."""
    try:
        repository.revert(commit, author, summary)
    except Conflict:  # others have written behind it since
        with repository.edit(author, summary) as draft:
            if kind == "new_topic":
                language.remove_topic(draft, target)
                return
            before = repository.history(1, before=commit)[0].id
            made, former, now = (
                {each.text for each in language.examples(files, target)}
                for files in (repository.at(commit), repository.at(before), draft)
            )
            for text in (made - former) & now:
                language.remove_example(draft, target, text)


def _close(
    store: Store,
    by: Staff,
    wish: Wish,
    target: str | None,
    keys: Sequence[str],
    written: list[str],
    commit: str | None,
) -> Made:
    state = IGNORED if wish.kind == "ignore" else DONE
    with store.writing() as session:
        decision = Decision(
            at=now(),
            by=by.id,
            by_name=by.display_name,
            kind=wish.kind,
            target=target,
            group_id=wish.group_id,
            turns=0,
            commit_id=commit,
        )
        session.add(decision)
        session.flush()
        decision.turns = _closed(session, wish.group_id, keys, state, decision.id)
        return Made(decision.id, target, decision.turns, written, commit)


def _closed(session: Session, group_id: int, keys: Sequence[str], state: str, decision_id: int) -> int:
    these = update(Item).where(*_which(group_id, keys))
    closed = session.execute(these.values(state=state, decision_id=decision_id))
    return int(closed.rowcount)  # type: ignore[attr-defined]
