"""More messages than can be answered at once: who waits is told so once, and answered in her turn."""

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.conversations import notices, waits
from bot.conversations.engine_pool import EnginePool
from bot.conversations.models import Message
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from tests.faults import TroubledEngine
from tests.heart.conftest import asked, beside
from tests.servers import serving

AT_ONCE = 8
TOLD = notices.text("please_wait")


def told(store: Store, conversation: str) -> int:
    return [m.text for m in store.messages(conversation)].count(TOLD)


def for_long(store: Store, *conversations: str) -> None:
    """Let all that was said there have been said a while ago."""
    with store.writing() as session:
        theirs = Message.conversation_id.in_(conversations)
        session.execute(update(Message).where(theirs).values(at=now() - 2 * waits.AFTER))


def test_only_who_waits_for_the_bots_first_word_is_told_and_once(store: Store) -> None:
    waiting = asked(store)
    store.receive(waiting, "q2", "有人吗")
    waits_for_person, served = asked(store), asked(store)
    store.ask_human(waits_for_person)
    store.take(served, 1, "小王")
    for_long(store, waiting, waits_for_person, served)
    just_came = asked(store)

    assert waits.tell(store) == [waiting]
    assert waits.tell(store) == []
    for_long(store, waiting)
    assert waits.tell(store) == []
    assert [told(store, c) for c in (waiting, waits_for_person, served, just_came)] == [1, 0, 0, 0]

    # What she said meanwhile waits behind an answer, and so not for a first word.
    turn = store.claim_turn("me", 30)
    assert turn and turn.conversation_id == waiting
    assert waits.tell(store) == []
    store.finish_turn(turn, [Reply("在的")])
    for_long(store, waiting)
    assert waits.tell(store) == []

    # What she says another day is another wait.
    turn = store.claim_turn("me", 30)
    while turn:
        store.finish_turn(turn, [Reply("在的")])
        turn = store.claim_turn("me", 30)
    store.receive(waiting, "q3", "再问一句")
    for_long(store, waiting)
    assert waits.tell(store) == [waiting]


def test_a_turn_under_way_is_not_waited_for_and_one_put_back_is(store: Store) -> None:
    conversation = asked(store)
    turn = store.claim_turn("me", 30)
    for_long(store, conversation)
    assert turn and waits.tell(store) == []
    store.release_turn(turn)
    assert waits.tell(store) == [conversation]


async def test_two_hundred_at_once_are_told_once_and_answered_in_the_order_they_came(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "AFTER", timedelta(seconds=0.3))
    engine = TroubledEngine((0.05, 0.1))
    conversations = [store.begin("web", None, None).id for _ in range(100)]
    with serving(engine.app()) as url:
        pool, watcher = EnginePool([url], "secret", 5), Watcher(store, poll_seconds=0.02)
        runner = TurnRunner(store, pool, watcher, lease_seconds=8, at_once=AT_ONCE)

        async def hasty(conversation: str) -> None:
            for text in ("一", "二"):
                await runner.receive(conversation, text, text)

        async with beside(watcher.run(), runner.run(), waits.watch(store, watcher.hint)):
            await asyncio.gather(*map(hasty, conversations))
            deadline = time.monotonic() + 60
            while any(store.state(conversation).typing for conversation in conversations):
                assert time.monotonic() < deadline, "turns are still open"
                await asyncio.sleep(0.1)
        await pool.close()
    logs = {conversation: store.messages(conversation) for conversation in conversations}
    for log in logs.values():
        assert [m.text for m in log if m.sender == "bot"] == ["回答 一", "回答 二"]
        said = [m.sender for m in log]
        for n in (n for n, sender in enumerate(said) if sender == "system"):
            assert log[n].text == TOLD and said[n - 1] == "shopper"
            # Her second message may have come behind the first answer, and waits anew.
            assert said[:n].count("system") <= said[:n].count("bot")
    assert 0 < sum(told(store, conversation) > 0 for conversation in conversations) < 100
    # Nobody is overtaken by many who came later; a busy machine may hold up one that was begun.
    served = [name.removesuffix(":1") for name in engine.asked if name.endswith(":1")]
    came = sorted(conversations, key=lambda conversation: logs[conversation][0].id)
    assert all(served.index(conversation) - n < 5 * AT_ONCE for n, conversation in enumerate(came))
