"""Several engines: who is asked, and what becomes of a conversation whose engine dies, hangs or is full."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress

import httpx
import psutil
import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.conversations import engine_pool, notices
from bot.conversations.engine_client import EngineFailed, EngineGone
from bot.conversations.engine_pool import AT_ONE_ENGINE, EngineBusy, EnginePool, preference
from bot.conversations.store import ClaimedTurn, Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.settings import ROOT
from tests.faults import TroubledEngine
from tests.heart.conftest import beside
from tests.servers import free_port, serving

SECONDS = 1.5
THINKS = 0.5


def turn(conversation: str, text: str = "在吗") -> ClaimedTurn:
    """A turn that no store knows."""
    whole: list[object] = [1, "me", conversation, 1, 1, "bot", "web", None, text, None, None, None, 0]
    return ClaimedTurn(*whole, anew=False, mood=None, tickets=[])  # type: ignore[arg-type]


def preferred(conversation: str, urls: Iterable[str]) -> str:
    return max(urls, key=lambda url: preference(url, conversation))


def preferring(url: str, urls: Iterable[str]) -> Iterator[str]:
    """Conversations that are this engine's."""
    return (name for name in map(str, range(10_000)) if preferred(name, urls) == url)


@asynccontextmanager
async def pool_of(*urls: str, seconds: float = SECONDS, patience: float = 1.0) -> AsyncIterator[EnginePool]:
    pool = EnginePool(urls, "secret", seconds, patience)
    async with beside(pool.watch()):
        yield pool
    await pool.close()


