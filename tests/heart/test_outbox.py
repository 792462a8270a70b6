"""The outbox against a receiver in trouble: each message, in order, whatever dies."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from sqlalchemy import Engine, update

from bot.conversations import outbox
from bot.conversations.models import Delivery, Message
from bot.conversations.outbox import NotDelivered, OutboxRunner
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.conversations.watch import Watcher
from tests.heart.conftest import beside


class Receiver:
    """Takes messages as told: slow, refusing the first tries of each."""

    def __init__(self, refuse: int = 0, delay: float = 0.0) -> None:
        self.refuse, self.delay = refuse, delay
        self.tries: dict[tuple[str, int], int] = {}
        self.took: dict[str, list[int]] = {}
        self.busy: set[str] = set()

    async def __call__(self, receiver: str, messages: Sequence[Message]) -> int:
        message = messages[0]
        assert receiver not in self.busy, "two at once for one receiver"
        self.busy.add(receiver)
        await asyncio.sleep(self.delay)
        self.busy.discard(receiver)
        tried = self.tries[receiver, message.seq] = self.tries.get((receiver, message.seq), 0) + 1
        if tried <= self.refuse:
            raise NotDelivered("busy", seconds=0.01)
        self.took.setdefault(receiver, []).append(message.seq)
        return message.seq


def running(store: Store, push: outbox.Push, processes: int = 1) -> AbstractAsyncContextManager[None]:
    """So many runners with watchers of their own, as in several processes."""
    runs = []
    for number in range(processes):
        watcher = Watcher(store, poll_seconds=0.02)
        runs += [watcher.run(), OutboxRunner(store, push, watcher, f"p{number}").run()]
    return beside(*runs)


async def until(receiver: Receiver, expected: dict[str, list[int]]) -> None:
    deadline = time.monotonic() + 15
    while receiver.took != expected:
        assert time.monotonic() < deadline, receiver.took
        await asyncio.sleep(0.02)


async def test_each_receiver_gets_every_message_in_order_from_several_processes(store: Store) -> None:
    receiver = Receiver(refuse=1, delay=0.005)
    conversations = [store.begin("web", None, None).id for _ in range(4)]
    for conversation in conversations:
        outbox.subscribe(store, conversation, conversation)
        outbox.subscribe(store, conversation, conversation)
    async with running(store, receiver, processes=3):
        for i in range(10):
            for conversation in conversations:
                await asyncio.to_thread(store.receive, conversation, f"c{i}", str(i))
        await until(receiver, {c: list(range(1, 11)) for c in conversations})


async def test_what_was_said_before_the_subscription_is_pushed_when_asked_for(store: Store) -> None:
    receiver = Receiver()
    conversation = store.begin("web", None, None).id
    for i in range(3):
        store.receive(conversation, f"c{i}", str(i))
    outbox.subscribe(store, conversation, "from-now")
    outbox.subscribe(store, conversation, "from-1", after=1)
    async with running(store, receiver):
        await until(receiver, {"from-1": [2, 3]})
        store.receive(conversation, "c3", "3")
        await until(receiver, {"from-1": [2, 3, 4], "from-now": [4]})


async def test_a_dead_process_delivery_is_taken_over(store: Store, database: Engine) -> None:
    conversation = store.begin("web", None, None).id
    outbox.subscribe(store, conversation, "r")
    store.receive(conversation, "a", "一")
    dead = outbox.claim(store, "dead", lease_seconds=30)
    assert dead and outbox.claim(store, "me") is None
    with database.begin() as connection:
        connection.execute(update(Delivery).values(lease_until=now()))
    receiver = Receiver()
    async with running(store, receiver):
        await until(receiver, {"r": [1]})
    # What the dead one still says changes nothing.
    outbox.failed(store, dead)
    outbox.delivered(store, dead)
    assert outbox.claim(store, "me") is None


def test_a_lease_from_a_clock_that_was_ahead_holds_nobody_up(store: Store, database: Engine) -> None:
    conversation = store.begin("web", None, None).id
    outbox.subscribe(store, conversation, "r")
    store.receive(conversation, "a", "一")
    assert outbox.claim(store, "dead")
    with database.begin() as connection:
        connection.execute(update(Delivery).values(lease_until=now() + timedelta(hours=1)))
    assert outbox.claim(store, "me")


def test_pauses_grow_while_a_receiver_refuses(store: Store, database: Engine) -> None:
    conversation = store.begin("web", None, None).id
    outbox.subscribe(store, conversation, "r")
    store.receive(conversation, "a", "一")
    pauses = []
    for _ in range(12):
        with database.begin() as connection:
            connection.execute(update(Delivery).values(next_at=now()))
        due = outbox.claim(store, "me")
        assert due
        outbox.failed(store, due)
        with database.connect() as connection:
            next_at = connection.execute(Delivery.__table__.select()).one().next_at  # type: ignore[attr-defined]
        pauses.append((next_at - now()).total_seconds())
    assert 0 < pauses[0] <= 2 < pauses[3] < pauses[8] < outbox.LONGEST_PAUSE + 1
    assert max(pauses) <= outbox.LONGEST_PAUSE
