"""Webhooks against a real receiver in trouble, on real databases."""

import asyncio
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from standardwebhooks.webhooks import Webhook as Receiving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from typer.testing import CliRunner

from bot.cli import app as command
from bot.conversations import privacy, ratings, tickets
from bot.conversations.database import connect
from bot.conversations.models import Event, Webhook, WebhookDelivery
from bot.conversations.privacy import Privacy
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.handoff.webhooks import deliveries, endpoints, names, runner, sending
from bot.handoff.webhooks.endpoints import UnknownEvents, WrongAddress
from bot.handoff.webhooks.runner import Webhooks
from bot.settings import Settings
from tests.heart.conftest import asked, beside
from tests.servers import free_port, serving

INSTALLATION = "the secret of this installation"


@dataclass
class Receiver:
    """Another system: what it has taken, each call's signature checked as its library does."""

    port: int
    secret: str = ""
    answer: int = 204
    refuse: int = 0
    """So many tries of each are answered with 500."""
    delay: float = 0.0
    took: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    at_once: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def app(self) -> Starlette:
        async def endless() -> Any:
            for _ in range(100):
                yield b"x" * 65536
                await asyncio.sleep(0.1)

        async def take(request: Request) -> Response:
            body = await request.body()
            id = request.headers["webhook-id"]
            told = Receiving(self.secret).verify(body, dict(request.headers))
            conversation = told["data"]["conversation"]
            self.tries[id] += 1
            self.at_once[conversation] += 1
            assert self.at_once[conversation] == 1, "two at once of one conversation"
            await asyncio.sleep(self.delay)
            self.at_once[conversation] -= 1
            if self.tries[id] <= self.refuse:
                return Response(status_code=500)
            if self.answer == 302:
                return Response(status_code=302, headers={"location": self.url})
            if self.answer == 200:
                return StreamingResponse(endless())
            if self.answer < 300:
                with self.lock:
                    self.took.append(told)
                    self.ids.append(id)
            return Response(status_code=self.answer)

        return Starlette(routes=[Route("/hooks", take, methods=["POST"])])

    def seen(self) -> list[tuple[str, str]]:
        """Conversation and name of each, as they came."""
        return [(told["data"]["conversation"], told["type"]) for told in self.took]


# What does not hang on how a database locks is tried on one.
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "PAUSES", (0.05,) * 12)
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sending, "TRY_SECONDS", 1.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(free_port())
    with serving(receiver.app(), receiver.port):
        yield receiver


def subscribe(store: Store, receiver: Receiver, *events: str) -> Webhook:
    webhook = endpoints.add(store, receiver.url, events or ("*",), internal=True)
    receiver.secret = endpoints.secret(INSTALLATION, webhook)
    return webhook


def telling(store: Store, processes: int = 1) -> AbstractAsyncContextManager[None]:
    return beside(*(Webhooks(store, INSTALLATION).run() for _ in range(processes)))


async def until(holds: Any, what: object = None) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


def served(store: Store) -> str:
    """A conversation that has gone all the way: handed over, taken, ticket, closed, rated."""
    conversation = asked(store)
    store.ask_human(conversation)
    store.take(conversation, 1, "小王")
    store.say(conversation, 1, "小王", "您好，我是小王", "a1")
    ticket = tickets.create(store, conversation, 1, "小王", "补发一件", "地址是人民路 1 号", owner=1)
    tickets.change(store, ticket.id, 1, "小王", state="in_progress", note="已联系仓库")
    store.close(conversation, 1, outcome="solved", tags=["logistics"])
    ratings.rate(store, conversation, 5, "很好")
    return conversation


WAY = [
    "conversation.hand_over",
    "conversation.take",
    "ticket.opened",
    "ticket.state",
    "ticket.note",
    "conversation.close",
    "rating.given",
]


async def test_a_service_is_told_in_order_with_ids_and_codes_only(store: Store, receiver: Receiver) -> None:
    before = served(store)
    subscribe(store, receiver)
    conversation = served(store)
    async with telling(store):
        await until(lambda: len(receiver.took) >= len(WAY), receiver.took)
        await asyncio.sleep(0.3)
    assert receiver.seen() == [(conversation, name) for name in WAY]
    assert len(set(receiver.ids)) == len(WAY)
    data = [told["data"] for told in receiver.took]
    assert data[0] == {
        "conversation": conversation,
        "from": "bot",
        "owner": "queue",
        "by": "shopper",
        "reason": "asked_for_human",
        "queue": "general",
        "outcome": None,
        "tags": [],
    }
    assert data[1]["owner"] == "agent:1"
    assert data[3]["ticket"].startswith("T1") and data[3]["now"] == data[3]["state"] == "in_progress"
    assert (data[5]["outcome"], data[5]["tags"]) == ("solved", ["logistics"])
    assert data[6]["score"] == 5
    told = json.dumps(receiver.took, ensure_ascii=False)
    assert before not in told
    for personal in ("小王", "人民路", "补发", "仓库", "很好", "在吗"):
        assert personal not in told


