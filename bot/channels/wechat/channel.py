"""The channel put together: its calls for the front, its sender for the worker."""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter

from bot.conversations.attachments import Attachments
from bot.conversations.outbox import OutboxRunner
from bot.conversations.privacy import Privacy
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.settings import Settings

from . import pages
from .accounts import Account
from .api import Api
from .connector import Connector
from .pushing import Pusher
from .routes import create_router
from .shelf import DatabaseShelf


class WeChat:
    """All accounts of one installation, as one process sees them."""

    def __init__(self, accounts: Mapping[str, Account], store: Store, kept: Attachments) -> None:
        self.accounts, self._store, self._kept = accounts, store, kept
        self._shelf = DatabaseShelf(store)
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_connections=50), follow_redirects=False)
        self._apis = {
            name: Api(self._http, name, each.app_id, each.app_secret, self._shelf, each.base_url)
            for name, each in accounts.items()
        }

    def router(self, watcher: Watcher, turns: TurnRunner, privacy: Privacy, settings: Settings) -> APIRouter:
        """The addresses that WeChat calls, and the pages that its browser opens."""
        connectors = {
            name: Connector(
                account,
                self._apis[name],
                self._store,
                watcher,
                turns,
                self._kept,
                privacy,
                self._shelf,
                settings.front,
                settings.messages_per_minute,
            )
            for name, account in self.accounts.items()
        }
        router = APIRouter()
        router.include_router(create_router(self.accounts, connectors))
        router.include_router(pages.create_router(self.accounts, self._http, self._store, watcher, settings))
        return router

    async def deliver(self, watcher: Watcher) -> None:
        """Send what is due to all shoppers, for ever; ends at once where there is no account."""
        if not self.accounts:
            return
        name = f"{os.getpid()}:{secrets.token_hex(8)}"
        push = Pusher(self._store, self._kept, self.accounts, self._apis, self._shelf)
        await OutboxRunner(self._store, push, watcher, name).run()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep the connections to WeChat."""
        async with self._http:
            yield
