"""A studio with models of a small bot: its database, its worker and its office, and Chromium before it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from bot import migrations
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.settings import ROOT, Settings
from bot.staff import Accounts, ensure_accounts
from tests.laying import lay
from tests.offices import environment, sign_in
from tests.servers import free_port, until_healthy
from tests.studio import small_bot


@dataclass
class Proving:
    """An installation whose models are of the small bot, each of files that are spoilt otherwise."""

    settings: Settings
    store: Store
    passwords: dict[str, str]
    refused: dict[str, str]
    """What training said of what it refused."""

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.settings)

    @contextmanager
    def running(self, module: str) -> "Iterator[subprocess.Popen[bytes]]":
        """A process of the product with this installation's settings."""
        process = subprocess.Popen([sys.executable, "-m", module], env=self.environment, cwd=ROOT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


SPOILT: dict[str, tuple[Callable[[dict[str, str]], None], ...]] = {
    "good": (),
    "emptied": (small_bot.emptied,),
    "slotless": (small_bot.without_slot,),
    "formless": (small_bot.without_form,),
    "intentless": (small_bot.without_intent,),
    "contradicting": (small_bot.contradicting,),
    "bad": (small_bot.emptied, small_bot.without_slot, small_bot.rude),
}


@pytest.fixture(scope="session")
def proving(tmp_path_factory: pytest.TempPathFactory) -> Proving:
    root = tmp_path_factory.mktemp("proving")
    models = root / "models"
    models.mkdir()
    projects: dict[str, Path] = {}
    for name, spoil in SPOILT.items():
        files = small_bot.good()
        for each in spoil:
            each(files)
        projects[name] = lay(root / "projects" / name, files)
    refused = small_bot.train(projects, models)
    small_bot.write_tests(root / "bot")
    settings = Settings(
        data_dir=root / "data",
        models_dir=models,
        bot_dir=root / "bot",
        office_port=free_port(),
        engine_port=free_port(),
    )
    settings.data_dir.mkdir()
    migrations.upgrade(settings.database)
    engine = connect(settings.database)
    made = ensure_accounts(Accounts(engine))
    return Proving(settings, Store(engine), {m["name"]: m["password"] for m in made}, refused)


@pytest.fixture(scope="module")
def studio(proving: Proving) -> Iterator[str]:
    """The address of a real office."""
    with proving.running("bot.office") as office:
        until_healthy(f"{proving.settings.office}/healthz", office)
        yield proving.settings.office


@pytest.fixture
def admin(proving: Proving, studio: str, context: Callable[..., BrowserContext]) -> Page:
    """An admin's page; what it complains of fails the test."""
    page = context().new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
    page.goto(f"{studio}/sign-in?next=%2Fstudio%2Fcompare")
    sign_in(page, "admin", proving.passwords["admin"])
    return page
