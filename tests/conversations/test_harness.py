"""The fault harness in short, and that it finds what is broken (the long run: ``make faults``)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.conversations import notices
from bot.conversations.database import connect
from bot.conversations.models import Message
from bot.conversations.store import Store, public
from tests.harness import checks
from tests.harness.checks import Breaches
from tests.harness.run import Plan, run, transcript, whole_log
from tests.stack import Running

Log = list[Message]


def line(seq: int, sender: str, text: str, reply_to: int | None = None) -> Message:
    client_id = f"c{seq}" if sender == "shopper" else None
    at = datetime.now(UTC)
    return Message(seq=seq, sender=sender, text=text, reply_to=reply_to, client_id=client_id, at=at)


def good_log() -> Log:
    """Two questions answered, a third that a human took over, and back."""
    return [
        line(1, "shopper", "你好"),
        line(2, "shopper", "在吗"),
        line(3, "bot", "您好", reply_to=1),
        line(4, "bot", "在的", reply_to=2),
        line(5, "shopper", "多少钱包邮"),
        line(6, "system", notices.text("taken", name="小王")),
        line(7, "agent", "您好，我来看看"),
        line(8, "shopper", "好的"),
        line(9, "system", notices.text("handed_back")),
        line(10, "shopper", "谢谢"),
        line(11, "bot", "不客气", reply_to=10),
    ]


def renumbered(log: Log) -> Log:
    for seq, message in enumerate(log, start=1):
        message.seq = seq
    return log


def found(log: Log) -> dict[str, int]:
    breaches = Breaches()
    checks.check_log("c", log, breaches)
    return {kind: amount for kind, amount in breaches.figures().items() if amount}


def test_a_good_log_has_no_breach() -> None:
    assert found(good_log()) == {}


BROKEN: list[tuple[str, Callable[[Log], Log]]] = [
    ("lost", lambda log: log[:-1]),
    ("doubled", lambda log: renumbered([*log, line(0, "bot", "不客气", reply_to=10)])),
    ("doubled", lambda log: renumbered([*log, line(0, "bot", notices.text("failed"), reply_to=10)])),
    ("out_of_order", lambda log: log[:4] + log[5:]),
    ("out_of_order", lambda log: renumbered([*log[:2], log[3], log[2], *log[4:]])),
    (
        "bot_after_takeover",
        lambda log: renumbered([*log[:6], line(0, "bot", "59 元", reply_to=5), *log[6:]]),
    ),
]
"""What breaks it, and as what it is found."""


@pytest.mark.parametrize(("kind", "broken"), BROKEN)
def test_a_broken_log_is_found(kind: str, broken: Callable[[Log], Log]) -> None:
    assert kind in found(broken(good_log()))


def test_what_was_accepted_must_stand_where_it_was_told() -> None:
    breaches = Breaches()
    checks.check_accepted("c", "accepted", [1], {1}, breaches)
    checks.check_accepted("c", "stored and never told", [2], set(), breaches)
    checks.check_accepted("c", "never accepted", [], set(), breaches)
    assert breaches.first is None
    checks.check_accepted("c", "gone", [], {12}, breaches)
    checks.check_accepted("c", "twice", [2, 5], {2, 5}, breaches)
    assert breaches.figures() | {"lost": 1, "doubled": 1} == breaches.figures()


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("lost", lambda seen: seen[:-1]),
        ("lost", lambda seen: seen[1:]),
        ("doubled", lambda seen: [*seen, seen[-1]]),
        ("out_of_order", lambda seen: [seen[1], seen[0], *seen[2:]]),
    ],
)
def test_a_reader_must_have_seen_the_log(kind: str, seen: Callable[[list[object]], list[object]]) -> None:
    log, breaches = good_log(), Breaches()
    whole = [public(m) for m in log]
    checks.check_seen("c", log, whole, breaches)
    assert breaches.first is None
    checks.check_seen("c", log, seen(whole), breaches)
    assert breaches.first and breaches.first[0] == kind


@pytest.mark.slow
@pytest.mark.timeout(240)  # of which the stack may be started
async def test_the_harness_in_short(running: Running) -> None:
    # Killing the engine takes too long here: tests/conversations/test_faults.py does it.
    named = {
        "kill front",
        "kill worker",
        "kill the agents",
        "hung engine",
        "all connections cut",
    }
    plan = Plan(messages=150, shoppers=15, jobs=4, seed=5, seconds=60, faults=named)
    report = await run(running, plan)
    store = Store(connect(running.settings.database))
    log = transcript(whole_log(store, report.breaches.first[1])) if report.breaches.first else ""
    assert not any(report.breaches.figures().values()), f"{report.breaches.first}\n{log}"
    assert report.facts["messages"] >= plan.messages and set(report.facts["faults"]) == named
