"""The engine's memory keeps whole turns, each once, whoever writes beside it or dies over it."""

import asyncio
import multiprocessing
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from sqlalchemy import create_engine, event, func, select
from sqlalchemy.engine import Connection

from bot.engine import tracker_store
from bot.engine.tracker_store import Conflict, TurnStore, turns
from bot.engine.turns import answer_from
from bot.engine.window import WindowTracker
from tests.engine.tiny import DOMAIN

READING = {"intent": {"name": "greet", "confidence": 1.0}, "entities": []}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.from_yaml(DOMAIN)


def speak(tracker: WindowTracker, message_id: str, text: str = "你好") -> WindowTracker:
    tracker.update(UserUttered(text, READING["intent"], parse_data=READING, message_id=message_id))
    tracker.update(SlotSet("order_no", message_id))
    tracker.update(ActionExecuted("utter_greet"))
    tracker.update(BotUttered(f"回答{message_id}"))
    tracker.update(ActionExecuted("action_listen"))
    return tracker


async def turn(store: TurnStore, conversation: str, message_id: str, text: str = "你好") -> None:
    tracker, _ = await store.read(conversation, message_id)
    await store.save(speak(tracker, message_id, text))


def count(url: str) -> int:
    with create_engine(url, future=True).connect() as connection:
        return int(connection.execute(select(func.count()).select_from(turns)).scalar_one())


def test_a_turn_is_read_back_also_when_it_is_older_than_the_window(memory_url: str, domain: Domain) -> None:
    async def talk() -> None:
        store = TurnStore(memory_url, domain)
        for number in range(20):
            await turn(store, "c1", f"m{number}", "\0'％{}\ud800")
        again = TurnStore(memory_url, domain)
        for number in (0, 7, 19):
            tracker, answered = await again.read("c1", f"m{number}")
            assert answer_from(answered, f"m{number}")["replies"] == [{"text": f"回答m{number}"}]
            assert tracker.get_slot("order_no") == "m19"
            assert tracker.latest_message.text == "\0'％{}?"
        assert await again.read("c2", "m1") and (await again.read("c2", "m1"))[1] == []

    asyncio.run(talk())


def test_of_two_who_answer_at_once_one_stores_its_turn(memory_url: str, domain: Domain) -> None:
    async def talk() -> None:
        one, other = TurnStore(memory_url, domain), TurnStore(memory_url, domain)
        await turn(one, "c1", "m1")
        here, _ = await one.read("c1", "m2")
        there, _ = await other.read("c1", "m3")
        await one.save(speak(here, "m2"))
        with pytest.raises(Conflict):
            await other.save(speak(there, "m3"))
        assert (await one.read("c1", "m3"))[1] == []
        # Nor twice the same message.
        twice, _ = await other.read("c1", "m4")
        with pytest.raises(Conflict):
            await other.save(speak(twice, "m2"))

    asyncio.run(talk())
    assert count(memory_url) == 2


def _talk(url: str, conversations: list[str], messages: int) -> None:
    async def talk() -> None:
        store = TurnStore(url, Domain.from_yaml(DOMAIN))
        for number in range(messages):
            await asyncio.gather(*(turn(store, conversation, f"m{number}") for conversation in conversations))

    asyncio.run(talk())


def test_several_engines_write_many_conversations_and_lose_nothing(memory_url: str, domain: Domain) -> None:
    fork = multiprocessing.get_context("fork")
    groups = [[f"c{engine}-{number}" for number in range(10)] for engine in range(3)]
    # All make the table at once, too.
    engines = [fork.Process(target=_talk, args=(memory_url, group, 8)) for group in groups]
    for engine in engines:
        engine.start()
    for engine in engines:
        engine.join(60)
        assert engine.exitcode == 0
    assert count(memory_url) == 3 * 10 * 8
    store = TurnStore(memory_url, domain)
    for group in groups:
        for conversation in group:
            tracker, answered = asyncio.run(store.read(conversation, "m0"))
            assert answered and tracker.get_slot("order_no") == "m7"


def test_who_dies_over_a_turn_leaves_nothing_of_it(memory_url: str, domain: Domain) -> None:
    store = TurnStore(memory_url, domain)
    engine = multiprocessing.get_context("fork").Process(target=_talk, args=(memory_url, ["c1"], 100_000))
    engine.start()
    while count(memory_url) < 20:
        assert engine.is_alive()
    engine.kill()
    engine.join(60)
    stored = count(memory_url)
    tracker, _ = asyncio.run(store.read("c1", ""))
    assert tracker.get_slot("order_no") == f"m{stored - 1}" and tracker.marks[-1].number == stored + 1
    assert asyncio.run(store.read("c1", f"m{stored - 1}"))[1]
    asyncio.run(turn(store, "c1", f"m{stored}"))


def test_a_late_turn_costs_what_an_early_one_does(memory_url: str, domain: Domain) -> None:
    store = TurnStore(memory_url, domain)
    statements: list[str] = []

    @event.listens_for(store.database, "before_cursor_execute")
    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    async def talk(conversation: str, turns: int) -> None:
        for number in range(turns):
            await turn(store, conversation, f"m{number}")

    asyncio.run(talk("short", 20))
    asyncio.run(talk("long", 300))
    assert len(statements) == 2 * 320, "a turn is one statement to read and one to write"
    assert count(memory_url) == 320
    with store.database.connect() as connection:
        assert len(tracker_store._read(connection, "long", "m0")) <= 9
    if memory_url.startswith("sqlite"):
        assert steps(store, "long") < 1.1 * steps(store, "short")


def steps(store: TurnStore, conversation: str) -> int:
    """How much SQLite does to read a conversation."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1

    with store.database.connect() as connection:
        sqlite = connection.connection.dbapi_connection
        sqlite.set_progress_handler(step, 1)
        tracker_store._read(connection, conversation, "m3")
        sqlite.set_progress_handler(None, 0)
    return done


def test_forgotten_is_forgotten(memory_url: str, domain: Domain, tmp_path: Path) -> None:
    async def talk() -> None:
        store = TurnStore(memory_url, domain)
        await turn(store, "c1", "m1", "我住在牡丹江路七号" * 2000)
        await turn(store, "c2", "m1")
        await store.forget("c1")
        tracker, answered = await store.read("c1", "m1")
        assert (list(tracker.events), answered) == ([], [])
        assert await store.keys() == ["c2"]
        await turn(store, "c1", "m1")

    asyncio.run(talk())
    assert not any("牡丹江路".encode() in path.read_bytes() for path in tmp_path.glob("engine.db*"))


def test_the_last_turn_is_taken_back(memory_url: str, domain: Domain) -> None:
    async def talk() -> None:
        store = TurnStore(memory_url, domain)
        assert not await store.take_back("c1")
        for number in (1, 2, 3):
            await turn(store, "c1", f"m{number}")
        await turn(store, "c2", "m9")
        assert await store.take_back("c1")
        assert [id for id, _ in await store.last_turns("c1", 10)] == ["m1", "m2"]
        assert [id for id, _ in await store.last_turns("c1", 1)] == ["m2"]
        tracker, _ = await store.read("c1", "")
        assert tracker.get_slot("order_no") == "m2"
        await turn(store, "c1", "m4")
        assert [id for id, _ in await store.last_turns("c1", 2)] == ["m2", "m4"]
        assert len(await store.last_turns("c2", 10)) == 1

    asyncio.run(talk())
