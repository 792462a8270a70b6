"""Erasure: everything of hers and nothing of others', whatever goes on meanwhile."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.conversations import privacy
from bot.conversations.engine_pool import EnginePool
from bot.conversations.models import Audit, Erasure
from bot.conversations.privacy import of_customer, of_id
from bot.conversations.steps import Reply, UnknownConversation, now
from bot.conversations.store import Store, TooManyOwed
from tests.privacy.conftest import Installation
from tests.servers import free_port, serving

WORDS = "我叫林晓梅住在杭州"


def test_everything_of_the_customer_goes_and_nothing_of_others(here: Installation) -> None:
    hers = [here.talk("c1001", WORDS) for _ in range(2)]
    others = here.talk("c2002", "你好")
    before = here.rows(others)
    empty = [table for table, count in here.rows(hers[0]).items() if not count]
    assert set(empty) <= {"erasure", "webhook_delivery"}, "fill each table"

    counts = here.privacy.erase(of_customer("c1001"), by="cli:0")

    for conversation in hers:
        assert {table for table, count in here.rows(conversation).items() if count} == {"erasure"}
    assert here.rows(others) == before
    assert here.pictures() == 1
    assert (counts["conversation"], counts["attachment"], counts["rating"]) == (2, 2, 2)


def test_what_remains_leads_to_nobody(here: Installation) -> None:
    conversation = here.talk("c1001", WORDS)
    here.privacy.erase(of_customer("c1001"), by="cli:0")
    with here.store.reading() as session:
        [audit] = session.scalars(select(Audit))
    assert (audit.by, audit.action) == ("cli:0", "erase")
    told = json.dumps([audit.by, audit.action, audit.detail], ensure_ascii=False)
    assert not any(trace in told for trace in ("c1001", conversation, "林"))
    assert audit.detail and audit.detail["message"] > 3


def test_nothing_stays_on_the_disk(here: Installation, tmp_path: Path) -> None:
    if here.database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL frees its pages when it vacuums")
    here.talk("c1001", WORDS)
    here.privacy.erase(of_customer("c1001"), by="cli:0")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(WORDS.encode() in path.read_bytes() for path in files)


def test_a_visitor_is_known_by_her_conversation(here: Installation) -> None:
    hers, others = here.talk(None, WORDS), here.talk(None, WORDS)
    assert here.privacy.erase(of_id(hers), by="cli:0")["conversation"] == 1
    assert here.rows(others)["conversation"] == 1
    assert not here.privacy.erase(of_id(hers), by="cli:0")


def test_an_answer_that_comes_too_late_is_dropped_and_forgotten_by_the_engine(here: Installation) -> None:
    conversation = here.store.begin("web", "c1001", None).id
    here.store.receive(conversation, "a", WORDS)
    turn = here.store.claim_turn("me", 30.0)
    assert turn
    here.privacy.erase(of_customer("c1001"), by="cli:0")
    with here.store.writing() as session:
        session.execute(update(Erasure).values(next_at=None))
    assert not here.store.finish_turn(turn, [Reply("好的")], handoff={"reason": "complaint"})
    assert {table for table, count in here.rows(conversation).items() if count} == {"erasure"}
    with here.store.reading() as session:
        assert session.scalars(select(Erasure.next_at)).one() is not None
    with pytest.raises(UnknownConversation):
        here.store.receive(conversation, "b", WORDS)


def test_erasing_while_everybody_writes(here: Installation) -> None:
    """Shoppers write and runners answer, each on a thread of its own; the only refusal is that it is gone."""
    conversations = [here.store.begin("web", "c1001", None).id for _ in range(12)]
    over, failures = threading.Event(), []

    def write(mine: list[str]) -> None:
        for number in range(30):
            for conversation in mine:
                with suppress(UnknownConversation, TooManyOwed):
                    here.store.receive(conversation, str(number), WORDS)

    def answer(name: str) -> None:
        while not over.is_set():
            if turn := here.store.claim_turn(name, 0.05):
                here.store.finish_turn(turn, [Reply(WORDS)])

    def tried(work: Callable[..., None], *told: object) -> threading.Thread:
        def run() -> None:
            try:
                work(*told)
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    runners = [tried(answer, f"runner{i}") for i in range(2)]
    writers = [tried(write, conversations[i::3]) for i in range(3)]
    for conversation in conversations:
        here.privacy.erase(of_id(conversation), by="cli:0")
    for thread in writers:
        thread.join()
    over.set()
    for thread in runners:
        thread.join()
    assert failures == []
    assert {table for table, count in here.rows().items() if count} == {
        "audit",
        "erasure",
        "service_gathered",
    }


class Memory:
    """An engine that only forgets."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.asked = asyncio.Event()

    async def forget(self, request: Request) -> Response:
        self.forgotten.append(request.path_params["conversation"])
        return Response(status_code=204)

    def app(self) -> Starlette:
        path = "/webhooks/conversation/memory/{conversation}"
        return Starlette(routes=[Route(path, self.forget, methods=["DELETE"])])


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(privacy, "FORGET_SECONDS", 0.02)
    yield


async def test_the_engine_is_asked_until_it_has_forgotten_and_once_more(
    here: Installation, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = here.store.begin("web", "c1001", None).id
    here.privacy.erase(of_customer("c1001"), by="cli:0")
    memory, port = Memory(), free_port()
    engines = EnginePool([f"http://127.0.0.1:{port}"], "secret", 2)
    telling = asyncio.create_task(here.privacy.tell_engine(engines))
    await asyncio.sleep(0.2)  # it is down
    with serving(memory.app(), port):
        await _until(lambda: (due(here.store) or now()) > now() + privacy.SETTLED / 2)
        assert memory.forgotten == [conversation]
        # A turn that was on its way then has come to its end.
        monkeypatch.setattr(privacy, "SETTLED", timedelta(0))
        with here.store.writing() as session:
            session.execute(update(Erasure).values(next_at=now()))
        await _until(lambda: due(here.store) is None)
        assert memory.forgotten == [conversation] * 2
    telling.cancel()
    await engines.close()


def due(store: Store) -> datetime | None:
    with store.reading() as session:
        return session.scalars(select(Erasure.next_at)).one()


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")
