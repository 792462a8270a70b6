"""Delivers the log to receivers that must be pushed to: in order, over restarts, by one process at a time.

The log is the truth, a delivery only a cursor into it; so nothing can be lost between the two. A message is
pushed again when a process died before it could note the success: receivers tell it by conversation and seq.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .models import Conversation, Delivery, Message
from .steps import UnknownConversation, locked, now
from .store import Store
from .watch import Watcher, wait

LEASE_SECONDS = 60.0
LOOK_SECONDS = 0.25  # what another process let go of is told by nothing
PUSH_SECONDS = 20.0
END_SECONDS = 5.0  # for a push that is under way when the process ends
CANDIDATES = 10
AT_ONCE = 20  # messages that a receiver is shown
LONGEST_PAUSE = 600.0  # seconds between two tries

log = structlog.get_logger()


class NotDelivered(Exception):
    """The receiver did not take the message; it is tried again, after ``seconds`` if it named a time."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class Parked(NotDelivered):
    """The receiver's channel is closed: it is tried again when the conversation grows."""


@dataclass(frozen=True)
class Due:
    """The next messages for a receiver, which this process alone may push until its lease runs out."""

    delivery_id: int
    lease_by: str
    receiver: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Held:
    """A receiver's delivery that this process alone may carry on, in any way, until its lease runs out."""

    delivery_id: int
    lease_by: str
    conversation_id: str
    after: int
    """What comes behind this ``seq`` is still to be delivered."""


Push = Callable[[str, Sequence[Message]], Awaitable[int]]
"""Delivers the first of the messages, or several, to the receiver; gives the ``seq`` it came to."""


