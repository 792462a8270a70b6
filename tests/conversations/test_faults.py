"""What the shopper notices when a part of the stack dies: at most a sentence, never a lost message."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.shopper import Shopper, text_of, titles
from tests.stack import Running

TOLD_WITHIN = 8.0


def until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


def until_up(url: str, seconds: float = 90) -> None:
    def answers() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2).is_success
        return False

    until(answers, seconds)


@pytest.fixture(autouse=True)
def all_up_again(running: Running) -> Iterator[None]:
    """Whatever becomes of one test, the next finds every process at work."""
    yield
    for name in ("front", "shop", "actions", "engine"):
        until_up(health(running, name))


@contextmanager
def frozen(running: Running, name: str) -> Iterator[None]:
    """The process takes connections but does not answer."""
    process = running.process(name)
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def health(running: Running, name: str) -> str:
    s = running.settings
    return {
        "front": f"{s.front}/healthz",
        "shop": f"{s.shop_api}/healthz",
        "actions": f"http://127.0.0.1:{s.actions_port}/health",
        "engine": f"{s.engine_urls[0]}/webhooks/conversation/ready",
    }[name]


@pytest.mark.parametrize("part", ["engine", "actions", "shop"])
def test_a_part_killed_in_mid_turn_is_told_and_the_next_message_works(running: Running, part: str) -> None:
    shopper = running.shopper("c1001")
    assert "SF" in text_of(shopper.say("我的快递到哪了"))
    # Frozen first, so that the message is surely in flight when the process dies.
    with frozen(running, part):
        began = time.monotonic()
        seq = shopper.send("帮我查查快递到哪里了")
        time.sleep(0.5)
        running.process(part).kill()
        said = shopper.after(seq, TOLD_WITHIN)
    assert time.monotonic() - began < TOLD_WITHIN
    assert "转人工" in titles(said), said
    until_up(health(running, part))
    assert "SF" in text_of(shopper.say("我的快递到哪了"))


@pytest.mark.parametrize("part", ["engine", "actions", "shop"])
def test_a_part_that_hangs_is_told_within_the_time(running: Running, part: str) -> None:
    shopper = running.shopper("c1001")
    with frozen(running, part):
        began = time.monotonic()
        said = shopper.say("我的快递到哪了", TOLD_WITHIN)
        assert time.monotonic() - began < TOLD_WITHIN
        assert "转人工" in titles(said), said
    assert "SF" in text_of(shopper.say("我的快递到哪了"))


def test_a_human_can_be_had_while_the_engine_is_away(running: Running) -> None:
    shopper = running.shopper("c1001")
    with frozen(running, "engine"):
        shopper.say("我的快递到哪了", TOLD_WITHIN)
        assert "位" in text_of(shopper.tap("转人工"))


def test_a_front_killed_with_fifty_messages_in_flight_answers_each_once(running: Running) -> None:
    shoppers = [running.shopper("c1001") for _ in range(50)]
    with frozen(running, "engine"), ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda s: s.send("多少钱包邮"), shoppers))
        running.process("front").kill()
    assert_answered_once(running, Counter({s.conversation: 1 for s in shoppers}))


def test_a_front_killed_at_any_moment_loses_nothing_it_accepted(running: Running) -> None:
    shoppers = [running.shopper("c1001") for _ in range(10)]
    accepted: Counter[str] = Counter({s.conversation: 0 for s in shoppers})

    def burst(shopper: Shopper) -> None:
        with suppress(httpx.HTTPError):
            for i in range(5):
                shopper.send(f"多少钱包邮呢{'？' * i}")
                accepted[shopper.conversation] += 1

    with ThreadPoolExecutor(10) as pool:
        for shopper in shoppers:
            pool.submit(burst, shopper)
        until(lambda: sum(accepted.values()) > 4, 30)
        running.process("front").kill()
    assert_answered_once(running, accepted)


def assert_answered_once(running: Running, accepted: Counter[str]) -> None:
    """Every accepted message is in the log, without gaps, and has exactly one answer, a real one."""
    store = Store(connect(running.settings.database))
    until_up(health(running, "front"))
    until(lambda: not any(store.state(c).typing for c in accepted), 60)
    for conversation, count in accepted.items():
        log = store.messages(conversation, limit=500)
        asked = [m.seq for m in log if m.sender == "shopper"]
        answers = [m for m in log if m.sender == "bot"]
        assert len(asked) >= count, "an accepted message is gone"
        assert Counter(m.reply_to for m in answers) == Counter(asked), "each message has exactly one answer"
        assert [m.seq for m in log] == list(range(1, len(log) + 1))
        assert all("59" in (m.text or "") for m in answers)
