"""A real office over a folder of its own, and the browsers of those who sign in to it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, StorageState

from bot import migrations
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff.routing import Routing
from bot.settings import ROOT, Settings
from bot.staff import Accounts, ensure_accounts
from bot.studio.files import Repository
from tests.servers import until_healthy

Contexts = Callable[..., BrowserContext]


def environment(settings: Settings) -> dict[str, str]:
    """What a process of the product needs to run with these settings."""
    given = {f"GUITAI_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    return {**os.environ, **given, "PYTHONPATH": str(ROOT)}


def sign_in(page: Page, name: str, password: str) -> None:
    """Come in by the door that is shown; returns once the page behind it listens."""
    with page.expect_navigation(url=lambda url: "/sign-in" not in url):
        knock(page, name, password)


def knock(page: Page, name: str, password: str) -> None:
    """Send the door's form, whatever comes of it."""
    page.get_by_test_id("sign-in-name").fill(name)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()


@dataclass
class Office:
    """A running office: its settings and log, the password of each first account by name, the bot's files."""

    settings: Settings
    store: Store
    passwords: dict[str, str]
    files: Repository
    process: "subprocess.Popen[bytes]"
    _kept: dict[str, StorageState] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.settings.office

    def enter(
        self, context: Contexts, path: str, name: str = "admin", accepts: str = "", **options: object
    ) -> Page:
        """A new browser of ``name`` at ``path``; what the page complains of, and any dialog but of the type
        that is accepted, fails the test."""

        def asked(dialog: Dialog) -> None:
            assert dialog.type == accepts, f"a text was run: {dialog.message}"
            dialog.accept()

        page = context(storage_state=self._kept.get(name), **options).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
        page.on("dialog", asked)
        page.goto(f"{self.url}{path}")
        if name not in self._kept:
            sign_in(page, name, self.passwords[name])
            self._kept[name] = page.context.storage_state()
            page.goto(f"{self.url}{path}")
        return page


@contextmanager
def running_office(settings: Settings) -> Iterator[Office]:
    """An office with these settings, its first accounts made."""
    settings.data_dir.mkdir(exist_ok=True)
    migrations.upgrade(settings.database)
    database = connect(settings.database)
    made = ensure_accounts(Accounts(database))
    passwords = {each["name"]: each["password"] for each in made}
    process = subprocess.Popen([sys.executable, "-m", "bot.office"], env=environment(settings), cwd=ROOT)
    try:
        until_healthy(f"{settings.office}/healthz", process)
        store = Store(database, desk_rules=Routing())
        yield Office(settings, store, passwords, Repository(settings.bot_dir), process)
    finally:
        process.kill()
        process.wait(10)
        database.dispose()
