"""What a foreign desk works with: the API over a real log, with the sample shop behind it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from actions.backend.rest import RestShop
from bot.conversations.store import Store
from bot.desk.api import app as desk_api
from bot.desk.api import stream
from bot.desk.api.follow import Follow
from bot.desk.api.services import Services
from bot.desk.board import Board
from bot.handoff.suggestions import Suggestions
from bot.migrations import upgrade
from bot.settings import Settings
from bot.shop.app import create_app as create_shop
from bot.staff import Accounts, ensure_accounts
from bot.staff.guard import Guard
from bot.staff.tokens import Tokens
from bot.wiring import Heart, background
from tests.servers import serving
from tests.shop_proxy import ShopProxy, shop_proxy

MANY = 10**6


@dataclass
class Desk:
    """A served API: where it is, its log, who works there, and the shop without and with trouble."""

    url: str
    store: Store
    accounts: Accounts
    tokens: Tokens
    ids: dict[str, int]
    shop: RestShop
    proxy: ShopProxy

    def caller(self, name: str) -> httpx.Client:
        _, key = self.tokens.make(name)
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    def taken(self, by: str, customer: str | None) -> str:
        """A conversation of this customer that the agent has taken."""
        conversation = self.store.begin("web", customer, "顾客").id
        self.store.receive(conversation, "q", "在吗")
        self.store.ask_human(conversation)
        self.store.take(conversation, self.ids[by], by)
        return conversation


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("desk-api"))
    upgrade(settings.database)
    with serving(create_shop(settings)) as shop, shop_proxy(shop) as proxy:
        yield from _served(settings, RestShop(shop, settings.shop_service_secret), proxy)


def _served(settings: Settings, shop: RestShop, proxy: ShopProxy) -> Iterator[Desk]:
    heart = Heart(settings)
    accounts, tokens = Accounts(heart.database), Tokens(heart.database)
    ensure_accounts(accounts)
    services = Services(
        heart.store,
        heart.watcher,
        accounts,
        tokens,
        Board(heart.store, accounts, heart.watcher),
        Suggestions(heart.store),
        RestShop(proxy.address, settings.shop_service_secret),
        settings.data_dir,
    )
    follow = Follow(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with background(heart.watcher.run(), services.board.run(), follow.run()):
            yield

    office = FastAPI(lifespan=lifespan)
    office.mount(desk_api.PREFIX, desk_api.create(services, follow, MANY))
    door: dict[str, Any] = {"origin": "https://office", "page_session": lambda _: None}
    office.add_middleware(Guard, accounts=accounts, tokens=tokens, **door)
    office.add_middleware(SessionMiddleware, secret_key="x")
    ids = {accounts.account(id).name: id for id in accounts.display_names()}  # type: ignore[union-attr]
    with pytest.MonkeyPatch.context() as patched, serving(office) as url:
        patched.setattr(stream, "STILL_VALID_SECONDS", 0.3)
        yield Desk(url + desk_api.PREFIX, heart.store, accounts, tokens, ids, shop, proxy)
        for name in ids:  # ends their tokens, and with them the streams
            accounts.renew_password(name)
