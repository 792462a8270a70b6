"""Targets: whoever serves is warned, what is overdue is noted, and who waits is told honestly."""

import pytest

from bot.conversations import guests, handoffs, notes
from bot.conversations.models import Handoff
from bot.conversations.store import Store
from bot.handoff import agents, assignment, deadlines, desk_rules
from tests.handoff.conftest import Clock, last

RULES = desk_rules.current()
GENERAL = RULES.queues["general"]


def waiting(desk: Store, level: str | None = None) -> str:
    conversation = desk.begin("web", None, None, level).id
    desk.ask_human(conversation)
    return conversation


def service(desk: Store, conversation: str) -> Handoff:
    found = handoffs.active(desk, conversation)
    assert found
    return found


def test_first_and_next_answer(desk: Store, clock: Clock) -> None:
    agents.come(desk, 1, "小王", "busy")
    conversation = waiting(desk)
    assert deadlines.check(desk) == []
    clock.passes(GENERAL.first - RULES.warn_before)
    agents.seen(desk, 1)
    assert deadlines.check(desk) == [conversation]
    assert deadlines.check(desk) == [], "it was warned of"
    assert (service(desk, conversation).warned, service(desk, conversation).breached) == (True, False)

    clock.passes(RULES.warn_before)
    assert deadlines.check(desk) == [conversation]
    assert last(desk, conversation).startswith("让您久等了，非常抱歉。您现在排在第 1 位")
    assert [(note.kind, note.text) for note in notes.of(desk, conversation)] == [("breach", "first")]

    desk.take(conversation, 1, "小王")
    desk.say(conversation, 1, "小王", "您好", "a1")
    assert service(desk, conversation).answer_due is None
    clock.passes(3600)
    assert deadlines.check(desk) == [], "it is the shopper's turn"
    desk.receive(conversation, "s1", "还在吗")
    clock.passes(GENERAL.next / 2)
    desk.receive(conversation, "s2", "在吗")
    clock.passes(GENERAL.next / 2)
    said = last(desk, conversation)
    assert deadlines.check(desk) == [conversation], "the deadline runs from her first word"
    assert service(desk, conversation).breaches == 2
    assert last(desk, conversation) == said, "she is not told of it while somebody serves her"
    assert [note.text for note in notes.of(desk, conversation)] == ["first", "next"]


def test_targets_are_shorter_for_some_levels(desk: Store, clock: Clock) -> None:
    agents.come(desk, 1, "小王", "busy")
    anybody, vip = waiting(desk), waiting(desk, "VIP")
    clock.passes(GENERAL.first * RULES.levels["vip"])
    deadlines.check(desk)
    assert (service(desk, vip).breached, service(desk, anybody).breached) == (True, False)


def test_what_is_overdue_goes_to_somebody_of_another_queue(desk: Store, clock: Clock) -> None:
    agents.come(desk, 1, "小王", "busy")
    agents.come(desk, 2, "小李")
    agents.configure(desk, 2, skills=["logistics"])
    conversation = waiting(desk)
    assert assignment.assign(desk) == [], "小王 is there for it"
    clock.passes(GENERAL.first)
    agents.seen(desk, 1)
    agents.seen(desk, 2)
    deadlines.check(desk)
    assert assignment.assign(desk) == [conversation]
    assert desk.conversation(conversation).owner == "agent:2"


def test_a_guests_word_ends_no_wait(desk: Store, clock: Clock) -> None:
    agents.come(desk, 1, "小王", "busy")
    conversation = waiting(desk)
    desk.take(conversation, 1, "小王")
    guests.invite(desk, conversation, 1, 2)
    desk.say(conversation, 2, "小李", "我来看看", "g1")
    assert service(desk, conversation).answer_due is None, "she has been answered"
    desk.requeue(conversation, 1)
    desk.say(conversation, 2, "小李", "请稍等", "g2")
    assert service(desk, conversation).answer_due is not None


@pytest.mark.parametrize(
    ("hour", "back", "due"), [(10, "", "今天 14:"), (22, "明天 9:00 上班", "明天 13:00 前")]
)
def test_nobody_waits_for_a_desk_that_is_empty(
    desk: Store, clock: Clock, hour: int, back: str, due: str
) -> None:
    clock.at = clock.at.replace(hour=hour)
    agents.come(desk, 1, "小王", "busy")
    conversation = waiting(desk)
    clock.passes(agents.STALE.total_seconds() + 1)
    assert deadlines.check(desk) == [], "she may come back"
    clock.passes(agents.GRACE.total_seconds())
    assert deadlines.check(desk) == [conversation]
    assert desk.conversation(conversation).owner == "bot"
    [ended] = handoffs.of(desk, conversation)
    assert ended.outcome == "ticket"
    said = [message.text or "" for message in desk.messages(conversation)]
    assert not any("让您久等了" in text for text in said), "nobody is asked for patience and then sent away"
    told = said[-1]
    assert back in told and due in told and "T10000" in told