@on_one
async def test_only_what_was_asked_for_is_told(store: Store, receiver: Receiver) -> None:
    subscribe(store, receiver, "ticket.*", "conversation.close")
    served(store)
    async with telling(store):
        await until(lambda: len(receiver.took) >= 4)
        await asyncio.sleep(0.2)
    assert [name for _, name in receiver.seen()] == [WAY[2], WAY[3], WAY[4], WAY[5]]


async def test_what_is_refused_comes_again_in_order_from_several_processes(
    store: Store, receiver: Receiver
) -> None:
    receiver.refuse, receiver.delay = 1, 0.005
    subscribe(store, receiver)
    conversations = [served(store) for _ in range(5)]
    async with telling(store, processes=3):
        await until(lambda: len(receiver.took) >= 5 * len(WAY))
        await asyncio.sleep(0.2)
    for conversation in conversations:
        assert [name for of, name in receiver.seen() if of == conversation] == WAY
    assert set(receiver.tries.values()) == {2}


async def test_a_receiver_that_is_down_and_a_worker_that_dies_lose_nothing(store: Store) -> None:
    receiver = Receiver(free_port())
    webhook = subscribe(store, receiver)
    conversation = served(store)
    async with telling(store):
        await until(lambda: endpoints.listed(store)[0].failing_since)
    assert endpoints.owed(store) == {webhook.id: len(WAY)}
    # A process that died over a call leaves its lease, which another waits for.
    with store.writing() as session:
        held = {"lease_by": "dead", "lease_until": now() + timedelta(seconds=0.3)}
        session.execute(update(WebhookDelivery).values(next_at=now(), **held))
    with serving(receiver.app(), receiver.port):
        async with telling(store):
            await until(lambda: len(receiver.took) == len(WAY), receiver.took)
            await until(lambda: not endpoints.owed(store))
    assert receiver.seen() == [(conversation, name) for name in WAY]
    assert endpoints.listed(store)[0].failing_since is None


@on_one
async def test_one_that_hangs_holds_up_no_other(store: Store, receiver: Receiver) -> None:
    hanging = Receiver(free_port(), delay=30)
    subscribe(store, hanging)
    subscribe(store, receiver)
    with serving(hanging.app(), hanging.port):
        for _ in range(6):
            served(store)
        async with telling(store):
            await until(lambda: len(receiver.took) == 6 * len(WAY))
            assert hanging.tries and not hanging.took


@on_one
@pytest.mark.parametrize("answer", [302, 400, 503])
async def test_another_answer_than_yes_is_a_refusal(store: Store, receiver: Receiver, answer: int) -> None:
    subscribe(store, receiver, "conversation.hand_over")
    receiver.answer = answer
    store.ask_human(asked(store))
    async with telling(store):
        await until(lambda: receiver.tries.total() >= 3)
        assert len(receiver.tries) == 1 and not receiver.took
        receiver.answer = 204
        await until(lambda: receiver.took)


@on_one
async def test_an_endless_answer_is_not_read(store: Store, receiver: Receiver) -> None:
    subscribe(store, receiver, "conversation.*")
    receiver.answer = 200
    served(store)
    async with telling(store):
        await until(lambda: len(receiver.tries) == 3 and not endpoints.owed(store))
    assert set(receiver.tries.values()) == {1}


async def test_a_dead_one_is_disabled_and_can_be_enabled(store: Store, receiver: Receiver) -> None:
    webhook = subscribe(store, receiver, "conversation.hand_over")
    receiver.answer = 500
    store.ask_human(asked(store))
    async with telling(store):
        await until(lambda: endpoints.listed(store)[0].failing_since)
        with store.writing() as session:
            session.execute(update(Webhook).values(failing_since=now() - deliveries.DEAD_AFTER))
        await until(lambda: endpoints.listed(store)[0].disabled_at)
        assert not endpoints.owed(store)
        receiver.answer = 204
        store.ask_human(asked(store))
        endpoints.enable(store, webhook.id)
        later = asked(store)
        store.ask_human(later)
        await until(lambda: receiver.took)
    assert receiver.seen() == [(later, "conversation.hand_over")]


@on_one
async def test_a_receiver_that_is_gone_is_told_nothing_more(store: Store, receiver: Receiver) -> None:
    subscribe(store, receiver)
    receiver.answer = 410
    served(store)
    async with telling(store):
        await until(lambda: endpoints.listed(store)[0].disabled_at)
    assert receiver.tries.total() == 1


