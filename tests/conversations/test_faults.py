"""What the shopper notices when a part of the stack dies: at most a sentence, never a lost message."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from bot.conversations import notices
from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.shopper import Shopper, text_of, titles
from tests.stack import Running

TOLD_WITHIN = 8.0


def until_up(url: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"{url} did not come back"
        time.sleep(0.2)


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
        "engine": f"{s.engine}/webhooks/conversation/ready",
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


def test_a_front_killed_under_fifty_messages_loses_and_doubles_none(running: Running) -> None:
    store = Store(connect(running.settings.database))
    shoppers = [running.shopper("c1001") for _ in range(10)]
    accepted: Counter[str] = Counter()
    lock = threading.Lock()

    def burst(shopper: Shopper) -> None:
        for i in range(5):
            body = {"client_id": f"m{i}", "text": f"多少钱包邮呢{'？' * i}"}
            try:
                response = shopper.http.post("/api/chat/messages", json=body)
            except httpx.HTTPError:
                return
            if response.status_code == 202:
                with lock:
                    accepted[shopper.conversation] += 1

    with ThreadPoolExecutor(10) as pool:
        for shopper in shoppers:
            pool.submit(burst, shopper)
        time.sleep(0.25)
        running.process("front").kill()
    until_up(health(running, "front"))
    deadline = time.monotonic() + 60
    conversations = [s.conversation for s in shoppers]
    while any(store.state(c).typing for c in conversations):
        assert time.monotonic() < deadline, "turns are still open"
        time.sleep(0.2)
    assert sum(accepted.values()) > 0
    failed = notices.text("failed")
    for conversation in conversations:
        log = store.messages(conversation, limit=500)
        asked = [m.seq for m in log if m.sender == "shopper"]
        answers = Counter(m.reply_to for m in log if m.sender == "bot")
        assert len(asked) >= accepted[conversation], "an accepted message is gone"
        assert answers == Counter(asked), "each message has exactly one answer"
        assert [m.seq for m in log] == list(range(1, len(log) + 1))
        assert all(m.text != failed for m in log)
