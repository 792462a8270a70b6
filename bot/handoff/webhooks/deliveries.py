"""What is owed, leased to one process at a time and brought to an end, well or badly."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from bot.conversations.models import Webhook, WebhookDelivery
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import endpoints

LEASE = timedelta(seconds=60)
MINUTE, HOUR = 60, 3600
# Between the tries of one delivery, three days in all; then it is given up.
PAUSES = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, *(h * HOUR for h in (1, 2, 4, 8, 12, 20, 24)))
LONGEST_ASKED_FOR = HOUR  # that a receiver may name by Retry-After
# A webhook that has taken nothing for so long is disabled.
DEAD_AFTER = timedelta(days=3)
# One that takes something again after so long is told at once of what it has missed.
OUTAGE = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class Due:
    """What this process alone may tell until its lease runs out."""

    id: int
    lease_by: str
    webhook: Webhook
    source: str
    event: str
    at: datetime
    data: dict[str, Any]


def claim(store: Store, webhook: Webhook, lease_by: str, limit: int) -> list[Due]:
    """Take what has been due the longest, of each conversation only what comes first."""
    at = now()
    with store.reading() as session:
        if session.scalar(_claimable(webhook, at).limit(1)) is None:
            return []
    with store.writing() as session:
        claimed: Sequence[WebhookDelivery] = session.scalars(
            _claimable(webhook, at).limit(limit).with_for_update(of=WebhookDelivery, skip_locked=True)
        ).all()
        for each in claimed:
            each.lease_by, each.lease_until = lease_by, at + LEASE
        return [Due(d.id, lease_by, webhook, d.source, d.event, d.at, d.data) for d in claimed]


def delivered(store: Store, due: Due) -> None:
    """The receiver has it."""
    at = now()
    with store.writing() as session:
        if delivery := _held(session, due):
            delivery.next_at = delivery.lease_by = delivery.lease_until = None
        failing = session.scalar(select(Webhook.failing_since).where(Webhook.id == due.webhook.id))
        if failing is None:
            return
        webhook = session.get(Webhook, due.webhook.id, with_for_update=True)
        if webhook and webhook.failing_since:
            missed = (WebhookDelivery.webhook_id == webhook.id) & (WebhookDelivery.next_at > at)
            if at - webhook.failing_since > OUTAGE:
                session.execute(update(WebhookDelivery).where(missed).values(next_at=at))
            webhook.failing_since = None


def failed(store: Store, due: Due, why: str, seconds: float | None = None, gone: bool = False) -> None:
    """The receiver does not have it: again later, and not before ``seconds``; ``gone``: it wants no more."""
    at = now()
    with store.writing() as session:
        webhook = session.get(Webhook, due.webhook.id, with_for_update=True)
        delivery = _held(session, due)
        if webhook is None or webhook.disabled_at or delivery is None:
            return
        webhook.failing_since = webhook.failing_since or at
        if gone or at - webhook.failing_since > DEAD_AFTER:
            endpoints.disable(session, webhook, at)
            log.error(
                "webhooks.disabled", webhook=webhook.id, since=webhook.failing_since.isoformat(), why=why
            )
            return
        log.warning("webhooks.not_delivered", webhook=webhook.id, source=due.source, why=why)
        delivery.lease_by = delivery.lease_until = None
        if delivery.attempts >= len(PAUSES):
            delivery.next_at = None
            log.error("webhooks.given_up", webhook=webhook.id, source=due.source, why=why)
            return
        pause = PAUSES[delivery.attempts] * random.uniform(0.8, 1.2)  # noqa: S311
        delivery.attempts += 1
        delivery.next_at = at + timedelta(seconds=max(pause, min(seconds or 0, LONGEST_ASKED_FOR)))


def _claimable(webhook: Webhook, at: datetime) -> Select[WebhookDelivery]:
    earlier = aliased(WebhookDelivery)
    before = exists().where(
        earlier.conversation_id == WebhookDelivery.conversation_id,
        earlier.webhook_id == webhook.id,
        earlier.id < WebhookDelivery.id,
        earlier.next_at.is_not(None),
    )
    # A lease beyond its own length was written by a clock that was ahead.
    held = WebhookDelivery.lease_until.between(at, at + 2 * LEASE)
    return (
        select(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            WebhookDelivery.next_at <= at,
            WebhookDelivery.lease_until.is_(None) | ~held,
            ~before,
        )
        .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
    )


def _held(session: Session, due: Due) -> WebhookDelivery | None:
    """The delivery, if it is still there and still this process's."""
    delivery = session.get(WebhookDelivery, due.id, with_for_update=True)
    return delivery if delivery and delivery.lease_by == due.lease_by else None
