"""From the log to the inbox: notes each turn that is due once, beside those that are like it.

The log is followed by its growing ids, of which PostgreSQL shows a smaller one late: what is younger than a
minute is looked for again, and known by having been noted. What it costs grows with what is said, not with
what was.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne
from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from bot.conversations.models import Event, Message
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import due, words
from .due import Due
from .models import IGNORED, OPEN, Item, Progress

LOOK_SECONDS = 2.0
PAUSE_SECONDS = 0.05  # between two portions of a long log
AT_ONCE = 300  # rows of the log
WINDOW = 5000  # ids that are looked at for what is new
SETTLED = timedelta(minutes=1)  # no transaction stays open for so long
RATED_AGAIN = timedelta(days=1, minutes=1)  # so long a rating may be changed
# A text is compared with the leaders of so many groups, which are those that the last items belong to.
LEADERS = 2000
RECENT = 20_000
TRIES = 5  # while other processes note something

log = structlog.get_logger()


class Collector:
    """Follows one log. Of several processes each may run one: what another has noted is noted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # What was looked through and is not settled yet, by table.
        self._seen: dict[str, set[int]] = {Message.__tablename__: set(), Event.__tablename__: set()}

    async def run(self) -> None:
        """Collect for ever; a database that is away is tried again."""
        while True:
            more = False
            try:
                more = await asyncio.to_thread(self.look)
            except SQLAlchemyError as error:
                log.error("review.not_collected", error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS if more else LOOK_SECONDS)

    def look(self) -> bool:
        """Note what is due in some of what the last look did not see; whether there may be more."""
        at = now()
        with self._store.reading() as session:
            progress = session.get_one(Progress, 1)
            messages = self._fresh(session, Message, progress.message_id, Message.reply_to.is_not(None))
            events = self._fresh(session, Event, progress.event_id, Event.move.in_(("hand_over", "pass_on")))
            found = due.joined(
                [
                    *due.of_answers(session, messages.ids),
                    *due.of_events(session, events.ids),
                    *due.of_ratings(session, progress.rated_until),
                ]
            )
            groups = _grouped(session, found)
        reached = {
            "message_id": messages.settled(at) or progress.message_id,
            "event_id": events.settled(at) or progress.event_id,
        }
        more = messages.more or events.more
        moved = reached["message_id"] - progress.message_id + reached["event_id"] - progress.event_id
        late = at - progress.rated_until > 2 * RATED_AGAIN
        if found or late or moved >= AT_ONCE or (moved and more):
            rated = progress.rated_until if more else at - RATED_AGAIN
            if not _note(self._store, progress.looks, groups, {**reached, "rated_until": rated}):
                return True  # another process has noted something meanwhile
        for fresh, name in ((messages, Message.__tablename__), (events, Event.__tablename__)):
            self._seen[name] |= set(fresh.ids)
        return more

    def _fresh(self, session: Session, table: Any, after: int, which: Any) -> "_Fresh":
        """Rows behind the cursor that were not looked through."""
        seen = self._seen[table.__tablename__]
        query = select(table.id, table.at).where(table.id > after, which)
        rows = [tuple(row) for row in session.execute(query.order_by(table.id).limit(WINDOW))]
        # What is settled is not asked for again; a database that was restored gives its ids anew.
        seen &= {id for id, _ in rows}
        ids = [id for id, _ in rows if id not in seen]
        return _Fresh(rows, ids[:AT_ONCE], seen, len(ids) > AT_ONCE)


class _Fresh:
    """Rows of the log that are looked through now, among those that are not settled."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], ids: list[int], seen: set[int], more: bool) -> None:
        self._rows, self.ids, self._seen, self.more = rows, ids, seen, more

    def settled(self, at: datetime) -> int | None:
        """Up to this id all was looked through, and nothing can appear any more."""
        done, last = self._seen.union(self.ids), None
        for id, written in self._rows:
            if id not in done or written > at - SETTLED:
                break
            last = id
        return last


class _Group:
    """The group that a text joins: one that there is, or one that begins with it."""

    def __init__(self, id: int | None = None, state: str = OPEN, decision_id: int | None = None) -> None:
        self.id, self.state, self.decision_id = id, state, decision_id


Grouped = list[tuple[Due, str, _Group]]


def note(store: Store, found: Due) -> None:
    """Note one turn by hand, beside those that are like it; not where it is being erased."""
    for _ in range(TRIES):
        with store.reading() as session:
            looks = session.get_one(Progress, 1).looks
            groups = _grouped(session, [found])
        if _note(store, looks, groups, {}):
            return


def _grouped(session: Session, found: Sequence[Due]) -> Grouped:
    """Each with its text's key and its group."""
    if not found:
        return []
    texts = {each.turn: words.normal(each.text) for each in found}
    keys = {turn: words.key(text) for turn, text in texts.items()}
    same = _same(session, set(keys.values()))
    near = _Near(session)
    grouped: Grouped = []
    for each in found:
        key, text = keys[each.turn], texts[each.turn]
        if key not in same:
            same[key] = near.group(text, each.reading)
        grouped.append((each, key, same[key]))
    return grouped


