"""What follows when a shopper is silent; time is let pass by setting the clock of a conversation back."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from bot.conversations import notices
from bot.conversations.models import Conversation
from bot.conversations.silence import Silence
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from tests.heart.conftest import answered, asked

MINUTE = timedelta(minutes=1)
SILENCE = Silence(remind=10 * MINUTE, close=5 * MINUTE, bot_close=60 * MINUTE)


def with_agent(store: Store) -> str:
    conversation = answered(store)
    store.take(conversation, 7, "小王")
    return conversation


def pass_time(database: Engine, conversation: str, minutes: int) -> None:
    moved = {"quiet_since": Conversation.quiet_since, "owner_since": Conversation.owner_since}
    with database.begin() as connection:
        row = connection.execute(
            Conversation.__table__.select().where(Conversation.id == conversation)  # type: ignore[attr-defined]
        ).one()
        values = {name: getattr(row, name) and getattr(row, name) - minutes * MINUTE for name in moved}
        connection.execute(update(Conversation).where(Conversation.id == conversation).values(**values))


def last(store: Store, conversation: str) -> str | None:
    return store.messages(conversation, limit=100)[-1].text


def test_an_agents_shopper_is_reminded_once_and_then_the_service_is_closed(
    store: Store, database: Engine
) -> None:
    conversation = with_agent(store)
    store.say(conversation, 7, "小王", "您要退哪一件？", "a1")
    assert SILENCE.keep(store) == []
    pass_time(database, conversation, 11)
    assert SILENCE.keep(store) == [conversation]
    assert last(store, conversation) == notices.text("remind")
    assert SILENCE.keep(store) == []
    pass_time(database, conversation, 6)
    assert SILENCE.keep(store) == [conversation]
    assert last(store, conversation) == notices.text("closed_by_silence")
    assert store.conversation(conversation).owner == "closed"
    assert store.events(conversation)[-1].reason == "silence"
    pass_time(database, conversation, 999)
    assert SILENCE.keep(store) == []


def test_whoever_waits_for_the_agent_is_neither_reminded_nor_closed(store: Store, database: Engine) -> None:
    conversation = with_agent(store)
    pass_time(database, conversation, 999)
    assert SILENCE.keep(store) == []
    store.say(conversation, 7, "小王", "您要退哪一件？", "a1")
    store.receive(conversation, "r", "红色那件")
    pass_time(database, conversation, 999)
    assert SILENCE.keep(store) == []


def test_a_word_after_the_reminder_begins_the_silence_anew(store: Store, database: Engine) -> None:
    conversation = with_agent(store)
    store.say(conversation, 7, "小王", "您要退哪一件？", "a1")
    pass_time(database, conversation, 11)
    SILENCE.keep(store)
    store.receive(conversation, "r", "我找一下")
    store.say(conversation, 7, "小王", "好的", "a2")
    pass_time(database, conversation, 6)
    assert SILENCE.keep(store) == []
    pass_time(database, conversation, 5)
    assert SILENCE.keep(store) == [conversation]
    assert last(store, conversation) == notices.text("remind")


def test_a_bots_service_is_closed_but_not_while_it_owes_an_answer(store: Store, database: Engine) -> None:
    closed, owed = answered(store), asked(store)
    for conversation in (closed, owed):
        pass_time(database, conversation, 61)
    assert SILENCE.keep(store) == [closed]
    assert last(store, closed) == notices.text("closed_by_silence")


def test_a_shopper_in_the_queue_is_never_closed(store: Store, database: Engine) -> None:
    conversation = answered(store)
    store.ask_human(conversation)
    pass_time(database, conversation, 9999)
    assert SILENCE.keep(store) == []


def test_a_time_of_zero_is_never(store: Store, database: Engine) -> None:
    conversation = answered(store)
    pass_time(database, conversation, 9999)
    assert Silence(timedelta(), timedelta(), timedelta()).keep(store) == []
    assert store.conversation(conversation).owner == "bot"


def test_two_processes_remind_once(store: Store, database: Engine) -> None:
    conversation = with_agent(store)
    store.say(conversation, 7, "小王", "您要退哪一件？", "a1")
    pass_time(database, conversation, 11)
    assert [*SILENCE.keep(store), *SILENCE.keep(store)] == [conversation]


@pytest.mark.parametrize(("minutes", "move"), [(30, "reopen"), (3 * 60, "renew")])
def test_a_closed_conversation_goes_on_or_begins_anew(database: Engine, minutes: int, move: str) -> None:
    store = Store(database, reopen_within=timedelta(hours=1))
    conversation = answered(store)
    store.end(conversation)
    pass_time(database, conversation, minutes)
    store.receive(conversation, "again", "还有个问题")
    last_event = store.events(conversation)[-1]
    assert (last_event.move, last_event.to_owner) == (move, "bot")
    turn = store.claim_turn("me", 30)
    assert turn and turn.service == last_event.id
    assert store.conversation(conversation).owner_since <= now()


def test_a_shopper_ends_the_service_and_nothing_is_owed_any_more(store: Store) -> None:
    conversation = asked(store)
    turn = store.claim_turn("me", 30)
    store.end(conversation)
    store.end(conversation)
    assert turn and not store.finish_turn(turn, [Reply("在的")])
    assert [m.text for m in store.messages(conversation)] == ["在吗", notices.text("closed_by_shopper")]
    assert store.claim_turn("me", 30) is None
