"""What a stock Rasa has stored goes on in our memory as it would have gone on there."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import create_engine

from bot.engine.stock_stores import Imported, SqlSource, import_from, take_over
from bot.engine.tracker_store import TurnStore
from bot.engine.turns import answer_from, looks_back


@pytest.fixture(scope="module")
def processor(model: Path) -> MessageProcessor:
    return Agent.load(model).processor


def said(text: str, intent: str, message_id: str | None) -> list[Event]:
    reading = {"intent": {"name": intent, "confidence": 1.0}, "entities": [], "text": text}
    uttered = UserUttered(text, reading["intent"], parse_data=reading, message_id=message_id)
    answered = [ActionExecuted("utter_greet"), BotUttered("您好"), ActionExecuted("action_listen")]
    return [uttered, SlotSet("order_no", message_id), *answered]


def session() -> list[Event]:
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]


def fill(processor: MessageProcessor, file: Path) -> SQLTrackerStore:
    """A stock store as stock code fills it."""
    store = SQLTrackerStore(processor.domain, db=str(file))
    dialogues = {
        "long": [*session(), *(e for n in range(30) for e in said(f"我的订单{n}", "order_status", f"m{n}"))],
        "twice": [*session(), *said("你好", "greet", "m1"), *session(), *said("在吗", "greet", "m1")],
        "silent": session(),
        "open": [*session(), *said("您好", "greet", None), *said("查订单", "order_status", "m2")[:1]],
    }
    for conversation, events in dialogues.items():
        tracker = DialogueStateTracker(conversation, processor.domain.slots)
        for event in events:
            tracker.update(event, processor.domain)
        asyncio.run(store.save(tracker))
    return store


def memory(processor: MessageProcessor, url: str) -> TurnStore:
    store = TurnStore(url, processor.domain)
    store.looks_back = looks_back(processor)
    return store


def imported(store: TurnStore, file: Path, told: list[str]) -> Imported:
    target = create_engine(store.database.url, future=True)
    with create_engine(f"sqlite:///{file}", future=True).connect() as connection:
        return asyncio.run(import_from(SqlSource(connection), store, target.begin, told.append))


def check_same(processor: MessageProcessor, stock: SQLTrackerStore, ours: TurnStore) -> None:
    for conversation in ("long", "twice", "silent", "open"):
        there = asyncio.run(stock.retrieve(conversation))
        here = asyncio.run(ours.retrieve(conversation))
        assert here.current_slot_values() == there.current_slot_values()
        assert here.active_loop == there.active_loop
        assert here.latest_message == there.latest_message
        assert here.latest_action_name == there.latest_action_name
        found, expected = (processor._predict_next_with_tracker(each) for each in (here, there))
        assert vars(found) == vars(expected)


def test_imported_it_goes_on_as_in_stock(
    processor: MessageProcessor, memory_url: str, tmp_path: Path
) -> None:
    stock = fill(processor, tmp_path / "rasa.db")
    with closing(sqlite3.connect(tmp_path / "rasa.db")) as database, database:
        database.execute("INSERT INTO events (sender_id, type_name, data) VALUES ('broken', 'user', '{')")
        database.execute(
            f"INSERT INTO events (sender_id, type_name, data) VALUES ('{'x' * 129}', 'a', '{{}}')"
        )
    ours, told = memory(processor, memory_url), []
    done = imported(ours, tmp_path / "rasa.db", told)
    assert done == Imported(conversations=4, turns=30 + 2 + 1 + 2, known=0, left_out=2)
    assert len(told) == 2 and "'broken'" in told[0] and "129" not in told[0]
    check_same(processor, stock, ours)
    tracker, answered = asyncio.run(ours.read("long", "m3"))
    assert answer_from(answered, "m3")["replies"] == [{"text": "您好"}]
    assert len(tracker.events) < 80
    assert asyncio.run(ours.read("twice", "m1"))[1][-3].action_name == "utter_greet"

    again = imported(ours, tmp_path / "rasa.db", told)
    assert again == Imported(conversations=0, turns=0, known=4, left_out=2)
    check_same(processor, stock, ours)


def test_our_former_memory_is_taken_over_and_nothing_of_it_stays(
    processor: MessageProcessor, tmp_path: Path
) -> None:
    file = tmp_path / "engine.db"
    fill(processor, file).engine.dispose()
    reference = fill(processor, tmp_path / "reference.db")
    ours = memory(processor, f"sqlite:///{file}")
    asyncio.run(take_over(ours))
    check_same(processor, reference, ours)
    with closing(sqlite3.connect(file)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"engine_turn"}
    for conversation in asyncio.run(ours.keys()):
        asyncio.run(ours.forget(conversation))
    assert not any("我的订单".encode() in path.read_bytes() for path in tmp_path.glob("engine.db*"))
    assert not any(rb"\u6211\u7684" in path.read_bytes() for path in tmp_path.glob("engine.db*"))
    asyncio.run(take_over(ours))


def test_a_memory_that_cannot_be_read_at_all_is_kept(processor: MessageProcessor, tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    fill(processor, file).engine.dispose()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE events SET data = '{'")
    asyncio.run(take_over(memory(processor, f"sqlite:///{file}")))
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM events").fetchone()[0]
