"""Several processes on one database: each promise of the log holds over all of them."""

import signal
import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from bot.handoff import queue
from tests.postgres import PostgreSQL
from tests.redis_server import RedisServer
from tests.shopper import Shopper

from .conftest import Installation, Tab

Tabs = Callable[..., Tab]
only = pytest.mark.parametrize
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def in_order(installation: Installation) -> None:
    """What another test killed runs again."""
    installation.engine.delay = (0.0, 0.0)
    installation.start()


def test_two_tabs_on_two_fronts_and_an_agent(installation: Installation, tabs: Tabs) -> None:
    here, there = installation.fronts
    shopper = Shopper(here)
    elsewhere = httpx.Client(base_url=there, headers=shopper.http.headers)
    first, second = tabs(shopper.token, here), tabs(shopper.token, there)

    for number in range(5):
        shopper.send(f"第{number}句")
    said = {"client_id": uuid4().hex, "text": "从另一个窗口"}
    for client in (elsewhere, shopper.http):
        seq = client.post("/api/chat/messages", json=said).raise_for_status().json()["seq"]
        assert seq == client.post("/api/chat/messages", json=said).raise_for_status().json()["seq"]
    first.until("回答 从另一个窗口")

    installation.engine.delay = (0.8, 0.8)
    shopper.send("转人工前的最后一句")
    time.sleep(0.3)
    queue.claim(installation.store, shopper.conversation, 1, "小王")
    installation.store.say(shopper.conversation, 1, "小王", "您好，我是小王", uuid4().hex)
    elsewhere.post("/api/chat/messages", json={"client_id": uuid4().hex, "text": "您好"}).raise_for_status()
    time.sleep(1.5)
    installation.store.say(shopper.conversation, 1, "小王", "再见", uuid4().hex)

    seen = first.until("再见")
    assert second.until("再见") == seen == shopper.history()
    assert [m["seq"] for m in seen] == list(range(1, len(seen) + 1))
    answers = [m["text"] for m in seen if m["from"] == "bot"]
    assert answers == [f"回答 第{n}句" for n in range(5)] + ["回答 从另一个窗口"]
    after = [m["from"] for m in seen[[m["from"] for m in seen].index("system") :]]
    assert after == ["system", "agent", "shopper", "agent"]
    assert first.states[-1]["owner"] == second.states[-1]["owner"] == "agent"


def test_a_killed_fronts_tab_and_turns_go_on_at_the_other(installation: Installation, tabs: Tabs) -> None:
    here, there = installation.fronts
    shopper = Shopper(here)
    tab = tabs(shopper.token, here, there)
    shopper.send("一")
    tab.until("回答 一")
    installation.engine.delay = (0.5, 0.5)
    # Both fronts and the worker answer: of so many, the killed one has some.
    others = [Shopper(here) for _ in range(16)]
    for each in (shopper, *others):
        each.send("二")
    time.sleep(0.2)
    installation.process[here].kill()
    shopper.http.base_url = there
    shopper.send("三")
    seen = tab.until("回答 三")
    assert [m["seq"] for m in seen] == [1, 2, 3, 4, 5, 6]
    assert [m["text"] for m in seen if m["from"] == "bot"] == ["回答 一", "回答 二", "回答 三"]
    for each in others:
        each.http.base_url = there
        assert [m["text"] for m in each.after(1)] == ["回答 二"]


@only("kind", ["postgresql"], indirect=True, scope="module")
def test_a_database_that_was_away(installation: Installation, tabs: Tabs, postgresql: PostgreSQL) -> None:
    here, there = installation.fronts
    shopper = Shopper(here)
    tab = tabs(shopper.token, there, here)
    shopper.say("一")
    postgresql.stop()
    said = {"client_id": uuid4().hex, "text": "二"}
    try:
        refused = shopper.http.post("/api/chat/messages", json=said)
        time.sleep(3)
    finally:
        postgresql.start()
    assert (refused.status_code, refused.json()["type"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["content-type"] == "application/problem+json"
    shopper.http.post("/api/chat/messages", json=said).raise_for_status()
    seen = tab.until("回答 二")
    assert [(m["seq"], m["text"]) for m in seen] == [(1, "一"), (2, "回答 一"), (3, "二"), (4, "回答 二")]
    assert all(process.poll() is None for process in installation.process.values())


@only("kind", ["postgresql and redis"], indirect=True, scope="module")
def test_redis_hung_and_gone_loses_nothing(
    installation: Installation, tabs: Tabs, redis: RedisServer
) -> None:
    here, there = installation.fronts
    shopper = Shopper(here)
    tab = tabs(shopper.token, there)
    for trouble in (lambda: redis.process.send_signal(signal.SIGSTOP), redis.stop, redis.start):
        trouble()
        text = uuid4().hex
        shopper.send(text)
        tab.until(f"回答 {text}")
    assert [m["seq"] for m in tab.messages] == list(range(1, 7))
    assert all(process.poll() is None for process in installation.process.values())