async def until_answered_by(pool: EnginePool, model: str, conversation: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(EngineFailed):
            if (await pool.answer(turn(conversation))).model == model:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{model} never answered")


@pytest.fixture
def processes() -> Iterator[dict[str, psutil.Popen]]:
    """Two slow engines, by their addresses."""
    started = {}
    for port in (free_port(), free_port()):
        command = [sys.executable, "-m", "tests.faults", str(port), str(THINKS)]
        started[f"http://127.0.0.1:{port}"] = psutil.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 30
    for url in started:
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/webhooks/conversation/ready").is_success:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield started
    for process in started.values():
        with suppress(psutil.NoSuchProcess):
            process.kill()
        process.wait()


def test_only_a_dead_engines_conversations_move_and_they_spread() -> None:
    urls = [f"http://10.0.0.{n}:5005" for n in range(5)]
    names = [f"conversation {n}" for n in range(5000)]
    at = {name: preferred(name, urls) for name in names}
    assert all(850 < count < 1150 for count in Counter(at.values()).values())
    for dead in urls:
        left = [url for url in urls if url != dead]
        moved = {name: preferred(name, left) for name in names if preferred(name, left) != at[name]}
        assert set(moved) == {name for name in names if at[name] == dead}
        assert all(170 < count < 330 for count in Counter(moved.values()).values())


def test_every_process_and_every_version_prefers_the_same() -> None:
    assert preference("http://127.0.0.1:5005", "0123456789abcdef01234567").hex() == "733b560cbeb85c00"


async def test_conversations_leave_a_dead_engine_at_once_and_come_back_with_it() -> None:
    ports = [free_port() for _ in range(3)]
    engines = [TroubledEngine(model=str(port)) for port in ports]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    names = [f"c{number}" for number in range(30)]

    async def answered(pool: EnginePool) -> dict[str, str | None]:
        answers = await asyncio.gather(*(pool.answer(turn(name)) for name in names))
        return {name: answer.model for name, answer in zip(names, answers, strict=True)}

    with ExitStack() as living:
        for engine, port in zip(engines[1:], ports[1:], strict=True):
            living.enter_context(serving(engine.app(), port))
        async with pool_of(*urls) as pool:
            with serving(engines[0].app(), ports[0]):
                before = await answered(pool)
                assert set(before.values()) == {str(port) for port in ports}
            without = await answered(pool)
            moved = {name for name in names if without[name] != before[name]}
            assert moved == {name for name in names if before[name] == str(ports[0])}
            with serving(engines[0].app(), ports[0]):
                await until_answered_by(pool, str(ports[0]), moved.pop())
                assert await answered(pool) == before


async def test_a_message_whose_engine_is_killed_is_answered_once_by_the_other(
    store: Store, processes: dict[str, psutil.Popen]
) -> None:
    first, second = processes
    pool, watcher = EnginePool(list(processes), "secret", SECONDS + 1), Watcher(store, poll_seconds=0.02)
    runner = TurnRunner(store, pool, watcher, lease_seconds=5, at_once=32)
    conversations = [store.begin("web", None, None).id for _ in range(8)]
    async with beside(watcher.run(), runner.run()):
        for conversation in conversations:
            await runner.receive(conversation, "a", "在吗")
        await asyncio.sleep(THINKS / 2)
        processes[first].kill()
        await quiet(store, conversations)
        for conversation in conversations:
            (answer,) = [m for m in store.messages(conversation) if m.sender == "bot"]
            assert (answer.text, store.messages(conversation)[0].model) == ("回答 在吗", second[-5:])
        # With nobody left she is told, and at once.
        processes[second].kill()
        processes[second].wait()
        began = time.monotonic()
        await runner.receive(conversations[0], "b", "还在吗")
        await quiet(store, conversations[:1])
        assert time.monotonic() - began < SECONDS
        assert store.messages(conversations[0])[-1].text == notices.text("failed")
    await pool.close()


async def quiet(store: Store, conversations: list[str], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while any(store.state(conversation).typing for conversation in conversations):
        assert time.monotonic() < deadline, "turns are still open"
        await asyncio.sleep(0.05)


async def test_a_hung_engine_is_left_once_it_was_silent_for_long_and_no_message_is_asked_twice(
    processes: dict[str, psutil.Popen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_pool, "SILENT_SECONDS", 0.5)
    hung, other = processes
    name = next(preferring(hung, processes))
    async with pool_of(hung, other) as pool:
        assert (await pool.answer(turn(name))).model == hung[-5:]
        processes[hung].suspend()
        began = time.monotonic()
        with pytest.raises(EngineFailed) as failed:
            await pool.answer(turn(name))
        assert not isinstance(failed.value, EngineGone) and time.monotonic() - began < SECONDS + 0.5
        await until_answered_by(pool, other[-5:], name)
        processes[hung].resume()
        await until_answered_by(pool, hung[-5:], name)


async def test_an_engine_that_is_not_ready_is_passed_over_and_a_failed_turn_is_not_tried_again() -> None:
    engines = [TroubledEngine(), TroubledEngine()]
    with serving(engines[0].app()) as first, serving(engines[1].app()) as second:
        urls = [first, second]
        async with pool_of(*urls) as pool:
            name = next(preferring(first, urls))
            engines[0].status = 500
            with pytest.raises(EngineFailed):
                await pool.answer(turn(name))
            assert [len(engine.asked) for engine in engines] == [1, 0]
            engines[0].status = 503
            await pool.answer(turn(name))
            assert [len(engine.asked) for engine in engines] == [2, 1]


class StoredElsewhere(TroubledEngine):
    async def answer(self, request: Request) -> Response:
        self.status = 200 if self.asked else 409
        return await super().answer(request)


async def test_where_another_engine_stored_the_turn_the_answer_is_asked_for_again() -> None:
    engine = StoredElsewhere()
    with serving(engine.app()) as url:
        async with pool_of(url) as pool:
            assert (await pool.answer(turn("c"))).replies and len(engine.asked) == 2


async def test_a_message_that_ends_engines_is_not_given_to_all() -> None:
    asked: Counter[str] = Counter()

    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"/webhook " in request:
            asked[str(writer.get_extra_info("sockname")[1])] += 1
            writer.transport.abort()

    servers = [await asyncio.start_server(end, "127.0.0.1", free_port()) for _ in range(4)]
    urls = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
    pool = EnginePool(urls, "secret", SECONDS)
    with pytest.raises(EngineGone):
        await pool.answer(turn("c"))
    assert len(asked) == engine_pool.ENDED_OVER
    await pool.close()
    for server in servers:
        server.close()


async def test_beyond_its_places_an_engine_is_spared_and_who_finds_none_is_told_so() -> None:
    engines = [TroubledEngine((3, 3)), TroubledEngine((3, 3))]
    with serving(engines[0].app()) as first, serving(engines[1].app()) as second:
        urls = [first, second]
        async with pool_of(*urls, seconds=20, patience=0.1) as pool:
            names = preferring(first, urls)
            calls = [asyncio.create_task(pool.answer(turn(next(names)))) for _ in range(2 * AT_ONE_ENGINE)]
            for _ in range(50):
                if sum(len(engine.asked) for engine in engines) < len(calls):
                    await asyncio.sleep(0.05)
            assert [len(engine.asked) for engine in engines] == [AT_ONE_ENGINE] * 2
            assert not pool.has_room
            with pytest.raises(EngineBusy):
                await pool.answer(turn(next(names)))
            await pool.room()
            assert (await pool.answer(turn(next(names)))).replies
            await asyncio.gather(*calls)
