"""The tables of services follow the log: erased and expired with it, whoever gathers beside whom."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from bot.conversations.database import connect
from bot.conversations.models import Conversation
from bot.conversations.privacy import Privacy, of_customer, of_id
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.insights import figures, gathering, lists, periods
from bot.insights.models import Reading, Service
from bot.insights.numbers import Selection
from tests.handoff.conftest import Clock

from . import oracle
from .conftest import begin_anew
from .life import Life

EVER = periods.of_days(date(2026, 11, 1), date(2027, 12, 31))


@pytest.fixture
def second(database_url: str) -> Iterator[Store]:
    """The store as another process has it."""
    engine = connect(database_url)
    yield Store(engine)
    engine.dispose()


def life(store: Store, clock: Clock, seed: int, steps: int = 120) -> Life:
    lived = Life(store, clock, seed)
    for _ in range(steps):
        lived.step()
    clock.passes(1)
    return lived


def services(store: Store, clock: Clock) -> int:
    return lists.count(store, Selection("services"), EVER, clock.at)


def test_who_was_erased_is_in_no_figure(store: Store, clock: Clock, tmp_path: Path) -> None:
    lived = life(store, clock, 1)
    gathering.gather(store)
    before = services(store, clock)
    privacy = Privacy(store, tmp_path)
    counts = privacy.erase(of_customer("c1"), "test")
    assert counts["service"] > 0 and services(store, clock) == before - counts["service"]
    privacy.erase(of_id(lived.conversations[-1]), "test")
    report = figures.report(store, EVER, clock.at)
    for table in report.tables.values():
        for cell in (cell for row in table.rows for cell in row if cell.selection and cell.kind == "count"):
            assert cell.selection and lists.count(store, cell.selection, EVER, clock.at) == cell.value
    begin_anew(store)
    gathering.gather(store)
    assert figures.report(store, EVER, clock.at).tables == report.tables


def test_what_has_expired_stays_out(store: Store, clock: Clock, tmp_path: Path) -> None:
    """A conversation that goes on for long loses its old part; its later services are counted as before."""
    conversation = store.begin("web", None, None).id

    def service(day: int) -> None:
        store.receive(conversation, f"m{day}", f"第{day}天")
        turn = store.claim_turn("bot", 30)
        assert turn and store.finish_turn(turn, [Reply("好")], {"intent": "nlu_fallback"})
        clock.passes(60)
        store.end(conversation)
        clock.passes(86_400 - 60)

    for each in range(5):
        service(each)
        gathering.gather(store)
    privacy, cut = Privacy(store, tmp_path), clock.at - timedelta(days=3)
    while privacy.expire(cut):
        pass
    gathering.expire(store, cut)
    assert services(store, clock) == 3
    service(5)
    gathering.gather(store)
    assert services(store, clock) == 4
    begin_anew(store)
    gathering.gather(store)
    assert services(store, clock) == 4
    table = figures.report(store, EVER, clock.at).tables["unsure"]
    assert {row[0].value for row in table.rows} == {"第2天", "第3天", "第4天", "第5天"}


def test_a_service_whose_beginning_is_gone_keeps_what_was_counted(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    conversation = store.begin("web", None, None).id
    for each in range(4):
        store.receive(conversation, f"m{each}", "在吗")
        clock.passes(86_400)
        gathering.gather(store)
    began = lists.listed(store, Selection("services"), EVER, clock.at)[0].at
    while Privacy(store, tmp_path).expire(clock.at - timedelta(days=2)):
        pass
    store.receive(conversation, "m9", "还在吗")
    gathering.gather(store)
    assert [line.at for line in lists.listed(store, Selection("services"), EVER, clock.at)] == [began]


def test_several_may_gather_while_conversations_are_erased(
    store: Store, second: Store, database: Engine, clock: Clock, tmp_path: Path
) -> None:
    life(store, clock, 2, 200)
    failures: list[BaseException] = []

    def run(act: object, *arguments: object) -> None:
        try:
            for _ in range(5):
                act(*arguments)  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    privacy = Privacy(second, tmp_path)
    threads = [
        threading.Thread(target=run, args=(gathering.gather, store)),
        threading.Thread(target=run, args=(gathering.gather, second)),
        threading.Thread(target=run, args=(gathering.expire, second, clock.at - timedelta(days=1))),
        threading.Thread(target=run, args=(privacy.erase, of_customer("c2"), "test")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    gathering.gather(store)
    with database.connect() as connection:
        for table in (Service, Reading):
            lost = select(func.count()).where(table.conversation_id.not_in(select(Conversation.id)))
            assert connection.scalar(lost) == 0
    gathering.expire(store, cut := clock.at - timedelta(days=1))
    kept = [one for one in oracle.services(store) if one.began >= cut]
    assert services(store, clock) == len(kept)


def test_only_what_has_changed_is_read_again(store: Store, clock: Clock) -> None:
    life(store, clock, 3)
    assert gathering.gather(store) > 0
    clock.passes(120)
    gathering.gather(store)
    clock.passes(120)
    assert gathering.gather(store) == 0
    store.receive(store.begin("web", None, None).id, "m", "在吗")
    assert gathering.gather(store) == 1
    assert gathering.until(store) == clock.at
