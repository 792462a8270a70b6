"""A real office process with the sample shop behind it, and Chromium before it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, Page

from bot import migrations
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.settings import ROOT, Settings
from bot.staff import Accounts, ensure_accounts
from tests import offices
from tests.servers import free_port, until_healthy
from tests.shop_proxy import ShopProxy, shop_proxy

from .foreign import desk as desk


@dataclass
class Office:
    """A running office: where it is, its log, the passwords by name, and what makes the shop's trouble."""

    settings: Settings
    store: Store
    accounts: Accounts
    passwords: dict[str, str]
    proxy: ShopProxy
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.settings.office

    def start(self, module: str, url: str) -> None:
        environment = {
            **os.environ,
            "GUITAI_DATA_DIR": str(self.settings.data_dir),
            "GUITAI_OFFICE_PORT": str(self.settings.office_port),
            "GUITAI_SHOP_PORT": str(self.settings.shop_port),
            "GUITAI_SHOP_URL": self.proxy.address,
        }
        process = subprocess.Popen([sys.executable, "-m", module], env=environment, cwd=ROOT)
        self.running[module] = process
        until_healthy(f"{url}/healthz", process)

    def kill(self, module: str) -> None:
        process = self.running.pop(module)
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("office"), office_port=free_port(), shop_port=free_port()
    )
    migrations.upgrade(settings.database)
    engine = connect(settings.database)
    accounts = Accounts(engine)
    made = ensure_accounts(accounts)
    passwords = {m["name"]: m["password"] for m in made}
    with shop_proxy(settings.shop) as proxy:
        office = Office(settings, Store(engine), accounts, passwords, proxy)
        try:
            office.start("bot.office", settings.office)
            office.start("bot.shop", settings.shop)
            yield office
        finally:
            for module in list(office.running):
                office.kill(module)


@pytest.fixture
def sign_in(office: Office, context: Callable[..., BrowserContext]) -> Callable[[str], Page]:
    """Signs a member of staff in and answers the desk's page; what the page complains of fails the test."""

    def enter(name: str) -> Page:
        page = context().new_page()
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
        page.goto(f"{office.url}/desk")
        offices.sign_in(page, name, office.passwords[name])
        page.get_by_test_id("desk").wait_for()
        return page

    return enter