@on_one
async def test_what_one_will_never_take_holds_up_its_own_conversation_only(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "PAUSES", (0.02, 0.02))
    subscribe(store, receiver, "conversation.hand_over", "conversation.take")
    store.ask_human(asked(store))
    with store.reading() as session:
        poison = session.scalar(select(Event.id))
    receiver.tries[f"event-{poison}"] = -(10**6)
    receiver.refuse = 0
    other = asked(store)
    store.ask_human(other)
    async with telling(store):
        await until(lambda: (other, "conversation.hand_over") in receiver.seen())


async def test_a_row_that_commits_late_is_told(store: Store, receiver: Receiver) -> None:
    """On PostgreSQL a smaller id may appear behind a greater one."""
    subscribe(store, receiver, "conversation.hand_over")
    first, second = asked(store), asked(store)
    store.ask_human(first)
    store.ask_human(second)
    with store.writing() as session:
        late = session.scalars(select(Event).where(Event.conversation_id == first)).one()
        values = {c.name: getattr(late, c.name) for c in Event.__table__.columns}
        session.execute(delete(Event).where(Event.id == late.id))
    async with telling(store):
        await until(lambda: receiver.seen() == [(second, "conversation.hand_over")])
        with store.writing() as session:
            session.add(Event(**values))
        await until(lambda: len(receiver.took) == 2)
    assert {of for of, _ in receiver.seen()} == {first, second}


async def test_an_erased_conversation_is_owed_to_nobody(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    subscribe(store, receiver)
    receiver.answer = 500
    conversation = served(store)
    async with telling(store):
        await until(lambda: endpoints.owed(store))
        counts = Privacy(store, tmp_path).erase(privacy.of_id(conversation), by="test")
        assert counts["webhook_delivery"] == len(WAY)
        await asyncio.sleep(1.2)  # a call that was under way has ended
        receiver.answer = 204
        later = asked(store)
        store.ask_human(later)
        await until(lambda: receiver.seen() == [(later, "conversation.hand_over")])


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example/hooks",
        "ftp://erp.example/hooks",
        "https://",
        "erp.example",
        "https://erp.example/a b",
        "https://user:word@erp.example/",
        "https://127.0.0.1/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://erp.example:port/",
        "https://erp.example/" + "x" * 3000,
    ],
)
def test_an_address_that_is_none_or_lies_within_is_refused(url: str) -> None:
    with pytest.raises(WrongAddress):
        endpoints.check(url, internal=False)


@on_one
async def test_a_name_that_leads_within_is_not_called(store: Store, receiver: Receiver) -> None:
    webhook = subscribe(store, receiver, "conversation.hand_over")
    with store.writing() as session:
        outside = {"internal": False, "url": f"https://localhost:{receiver.port}/hooks"}
        session.execute(update(Webhook).values(**outside))
    store.ask_human(asked(store))
    async with telling(store):
        await until(lambda: endpoints.listed(store)[0].failing_since)
    assert not receiver.tries and endpoints.owed(store) == {webhook.id: 1}


@on_one
def test_an_event_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(UnknownEvents):
        endpoints.add(store, "https://erp.example/", ["conversation.take", "conversation.taken"])
    assert set(WAY) <= set(names.chosen(["*"]))
    guide = Path("docs/desk-api.md").read_text()
    untold = [name for name in names.known() if f".{name.partition('.')[2]}`" not in guide]
    assert untold == [], "say it in the guide"


def test_the_command_adds_lists_and_removes(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(migrated_file, tmp_path / "guitai.db")
    settings = Settings(data_dir=tmp_path)
    monkeypatch.setattr("bot.settings.settings", settings)
    run = CliRunner().invoke
    secret = run(command, ["webhooks", "add", "https://erp.example/h", "--events", "ticket.*"]).stdout.strip()
    engine = connect(settings.database)
    (webhook,) = endpoints.listed(Store(engine))
    assert secret == endpoints.secret(settings.webhook_secret, webhook)
    assert secret.removeprefix("whsec_") not in (tmp_path / "guitai.db").read_bytes().decode("latin-1")
    listed = run(command, ["webhooks", "list"]).stdout
    assert "ticket.*  https://erp.example/h" in listed and secret not in listed
    assert run(command, ["webhooks", "add", "http://127.0.0.1/"]).exit_code == 1
    assert run(command, ["webhooks", "remove", str(webhook.id)]).exit_code == 0
    assert run(command, ["webhooks", "remove", str(webhook.id)]).exit_code == 1
    assert endpoints.listed(Store(engine)) == []
    engine.dispose()
