"""Turns against an engine in trouble: slow, broken, gone."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from bot.conversations import notices
from bot.conversations.engine_pool import EnginePool
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from tests.faults import TroubledEngine
from tests.heart.conftest import beside
from tests.servers import free_port, serving

SECONDS = 1.0


def running(store: Store, url: str, processes: int = 1) -> AbstractAsyncContextManager[None]:
    """So many turn runners with watchers of their own, as in several processes."""
    runs = []
    for _ in range(processes):
        watcher = Watcher(store, poll_seconds=0.02)
        runner = TurnRunner(store, EnginePool([url], "secret", SECONDS), watcher, lease_seconds=5, at_once=32)
        runs += [watcher.run(), runner.run()]
    return beside(*runs)


async def until_quiet(store: Store, conversations: list[str], seconds: float = 20) -> None:
    """Until no turn is owed any more."""
    deadline = time.monotonic() + seconds
    while any(store.state(c).typing for c in conversations):
        assert time.monotonic() < deadline, "turns are still open"
        await asyncio.sleep(0.05)


def bot_texts(store: Store, conversation: str) -> list[str | None]:
    return [m.text for m in store.messages(conversation, limit=500) if m.sender == "bot"]


@pytest.fixture
def engine() -> TroubledEngine:
    return TroubledEngine()


@pytest.fixture
def url(engine: TroubledEngine) -> Iterator[str]:
    with serving(engine.app()) as address:
        yield address


async def test_every_message_is_answered_once_in_order_by_several_processes(
    store: Store, engine: TroubledEngine, url: str
) -> None:
    engine.delay = (0.0, 0.03)
    conversations = [store.begin("web", None, None).id for _ in range(6)]
    async with running(store, url, processes=3):
        for i in range(8):
            for conversation in conversations:
                store.receive(conversation, f"c{i}", f"第{i}句")
        await until_quiet(store, conversations)
    for conversation in conversations:
        assert bot_texts(store, conversation) == [f"回答 第{i}句" for i in range(8)]
    assert len(engine.asked) == len(set(engine.asked)) == 48


async def test_no_bot_message_after_a_takeover_during_a_slow_turn(
    store: Store, engine: TroubledEngine, url: str
) -> None:
    """A hundred slow turns, an agent stepping in at a random moment of each."""
    engine.delay = (0.1, 0.3)
    conversations = [store.begin("web", None, None).id for _ in range(100)]
    async with running(store, url, processes=2):

        async def chat(conversation: str, agent: int) -> None:
            await asyncio.to_thread(store.receive, conversation, "a", "在吗")
            await asyncio.sleep(random.uniform(0.0, 0.4))
            await asyncio.to_thread(store.take, conversation, agent, "小王")

        await asyncio.gather(*(chat(c, i) for i, c in enumerate(conversations)))
        await asyncio.sleep(1.0)
    silent = 0
    for conversation in conversations:
        senders = [m.sender for m in store.messages(conversation)]
        taken = senders.index("system")
        assert "bot" not in senders[taken:], senders
        silent += "bot" not in senders
    assert silent > 10, "hardly any takeover came in the middle of a turn"


@pytest.mark.parametrize(
    ("trouble", "at_most"),
    [
        ({"status": 500}, 1.0),
        ({"body": b"<html>no json"}, 1.0),
        ({"body": b'{"replies": null}'}, 1.0),
        ({"body": b"[]"}, 1.0),
        ({"delay": (30.0, 30.0)}, SECONDS + 1.0),
    ],
)
async def test_a_troubled_engine_is_told_to_the_shopper_with_a_way_to_a_human(
    store: Store, engine: TroubledEngine, url: str, trouble: dict[str, object], at_most: float
) -> None:
    for name, value in trouble.items():
        setattr(engine, name, value)
    conversation = store.begin("web", None, None).id
    async with running(store, url):
        store.receive(conversation, "a", "我的快递呢")
        await until_quiet(store, [conversation], at_most + 2)
    (reply,) = [m for m in store.messages(conversation) if m.sender == "bot"]
    assert reply.text == notices.text("failed")
    assert reply.content == {"buttons": notices.buttons(notices.HUMAN)}


async def test_when_the_engine_is_back_the_next_message_works(store: Store) -> None:
    port = free_port()
    conversation = store.begin("web", None, None).id
    async with running(store, f"http://127.0.0.1:{port}"):
        store.receive(conversation, "a", "一")
        await until_quiet(store, [conversation])
        with serving(TroubledEngine().app(), port):
            store.receive(conversation, "b", "二")
            await until_quiet(store, [conversation])
    assert bot_texts(store, conversation) == [notices.text("failed"), "回答 二"]


@pytest.mark.parametrize("intent", ["nlu_fallback", "out_of_scope"])
async def test_in_the_queue_an_unsure_bot_leaves_the_question_to_the_agent(
    store: Store, engine: TroubledEngine, url: str, intent: str
) -> None:
    engine.intent = intent
    conversation = store.begin("web", None, None).id
    store.ask_human(conversation)
    async with running(store, url):
        store.receive(conversation, "a", "那个东西")
        await asyncio.sleep(1.0)
    assert [m.sender for m in store.messages(conversation)] == ["system", "shopper", "system"]
    assert "第 1 位" in (store.messages(conversation)[-1].text or "")
