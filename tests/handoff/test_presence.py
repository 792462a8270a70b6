"""Who is there, and what becomes of her conversations when she goes or vanishes."""

import pytest

from bot.conversations import handoffs
from bot.conversations.store import Store
from bot.handoff import agents, assignment, queue
from bot.handoff.agents import OpenChats, UnknownAgent
from tests.handoff.conftest import Clock, last

STALE, GRACE = agents.STALE.total_seconds(), agents.GRACE.total_seconds()


def presences(desk: Store) -> dict[int, str]:
    return {agent.id: agent.presence for agent in agents.all(desk)}


def served_by(desk: Store, agent: int, number: int = 1) -> list[str]:
    """Conversations that the agent, who is online, was given."""
    agents.come(desk, agent, "小王")
    for _ in range(number):
        desk.ask_human(desk.begin("web", None, None).id)
    given = assignment.assign(desk)
    assert len(given) == number
    return given


def owners(desk: Store, conversations: list[str]) -> set[str]:
    return {desk.conversation(each).owner for each in conversations}


def test_with_open_chats_she_is_asked_what_to_do(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1, 3)
    with pytest.raises(OpenChats) as refused:
        agents.set_presence(desk, 1, "offline")
    assert refused.value.count == 3 and presences(desk) == {1: "online"}
    agents.set_presence(desk, 1, "away")
    assert owners(desk, conversations) == {"agent:1"}, "away she keeps them"
    for conversation in conversations:
        desk.close(conversation, 1)
    agents.set_presence(desk, 1, "offline")
    assert presences(desk) == {1: "offline"}


def test_she_leaves_them_to_a_colleague_or_to_the_queue(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1, 2)
    agents.come(desk, 2, "小李", "busy")
    assert sorted(agents.leave(desk, 1, 2, "小李")) == sorted(conversations)
    assert owners(desk, conversations) == {"agent:2"}
    assert "客服小李来为您服务了" in last(desk, conversations[0])
    agents.leave(desk, 2)
    assert owners(desk, conversations) == {"queue"} and presences(desk) == {1: "offline", 2: "offline"}
    for conversation in conversations:
        assert last(desk, conversation).startswith("正在为您转给更合适的客服，您现在排在第")
    assert [each.id for each, _, _ in handoffs.waiting(desk)] == conversations, "as they stood before"


def test_a_desk_that_is_silent(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1, 2)
    agents.come(desk, 2, "小李")
    agents.configure(desk, 2, capacity=1)
    clock.passes(STALE)
    agents.seen(desk, 2)
    more = [desk.begin("web", None, None).id for _ in range(2)]
    for each in more:
        desk.ask_human(each)
    assert assignment.assign(desk) == more[:1], "小王 is given nobody while nothing is heard of her"
    assert owners(desk, more) == {"agent:2", "queue"}
    desk.end(more[1])
    agents.configure(desk, 2, capacity=5)
    assert agents.drop_vanished(desk) == []
    clock.passes(GRACE - STALE)
    agents.seen(desk, 2)
    assert agents.drop_vanished(desk) == []
    clock.passes(1)
    assert sorted(agents.drop_vanished(desk)) == sorted(conversations)
    assert presences(desk) == {1: "offline", 2: "online"}
    assert last(desk, conversations[0]).startswith("抱歉，刚才的客服临时离开了")
    assert assignment.assign(desk) == conversations
    assert owners(desk, conversations) == {"agent:2"}
    assert agents.drop_vanished(desk) == []


def test_a_sign_of_life_is_enough(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1)
    for _ in range(20):
        clock.passes(agents.BEAT)
        agents.seen(desk, 1)
        assert agents.drop_vanished(desk) == []
    assert owners(desk, conversations) == {"agent:1"} and presences(desk) == {1: "online"}


def test_a_supervisor_sends_her_offline(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1, 2)
    assert sorted(agents.force_offline(desk, 1, 9)) == sorted(conversations)
    assert owners(desk, conversations) == {"queue"} and presences(desk) == {1: "offline"}
    moved = desk.events(conversations[0])[-1]
    assert (moved.by, moved.reason) == ("agent:9", "forced_offline")


def test_who_is_given_to_somebody_offline_waits_again(desk: Store, clock: Clock) -> None:
    conversations = served_by(desk, 1, 2)
    agents.come(desk, 2, "小李", "offline")
    desk.transfer(conversations[0], 1, 2, "小李")
    desk.assign(conversations[1], 9, 3, "从未来过")
    clock.passes(GRACE + 1)
    agents.seen(desk, 1)
    assert sorted(agents.drop_vanished(desk)) == sorted(conversations)
    assert owners(desk, conversations) == {"queue"}


def test_who_picks_is_there(desk: Store, clock: Clock) -> None:
    for number, presence in enumerate(agents.PRESENCES, 1):
        agents.come(desk, number, "小王", presence)
    for number in range(1, 6):
        queue.claim(desk, desk.begin("web", None, None).id, number, "小王")
    assert presences(desk) == {1: "online", 2: "busy", 3: "away", 4: "busy", 5: "busy"}


def test_capacity_and_skills(desk: Store, clock: Clock) -> None:
    agents.come(desk, 1, "小王")
    with pytest.raises(ValueError, match="from 0 to 50"):
        agents.configure(desk, 1, capacity=51)
    with pytest.raises(ValueError, match="general, presales"):
        agents.configure(desk, 1, skills=["占卜"])
    for act in (
        lambda: agents.configure(desk, 7, capacity=1),
        lambda: agents.set_presence(desk, 7, "online"),
        lambda: agents.leave(desk, 7),
        lambda: agents.force_offline(desk, 7, 9),
    ):
        with pytest.raises(UnknownAgent):
            act()
    with pytest.raises(ValueError, match="online, busy, away, offline"):
        agents.set_presence(desk, 1, "asleep")
    agents.configure(desk, 1, capacity=2, skills=["logistics"])
    agents.configure(desk, 1, capacity=1)
    [agent] = agents.all(desk)
    assert (agent.capacity, agent.skills) == (1, ["logistics"])
    agents.configure(desk, 1, skills=None)
    assert agents.all(desk)[0].skills is None