def _same(session: Session, keys: Collection[str]) -> dict[str, _Group]:
    """The groups of texts that were there before; of one that was ignored the next is as well."""
    last = select(func.max(Item.id)).where(Item.text_key.in_(keys)).group_by(Item.text_key)
    query = select(Item).where(Item.id.in_(last))
    groups = {}
    for item in session.scalars(query):
        ignored = item.state == IGNORED
        groups[item.text_key] = (
            _Group(item.group_id, IGNORED, item.decision_id) if ignored else _Group(item.group_id)
        )
    return groups


class _Near:
    """The first texts of the latest groups; nothing of them is kept, so that what was erased is gone."""

    def __init__(self, session: Session) -> None:
        newest = session.scalar(select(func.max(Item.id))) or 0
        # The oldest that is still there leads.
        first = (
            select(func.min(Item.id))
            .where(Item.id > newest - RECENT)
            .group_by(Item.group_id)
            .order_by(func.max(Item.id).desc())
            .limit(LEADERS)
        )
        query = (
            select(Item.group_id, Message.text, Message.understanding)
            .join(Message, (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq))
            .where(Item.id.in_(first))
        )
        self._all: dict[int, str] = {}
        self._by_reading: dict[str | None, dict[int, str]] = {}
        self._groups: dict[int, _Group] = {}
        for number, (group_id, text, understanding) in enumerate(session.execute(query)):
            reading = next((name for name, _ in due.readings(understanding)), None)
            self._add(number, words.normal(text or ""), reading, _Group(group_id))

    def group(self, text: str, reading: str | None) -> _Group:
        """The group whose first text is most like this one, or a new one."""
        if len(text) >= words.SHORTEST:
            ways = (
                (self._by_reading.get(reading, {}), words.ALIKE_READ_ALIKE),
                (self._all, words.ALIKE),
            )
            for leaders, cutoff in ways:
                if best := extractOne(text, leaders, scorer=ratio, score_cutoff=cutoff):
                    return self._groups[best[2]]
        return self._add(len(self._groups), text, reading, _Group())

    def _add(self, number: int, text: str, reading: str | None, group: _Group) -> _Group:
        self._groups[number] = group
        if len(text) >= words.SHORTEST:
            self._all[number] = text
            if reading:
                self._by_reading.setdefault(reading, {})[number] = text
        return group


def _note(store: Store, looks: int, grouped: Grouped, reached: dict[str, Any]) -> bool:
    """Write it down, unless another process did meanwhile; whether it was."""
    try:
        with store.writing() as session:
            progress = session.get_one(Progress, 1, with_for_update=True)
            if progress.looks != looks:
                return False
            known = _known(session, [each.turn for each, _, _ in grouped])
            for each, key, group in grouped:
                if item := known.get(each.turn):
                    item.why |= each.why.value
                    continue
                item = Item(
                    conversation_id=each.conversation_id,
                    seq=each.seq,
                    at=each.at,
                    why=each.why.value,
                    text_key=key,
                    group_id=group.id or 0,
                    state=group.state,
                    decision_id=group.decision_id,
                )
                session.add(item)
                if group.id is None:
                    session.flush()
                    item.group_id = group.id = item.id
            progress.looks += 1
            for name, value in reached.items():
                setattr(progress, name, value)
    except IntegrityError:  # a message was erased meanwhile, and is not found the next time
        return False
    return True


def _known(session: Session, turns: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Item]:
    known = {}
    for start in range(0, len(turns), AT_ONCE):
        these = tuple_(Item.conversation_id, Item.seq).in_(turns[start : start + AT_ONCE])
        for item in session.scalars(select(Item).where(these)):
            known[item.conversation_id, item.seq] = item
    return known
