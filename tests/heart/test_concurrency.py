"""What two processes do at the same moment, each with connections of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress

import pytest

from bot.conversations import steps
from bot.conversations.database import connect
from bot.conversations.ownership import IllegalMove
from bot.conversations.steps import Reply
from bot.conversations.store import NotYours, Store
from bot.conversations.watch import Growth

LEASE = 30.0


@pytest.fixture
def other(database_url: str) -> Iterator[Store]:
    """The log as another process sees it."""
    engine = connect(database_url)
    yield Store(engine)
    engine.dispose()


def test_a_message_sent_to_two_fronts_at_once_is_one(store: Store, other: Store) -> None:
    conversation = store.begin("web", None, None).id
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            sent = [
                pool.submit(each.receive, conversation, f"c{number}", "在吗") for each in (store, other) * 4
            ]
            assert {each.result() for each in sent} == {number + 1}


def test_takeovers_claims_and_answers_never_wait_for_each_other_in_a_ring(store: Store, other: Store) -> None:
    conversations = [store.begin("web", None, None).id for _ in range(3)]

    def shop(here: Store, person: int) -> None:
        for number in range(25):
            here.receive(conversations[number % 3], f"{person}-{number}", "在吗")

    def answer(here: Store, person: int) -> None:
        for number in range(60):
            # Its lease is over at once, so the others take the same turn while this one is answered.
            if turn := here.claim_turn(f"runner{person}", 30.0 if number % 2 else 0.0):
                here.finish_turn(turn, [Reply("在的")])

    def serve(here: Store, person: int) -> None:
        for number in range(30):
            with suppress(IllegalMove, NotYours):
                here.take(conversations[number % 3], person, "小王")
                here.hand_back(conversations[number % 3], person)

    with ThreadPoolExecutor(12) as pool:
        jobs = [
            pool.submit(job, here, person)
            for job in (shop, answer, serve)
            for person, here in enumerate((store, other) * 2)
        ]
        wait(jobs, timeout=60)
        for job in jobs:
            job.result(timeout=0)
    for conversation in conversations:
        messages = store.messages(conversation, limit=1000)
        assert [m.seq for m in messages] == list(range(1, len(messages) + 1))
        answered = [m.reply_to for m in messages if m.sender == "bot"]
        assert len(answered) == len(set(answered))


def test_growth_is_seen_once_committed(store: Store, other: Store) -> None:
    growth = Growth(other)
    growth.look()
    first, second = (store.begin("web", None, None).id for _ in range(2))
    store.receive(first, "a", "在吗")
    assert growth.look().keys() == {first}
    store.ask_human(second)
    store.take(first, 1, "小王")
    assert growth.look().keys() == {first, second}
    assert growth.look().keys() == set()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_message_that_commits_after_a_later_one_is_seen(store: Store, other: Store) -> None:
    slow, quick, undone = (store.begin("web", None, None).id for _ in range(3))
    begun_before, begun_between = Growth(other), Growth(other)
    begun_before.look()
    with store.writing() as session:
        steps.append(session, steps.locked(session, slow), Reply("慢"))
        steps.move(session, steps.locked(session, slow), "take", by="agent:1", agent_id=1)
        session.flush()
        with suppress(ZeroDivisionError), store.writing() as lost:
            steps.append(lost, steps.locked(lost, undone), Reply("没有发生"))
            lost.flush()
            raise ZeroDivisionError
        store.receive(quick, "a", "快")
        assert begun_before.look().keys() == {quick}
        assert begun_before.look().keys() == set()
        assert begun_between.look().keys() == {quick}
    assert begun_before.look().keys() == {slow}
    assert begun_between.look().keys() == {slow}
    store.receive(undone, "a", "发生了")
    assert begun_before.look().keys() == {undone}
    assert begun_before.look().keys() == set()
