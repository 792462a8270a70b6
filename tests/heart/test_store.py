"""The log's promises, one by one, on a real database."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from bot.conversations import notices
from bot.conversations.engine_client import context
from bot.conversations.models import Turn
from bot.conversations.ownership import IllegalMove
from bot.conversations.steps import Reply, UnknownConversation, UnknownPayload, now
from bot.conversations.store import NotYours, Store

LEASE = 30.0


def begin(store: Store) -> str:
    return store.begin("web", None, None).id


def answer(store: Store, text: str = "好的", **kwargs: object) -> bool:
    turn = store.claim_turn("me", LEASE)
    assert turn is not None
    return store.finish_turn(turn, [Reply(text)], {"intent": "greet"}, "m", **kwargs)  # type: ignore[arg-type]


def said(store: Store, conversation: str) -> list[tuple[str, str | None]]:
    return [(m.sender, m.text) for m in store.messages(conversation, limit=1000)]


def test_numbers_run_without_gaps_when_many_write_at_once(store: Store) -> None:
    conversation = begin(store)
    with ThreadPoolExecutor(8) as pool:
        seqs = list(pool.map(lambda i: store.receive(conversation, f"c{i}", f"第{i}句"), range(60)))
    assert sorted(seqs) == list(range(1, 61))
    assert [m.seq for m in store.messages(conversation, limit=100)] == list(range(1, 61))


def test_the_same_client_id_is_the_same_message(store: Store) -> None:
    conversation = begin(store)
    with ThreadPoolExecutor(8) as pool:
        seqs = set(pool.map(lambda _: store.receive(conversation, "one", "在吗"), range(16)))
    assert seqs == {1}
    assert said(store, conversation) == [("shopper", "在吗")]


def test_an_unknown_conversation_takes_no_message(store: Store) -> None:
    with pytest.raises(UnknownConversation):
        store.receive("nowhere", "a", "在吗")


def test_turns_of_one_conversation_are_answered_in_order(store: Store) -> None:
    conversation, other = begin(store), begin(store)
    store.receive(conversation, "a", "一")
    store.receive(conversation, "b", "二")
    store.receive(other, "a", "三")
    first, second = store.claim_turn("me", LEASE), store.claim_turn("you", LEASE)
    assert first and second
    assert (first.text, second.text) == ("一", "三")
    assert store.claim_turn("me", LEASE) is None
    assert store.finish_turn(first, [Reply("1")])
    third = store.claim_turn("me", LEASE)
    assert third and third.text == "二"


def test_a_turn_is_claimed_by_one_process_only(store: Store) -> None:
    for i in range(20):
        store.receive(begin(store), "a", str(i))
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda i: store.claim_turn(f"p{i}", LEASE), range(40)))
    assert len([t for t in claimed if t]) == 20
    assert len({t.id for t in claimed if t}) == 20


def test_the_turn_of_a_dead_process_is_taken_over_and_answered_once(store: Store, database: Engine) -> None:
    conversation = begin(store)
    store.receive(conversation, "a", "在吗")
    dead = store.claim_turn("dead", LEASE)
    assert dead
    assert store.claim_turn("heir", LEASE) is None
    with database.begin() as connection:
        connection.execute(update(Turn).values(lease_until=now() - timedelta(seconds=1)))
    heir = store.claim_turn("heir", LEASE)
    assert heir and heir.message_id == dead.message_id
    assert store.finish_turn(heir, [Reply("在的")])
    assert not store.finish_turn(dead, [Reply("在的在的")])
    assert said(store, conversation) == [("shopper", "在吗"), ("bot", "在的")]


def test_no_bot_message_after_a_takeover(store: Store) -> None:
    """A hundred takeovers, each racing the end of a bot turn."""
    rng = random.Random(7)
    for i in range(100):
        conversation = begin(store)
        store.receive(conversation, "a", "在吗")
        turn = store.claim_turn("me", LEASE)
        assert turn
        pause = rng.random() * 0.004

        def take(conversation: str = conversation, pause: float = pause, agent: int = i) -> None:
            time.sleep(pause)
            store.take(conversation, agent, "小王")

        agent = threading.Thread(target=take)
        agent.start()
        time.sleep(0.002)
        spoken = store.finish_turn(turn, [Reply("在的"), Reply("请说")])
        agent.join()
        senders = [sender for sender, _ in said(store, conversation)]
        assert senders == (["shopper", "bot", "bot", "system"] if spoken else ["shopper", "system"])
        assert store.claim_turn("me", LEASE) is None


def test_a_handoff_queues_with_its_facts_and_tells_the_position(store: Store) -> None:
    first, second = begin(store), begin(store)
    for conversation in (first, second):
        store.receive(conversation, "a", "你们什么态度")
        assert answer(store, "抱歉", handoff={"reason": "complaint", "slots": {"order_no": "1"}})
    assert store.state(second).owner == "queue"
    assert store.state(second).position == 2
    notice = store.messages(second)[-1]
    assert notice.sender == "system" and "第 2 位" in (notice.text or "")
    moved = store.events(second)[-1]
    assert (moved.move, moved.reason, moved.detail) == (
        "hand_over",
        "complaint",
        {"reason": "complaint", "slots": {"order_no": "1"}},
    )


def test_asking_for_a_human_by_button_needs_no_engine(store: Store) -> None:
    conversation = begin(store)
    store.receive(conversation, "a", "在吗")
    turn = store.claim_turn("me", LEASE)
    assert turn
    store.finish_turn(turn, [Reply("没听懂", notices.buttons(notices.HUMAN))])
    store.receive(conversation, "b", payload=notices.HUMAN)
    assert store.state(conversation).owner == "queue"
    assert store.claim_turn("me", LEASE) is None
    store.receive(conversation, "c", payload=notices.LEAVE_QUEUE)
    assert store.state(conversation).owner == "bot"


def test_a_payload_that_no_button_offered_is_refused(store: Store) -> None:
    conversation = begin(store)
    store.receive(conversation, "a", "在吗")
    answer(store)
    for payload in ("/restart", notices.HUMAN, notices.LEAVE_QUEUE):
        with pytest.raises(UnknownPayload):
            store.receive(conversation, "b", payload=payload)
    assert len(store.messages(conversation)) == 2


def test_a_message_that_meets_the_queue_mid_turn_is_answered_anew(store: Store) -> None:
    conversation = begin(store)
    store.receive(conversation, "a", "退货运费谁出")
    turn = store.claim_turn("me", LEASE)
    assert turn
    store.ask_human(conversation)
    assert not store.finish_turn(turn, [Reply("旧的回答")])
    again = store.claim_turn("me", LEASE)
    assert again and again.owner == "queue" and again.message_id == turn.message_id
    assert store.finish_turn(again, [Reply("我们承担")])
    assert [t for s, t in said(store, conversation) if s == "bot"] == ["我们承担"]


def test_the_agent_speaks_only_in_her_own_conversations(store: Store) -> None:
    conversation = begin(store)
    store.ask_human(conversation)
    with pytest.raises(NotYours):
        store.say(conversation, 1, "小王", "您好", "x")
    store.take(conversation, 1, "小王")
    with pytest.raises(IllegalMove):
        store.take(conversation, 2, "小李")
    assert store.say(conversation, 1, "小王", "您好", "x") == store.say(conversation, 1, "小王", "您好", "x")
    with pytest.raises(NotYours):
        store.say(conversation, 2, "小李", "您好", "y")
    store.hand_back(conversation, 1, settled="补发一件")
    assert store.state(conversation).owner == "bot"
    assert store.events(conversation)[-1].detail == {"settled": "补发一件"}
    store.receive(conversation, "after", "补发的呢")
    turn = store.claim_turn("me", LEASE)
    assert turn and context(turn) == {"settled": "补发一件"}
    with pytest.raises(NotYours):
        store.say(conversation, 1, "小王", "还有吗", "z")


def test_a_closed_conversation_begins_another_service(store: Store) -> None:
    conversation = begin(store)

    def service() -> object:
        turn = store.claim_turn("me", LEASE)
        assert turn and store.finish_turn(turn, [Reply("好")])
        return context(turn).get("service")

    store.receive(conversation, "a", "你好")
    assert service() is None
    store.ask_human(conversation)
    store.take(conversation, 1, "小王")
    store.close(conversation, 1)
    store.receive(conversation, "b", "还在吗")
    assert service()


def test_only_one_of_many_agents_takes_a_conversation(store: Store) -> None:
    conversation = begin(store)
    store.ask_human(conversation)

    def take(agent: int) -> bool:
        try:
            store.take(conversation, agent, "客服")
        except IllegalMove:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_a_closed_conversation_opens_again_with_the_next_message(store: Store) -> None:
    conversation = begin(store)
    store.take(conversation, 1, "小王")
    store.close(conversation, 1)
    assert store.state(conversation).owner == "closed"
    store.receive(conversation, "a", "还有个问题")
    assert store.state(conversation).owner == "bot"
    assert store.state(conversation).typing == "bot"


def test_the_expected_wait_is_learned_from_those_before(store: Store) -> None:
    for agent in (1, 2, 3):
        conversation = begin(store)
        store.ask_human(conversation)
        assert store.state(conversation).wait is None, "too few to tell"
        store.take(conversation, agent, "小王")
    later = begin(store)
    store.ask_human(later)
    wait = store.state(later).wait
    assert wait is not None and 0 <= wait <= 10
