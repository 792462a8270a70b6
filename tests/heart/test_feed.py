"""The feed of the whole desk: each row once, also a late one, and private ones to those who serve."""

import pytest
from sqlalchemy import delete, select

from bot.conversations import feed, guests, notes
from bot.conversations.feed import SOURCES, News, Reader
from bot.conversations.models import Event, Message, Note
from bot.conversations.store import Store

from .conftest import asked

EVENTS = SOURCES.index(Event)


def moves(news: list[News]) -> list[str]:
    return [each.row.conversation_id for each in news if isinstance(each.row, Event)]


def test_a_row_that_commits_late_is_told_and_the_cursor_waits_for_it(store: Store) -> None:
    first, second = asked(store), asked(store)
    reader = Reader(store)
    store.ask_human(first)
    store.ask_human(second)
    with store.writing() as session:
        late = session.scalars(select(Event).where(Event.conversation_id == first)).one()
        values = {column.name: getattr(late, column.name) for column in Event.__table__.columns}
        session.execute(delete(Event).where(Event.id == late.id))
    assert moves(reader.look()) == [second]
    cursor = reader.cursor
    assert cursor[EVENTS] == late.id - 1
    with store.writing() as session:
        session.add(Event(**values))
    assert moves(reader.look()) == [first]
    assert reader.cursor == feed.heads(store)
    # Whoever goes on from the cursor misses nothing.
    assert moves(feed.since(store, cursor, "agent:1")) == [first, second]
    assert reader.look() == []


def test_private_rows_are_told_to_those_who_serve(store: Store) -> None:
    conversation, other = asked(store), asked(store)
    for each, agent in ((conversation, 1), (other, 3)):
        store.take(each, agent, "小王")
    guests.invite(store, conversation, 1, 2)
    reader = Reader(store)
    cursor = reader.cursor
    store.say(conversation, 1, "小王", "您好", "a1")
    notes.add(store, conversation, 1, "小王", "着急")
    store.receive(other, "b1", "我的快递呢")
    told = [(type(each.row), each.row.conversation_id, each.to) for each in reader.look()]
    served = frozenset({"agent:1", "agent:2"})
    assert told == [
        (Message, conversation, served),
        (Message, other, frozenset({"agent:3"})),
        (Note, conversation, served),
    ]
    for owner in served:
        assert [each.row.conversation_id for each in feed.since(store, cursor, owner)] == [conversation] * 2


def test_who_is_too_far_behind_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "AT_ONCE", 3)
    for _ in range(4):
        store.ask_human(asked(store))
    with pytest.raises(feed.TooFarBehind):
        feed.since(store, (0,) * len(SOURCES), "agent:1")
