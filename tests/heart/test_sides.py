"""Two sides of engines: who is asked when the other side answers, and what becomes of turns under way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from bot import live_model
from bot.conversations.engine_client import EngineFailed
from bot.conversations.engine_pool import EnginePool
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.live_model import BLUE, GREEN, Live
from tests.faults import TroubledEngine
from tests.heart.conftest import beside
from tests.heart.test_engine_pool import quiet, turn, until_answered_by
from tests.servers import free_port, serving

SECONDS = 3.0


def answers(models: Path, side: str) -> None:
    live_model.write(models, Live(side, "guitai-a.tar.gz", "guitai-b.tar.gz", "2026-11-23T12:00:00+00:00"))


@asynccontextmanager
async def pool_of(models: Path, blue: str, *green: str) -> AsyncIterator[EnginePool]:
    pool = EnginePool([blue], "secret", SECONDS, 1.0, green, partial(live_model.side, models))
    async with beside(pool.watch()):
        yield pool
    await pool.close()


async def test_new_turns_go_to_the_side_that_answers_and_those_under_way_end_where_they_began(
    tmp_path: Path,
) -> None:
    slow, other = TroubledEngine((2.5, 2.5), model="old"), TroubledEngine(model="new")
    with serving(slow.app()) as blue, serving(other.app()) as green:
        async with pool_of(tmp_path, blue, green) as pool:
            under_way = asyncio.create_task(pool.answer(turn("c")))
            await asyncio.sleep(0.5)
            assert slow.asked
            slow.delay = (0.0, 0.0)
            answers(tmp_path, GREEN)
            await until_answered_by(pool, "new", "d")
            assert not under_way.done()
            assert (await under_way).model == "old"
            assert (slow.asked + other.asked).count(turn("c").message_id) == 1
            answers(tmp_path, BLUE)
            await until_answered_by(pool, "old", "d")


async def test_a_process_that_starts_asks_the_side_that_answers(tmp_path: Path) -> None:
    answers(tmp_path, GREEN)
    old, new = TroubledEngine(model="old"), TroubledEngine(model="new")
    with serving(old.app()) as blue, serving(new.app()) as green:
        pool = EnginePool([blue], "secret", SECONDS, 1.0, [green], partial(live_model.side, tmp_path))
        assert (await pool.answer(turn("c"))).model == "new" and not old.asked
        await pool.close()


async def test_a_turn_whose_side_was_left_and_has_ended_is_asked_of_the_other_at_once(tmp_path: Path) -> None:
    new, gone = TroubledEngine(model="new"), f"http://127.0.0.1:{free_port()}"
    with serving(new.app()) as green:
        # Nobody watches: the switch is seen when the engine is found to be gone.
        pool = EnginePool([gone], "secret", SECONDS, 1.0, [green], partial(live_model.side, tmp_path))
        with pytest.raises(EngineFailed):
            await pool.answer(turn("c"))
        answers(tmp_path, GREEN)
        assert (await pool.answer(turn("c"))).model == "new"
        await pool.close()


@pytest.mark.parametrize("content", ["{", '{"live": "purple"}'])
async def test_a_file_that_says_nothing_changes_nothing(tmp_path: Path, content: str) -> None:
    old, new = TroubledEngine(model="old"), TroubledEngine(model="new")
    with serving(old.app()) as blue, serving(new.app()) as green:
        answers(tmp_path, GREEN)
        async with pool_of(tmp_path, blue, green) as pool:
            await until_answered_by(pool, "new", "c")
            (tmp_path / live_model.FILE).write_text(content)
            await asyncio.sleep(1.2)
            assert (await pool.answer(turn("c"))).model == "new" and not old.asked


async def test_who_knows_no_engine_of_the_other_side_goes_on_with_the_one_it_knows(tmp_path: Path) -> None:
    old = TroubledEngine(model="old")
    with serving(old.app()) as blue:
        answers(tmp_path, GREEN)
        async with pool_of(tmp_path, blue) as pool:
            assert (await pool.answer(turn("c"))).model == "old"


async def test_no_turn_is_lost_or_answered_twice_however_often_the_side_changes(
    store: Store, tmp_path: Path
) -> None:
    engines = [TroubledEngine((0.0, 0.4), model=name) for name in ("old", "new")]
    with serving(engines[0].app()) as blue, serving(engines[1].app()) as green:
        async with pool_of(tmp_path, blue, green) as pool:
            watcher = Watcher(store, poll_seconds=0.02)
            runner = TurnRunner(store, pool, watcher, lease_seconds=9, at_once=64)
            conversations = [store.begin("web", None, None).id for _ in range(12)]
            async with beside(watcher.run(), runner.run()):
                ends, number = time.monotonic() + 4, 0
                while time.monotonic() < ends:
                    answers(tmp_path, (BLUE, GREEN)[number % 2])
                    for name in conversations:
                        await runner.receive(name, f"m{number}", f"第{number}句")
                    number += 1
                    await asyncio.sleep(0.4)
                await quiet(store, conversations)
            for name in conversations:
                said = [message.text for message in store.messages(name) if message.sender == "bot"]
                assert said == [f"回答 第{each}句" for each in range(number)]
            assert all(engine.asked for engine in engines)
            asked = engines[0].asked + engines[1].asked
            assert len(asked) == len(set(asked)) == number * len(conversations)
