"""Tells the webhooks, in the worker."""

import asyncio
import secrets
from collections import Counter

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.models import Webhook
from bot.conversations.store import Store
from bot.conversations.watch import wait

from . import deliveries, endpoints
from .deliveries import Due
from .sending import NotDelivered, Sender
from .spreading import spread

LOOK_SECONDS = 1.0
AT_ONCE = 4  # calls to one receiver: one that hangs holds up no other

log = structlog.get_logger()


class Webhooks:
    """Tells what is owed, each conversation's in order; ``installation``: what the secrets are made from."""

    def __init__(self, store: Store, installation: str) -> None:
        self._store, self._installation = store, installation
        self._name = secrets.token_hex(8)
        self._under_way: Counter[int] = Counter()
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Tell for ever."""
        async with Sender(self._installation) as sender, asyncio.TaskGroup() as calls:
            while True:
                try:
                    more = await self._look(sender, calls)
                except SQLAlchemyError as error:
                    log.error("webhooks.not_read", error=type(error).__name__)
                    more = False
                await wait(self._done, 0 if more else LOOK_SECONDS)

    async def _look(self, sender: Sender, calls: asyncio.TaskGroup) -> bool:
        """Begin what can be begun; whether there is more to be noted at once."""
        more = False
        for webhook in await asyncio.to_thread(endpoints.active, self._store):
            more |= await asyncio.to_thread(spread, self._store, webhook)
            free = AT_ONCE - self._under_way[webhook.id]
            if free > 0:
                for due in await asyncio.to_thread(deliveries.claim, self._store, webhook, self._name, free):
                    self._under_way[webhook.id] += 1
                    calls.create_task(self._deliver(sender, webhook, due))
        return more

    async def _deliver(self, sender: Sender, webhook: Webhook, due: Due) -> None:
        try:
            try:
                await sender.send(due)
            except NotDelivered as error:
                await asyncio.to_thread(
                    deliveries.failed, self._store, due, str(error), error.seconds, error.gone
                )
            else:
                await asyncio.to_thread(deliveries.delivered, self._store, due)
        except SQLAlchemyError as error:
            # Its lease runs out, and it is sent again.
            log.error("webhooks.not_stored", webhook=webhook.id, error=type(error).__name__)
        finally:
            self._under_way[webhook.id] -= 1
            self._done.set()
