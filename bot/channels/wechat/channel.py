"""The channel put together: its calls for the front, its sender for the worker."""

import asyncio
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
from .kf import KfApi
from .pulled import Pulls
from .pulling import Puller
from .pushing import Pusher
from .routes import create_router
from .shelf import DatabaseShelf


class WeChat:
    """All accounts of one installation, as one process sees them."""

    def __init__(self, accounts: Mapping[str, Account], store: Store, kept: Attachments) -> None:
        self.accounts, self._store, self._kept = accounts, store, kept
        self._shelf = DatabaseShelf(store)
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_connections=50), follow_redirects=False)
        self._apis = {name: self._api(each) for name, each in accounts.items()}
        self._pullers: dict[str, Puller] = {}

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
        self._pullers = {
            name: Puller(self.accounts[name], api, Pulls(self._store, name), connectors[name])
            for name, api in self._apis.items()
            if isinstance(api, KfApi)
        }
        router = APIRouter()
        router.include_router(create_router(self.accounts, connectors, self._pullers))
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
        """Keep the connections to WeChat; where there is a router, also pull what must be pulled."""
        async with self._http:
            pulls = [asyncio.create_task(puller.run()) for puller in self._pullers.values()]
            try:
                yield
            finally:
                for pull in pulls:
                    pull.cancel()
                await asyncio.gather(*pulls, return_exceptions=True)

    def _api(self, account: Account) -> Api:
        made = KfApi if account.ways.pulled else Api
        given = account.name, account.app_id, account.app_secret, self._shelf, account.base_url
        return made(self._http, *given)