def subscribe(store: Store, conversation_id: str, receiver: str, after: int | None = None) -> None:
    """From now on ``receiver`` gets every message with ``seq > after``; without, all to come.

    Subscribing again changes nothing. Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = locked(session, conversation_id)
        mine = (Delivery.conversation_id == conversation_id) & (Delivery.receiver == receiver)
        if session.scalar(select(Delivery.id).where(mine)):
            return
        seq = conversation.last_seq if after is None else after
        due = now() if seq < conversation.last_seq else None
        session.add(Delivery(conversation_id=conversation_id, receiver=receiver, seq=seq, next_at=due))
        conversation.pushed = True


def hold(
    store: Store, conversation_id: str, receiver: str, lease_by: str, lease_seconds: float
) -> Held | None:
    """Keep the outbox from delivering for a while, to deliver otherwise; None where it is under way."""
    at = now()
    mine = (Delivery.conversation_id == conversation_id) & (Delivery.receiver == receiver)
    with store.writing() as session:
        locked(session, conversation_id)
        delivery = session.scalar(select(Delivery).where(mine, _free(at, lease_seconds)).with_for_update())
        if delivery is None:
            return None
        delivery.lease_by, delivery.lease_until = lease_by, at + timedelta(seconds=lease_seconds)
        return Held(delivery.id, lease_by, conversation_id, delivery.seq)


def pass_on(session: Session, held: Held, through: int) -> bool:
    """What was held is delivered up to ``through``; whether the hold still counted."""
    conversation = locked(session, held.conversation_id)
    delivery = session.get(Delivery, held.delivery_id, with_for_update=True)
    if delivery is None or delivery.lease_by != held.lease_by or delivery.seq != held.after:
        return False
    _reached(conversation, delivery, through)
    return True


def _reached(conversation: Conversation, delivery: Delivery, seq: int) -> None:
    delivery.seq = seq
    delivery.next_at = now() if seq < conversation.last_seq else None
    conversation.delivered_seq = max(conversation.delivered_seq, seq)


def unsubscribe(session: Session, held: Held) -> bool:
    """The receiver gets nothing of the conversation any more; whether the hold still counted."""
    mine = (Delivery.id == held.delivery_id) & (Delivery.lease_by == held.lease_by)
    locked(session, held.conversation_id)
    return bool(session.execute(delete(Delivery).where(mine)).rowcount)  # type: ignore[attr-defined]


def let_go(store: Store, held: Held) -> None:
    """The outbox may deliver again."""
    mine = (Delivery.id == held.delivery_id) & (Delivery.lease_by == held.lease_by)
    with store.writing() as session:
        session.execute(update(Delivery).where(mine).values(lease_by=None, lease_until=None))


def wake(store: Store, conversation_id: str) -> None:
    """What was parked is due: a receiver's channel may be open again, though the conversation has not grown.

    Raises UnknownConversation.
    """
    with store.writing() as session:
        conversation = locked(session, conversation_id)
        waits = Delivery.next_at.is_(None) & (Delivery.seq < conversation.last_seq)
        mine = Delivery.conversation_id == conversation_id
        session.execute(update(Delivery).where(mine, waits).values(next_at=now()))


def _free(at: datetime, lease_seconds: float) -> ColumnElement[bool]:
    # One beyond its own length was written by a clock that was ahead.
    longest = max(lease_seconds, LEASE_SECONDS)
    held = Delivery.lease_until.between(at, at + timedelta(seconds=2 * longest))
    return Delivery.lease_until.is_(None) | ~held


def claim(store: Store, lease_by: str, lease_seconds: float = LEASE_SECONDS) -> Due | None:
    """Take the message that has been due the longest."""
    at = now()
    free = _free(at, lease_seconds)
    query = select(Delivery).where(Delivery.next_at <= at, free).order_by(Delivery.next_at)
    with store.reading() as session:
        candidates = list(session.scalars(query.limit(CANDIDATES)))
    for candidate in candidates:
        with store.writing() as session, suppress(UnknownConversation):
            locked(session, candidate.conversation_id)
            delivery = session.scalar(query.where(Delivery.id == candidate.id).with_for_update())
            if delivery is None:
                continue  # another process was faster
            messages = session.scalars(
                select(Message)
                .where(Message.conversation_id == delivery.conversation_id, Message.seq > delivery.seq)
                .order_by(Message.seq)
                .limit(AT_ONCE)
            ).all()
            if not messages:
                delivery.next_at = None
                continue
            delivery.lease_by, delivery.lease_until = lease_by, at + timedelta(seconds=lease_seconds)
            return Due(delivery.id, lease_by, delivery.receiver, tuple(messages))
    return None


def delivered(store: Store, due: Due, through: int | None = None) -> None:
    """The receiver has the first message, or all up to ``through``; the next one is due at once."""
    with store.writing() as session:
        conversation = locked(session, due.messages[0].conversation_id)
        if delivery := session.get(Delivery, due.delivery_id, with_for_update=True):
            _reached(conversation, delivery, max(delivery.seq, through or due.messages[0].seq))
            delivery.attempts = 0
            if delivery.lease_by == due.lease_by:
                delivery.lease_by = delivery.lease_until = None


def failed(store: Store, due: Due, seconds: float | None = None) -> None:
    """The receiver does not have the message: again after ``seconds``, or after ever longer pauses."""
    with store.writing() as session:
        locked(session, due.messages[0].conversation_id)
        delivery = session.get(Delivery, due.delivery_id, with_for_update=True)
        if delivery and delivery.lease_by == due.lease_by:
            delivery.attempts += 1
            pause = min(2.0 ** min(delivery.attempts, 20), LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311
            delivery.next_at = now() + timedelta(seconds=pause if seconds is None else seconds)
            delivery.lease_by = delivery.lease_until = None


def parked(store: Store, due: Due) -> None:
    """Nothing can be pushed until the conversation grows."""
    with store.writing() as session:
        conversation = locked(session, due.messages[0].conversation_id)
        delivery = session.get(Delivery, due.delivery_id, with_for_update=True)
        if delivery and delivery.lease_by == due.lease_by:
            grown = conversation.last_seq > due.messages[-1].seq
            delivery.next_at = now() if grown else None
            delivery.lease_by = delivery.lease_until = None


class OutboxRunner:
    """Pushes what is due, a receiver's messages one after the other. ``push`` raises NotDelivered."""

    def __init__(self, store: Store, push: Push, watcher: Watcher, name: str, at_once: int = 8) -> None:
        self._store, self._push, self._watcher, self._name = store, push, watcher, name
        self._free = asyncio.Semaphore(at_once)

    async def run(self) -> None:
        """Push for ever."""
        with self._watcher.waiting() as grown:
            async with asyncio.TaskGroup() as pushes:
                while True:
                    await self._free.acquire()
                    due = await self._claim()
                    if due is None:
                        self._free.release()
                        await wait(grown, LOOK_SECONDS)
                    else:
                        pushes.create_task(self._deliver(due))

    async def _claim(self) -> Due | None:
        try:
            return await asyncio.to_thread(claim, self._store, self._name)
        except SQLAlchemyError as error:
            log.error("outbox.claim_failed", error=type(error).__name__)
            return None

    async def _deliver(self, due: Due) -> None:
        pushed = asyncio.ensure_future(self._pushed(due))
        try:
            await asyncio.shield(pushed)
        except asyncio.CancelledError:
            # What is sent but not noted would be sent again: the process ends once this has.
            await asyncio.wait([pushed], timeout=END_SECONDS)
            raise
        except (SQLAlchemyError, UnknownConversation) as error:
            # Its lease runs out, and it is pushed again.
            log.error("outbox.not_stored", delivery=due.delivery_id, error=type(error).__name__)
        finally:
            self._free.release()

    async def _pushed(self, due: Due) -> None:
        try:
            async with asyncio.timeout(PUSH_SECONDS):
                through = await self._push(due.receiver, due.messages)
        except Parked:
            await asyncio.to_thread(parked, self._store, due)
        except (NotDelivered, TimeoutError) as error:
            log.warning("outbox.not_delivered", delivery=due.delivery_id, error=type(error).__name__)
            await asyncio.to_thread(failed, self._store, due, getattr(error, "seconds", None))
        else:
            await asyncio.to_thread(delivered, self._store, due, through)
