"""The real stack, started once for all tests that need it."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psutil
import pytest

from bot import demo
from bot.launcher import Stack
from bot.settings import Settings
from tests.servers import free_port
from tests.shopper import Shopper


@dataclass
class Running:
    """A running installation: its settings, staff logins and customers."""

    settings: Settings
    users: list[dict[str, str]]
    customers: dict[str, str]
    supervisor: int

    def shopper(self, customer: str | None = None) -> Shopper:
        """A shopper with a conversation of her own; ``customer`` is an id such as c1001, None a visitor."""
        return Shopper(self.settings.front, self.customers[customer] if customer else None)

    def process(self, name: str) -> psutil.Process:
        """The process of the Procfile with this name, as it runs now."""
        module = {"actions": "actions", "engine": "bot.engine.run"}.get(name, f"bot.{name}")
        for child in psutil.Process(self.supervisor).children():
            if module in child.cmdline():
                return child
        raise LookupError(f"{name} does not run")

    def order_backend(self, path: str, customer: str) -> dict[str, object]:
        """What the shop itself says, asked as this customer."""
        from actions.backend.rest import acting_header

        headers = {
            "Authorization": f"Bearer {self.settings.shop_service_secret}",
            "Acting-Customer": acting_header(self.settings.shop_service_secret, customer),
        }
        answer: dict[str, object] = (
            httpx.get(f"{self.settings.shop_api}{path}", headers=headers, timeout=5).raise_for_status().json()
        )
        return answer


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("stack"),
        front_port=free_port(),
        office_port=free_port(),
        shop_port=free_port(),
        engine_port=free_port(),
        actions_port=free_port(),
    )
    stack = Stack(settings)
    stack.check()
    users = demo.prepare(settings)
    stack.start()
    try:
        written = demo.addresses(settings, users)
        customers = {c["id"]: c["customer_token"] for c in written["customers"]}  # type: ignore[attr-defined]
        yield Running(settings, users, customers, stack.pid)
    finally:
        stack.stop()
