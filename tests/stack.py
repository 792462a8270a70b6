"""The real stack on free ports, as `make demo` starts it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import ascii_letters, digits
from typing import Any

import httpx
import jwt
import psutil
from sqlalchemy import update

from bot import demo
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff import agents
from bot.handoff.models import Agent
from bot.launcher import Stack
from bot.settings import ROOT, Settings
from tests.servers import free_port, free_ports
from tests.shop_proxy import ShopProxy, shop_proxy
from tests.shopper import Shopper

SOMEBODY = 9000


@dataclass
class Running:
    """A running installation: its settings, staff logins and customers."""

    settings: Settings
    users: list[dict[str, str]]
    customers: dict[str, str]
    supervisor: int
    proxy: ShopProxy | None = None

    def shopper(self, customer: str | None = None) -> Shopper:
        """A shopper with a conversation of her own; ``customer`` is an id such as c1001, None a visitor."""
        return Shopper(self.settings.front, self.customers[customer] if customer else None)

    def process(self, name: str) -> psutil.Process:
        """The process of the Procfile with this name, as it runs now.

        The second engine is "engine2", the first of the second side "green".
        """
        kind, number = name.rstrip(digits), int(name.lstrip(ascii_letters) or 1)
        sides = {"engine": self.settings.engine_ports, "green": self.settings.green_engine_ports}
        module = {"actions": "actions", **dict.fromkeys(sides, "bot.engine.run")}.get(kind, f"bot.{kind}")
        for child in psutil.Process(self.supervisor).children():
            if module in child.cmdline() and (
                kind not in sides or child.environ()["GUITAI_ENGINE_PORT"] == str(sides[kind][number - 1])
            ):
                return child
        raise LookupError(f"{name} does not run")

    def password(self, name: str) -> str:
        """The password of a member of staff."""
        return next(user["password"] for user in self.users if user["name"] == name)

    def order_backend(self, path: str, customer: str) -> Any:
        """What the shop itself says, asked as this customer."""
        secret = self.settings.shop_service_secret
        claims = {"sub": customer, "aud": "shop", "exp": datetime.now(UTC) + timedelta(seconds=30)}
        headers = {
            "Authorization": f"Bearer {secret}",
            "Acting-Customer": jwt.encode(claims, secret, "HS256"),
        }
        shop = f"http://127.0.0.1:{self.settings.shop_port}"  # never the proxy
        return httpx.get(f"{shop}{path}", headers=headers).raise_for_status().json()

    def orders(self, customer: str) -> list[dict[str, Any]]:
        """The customer's orders, newest first."""
        return list(self.order_backend("/v1/orders", customer)["items"])

    def paid_order(self) -> tuple[str, str]:
        """A customer and the number of an order of hers that can be cancelled."""
        return next(
            (customer, order["no"])
            for customer in self.customers
            for order in self.orders(customer)
            if order["status"] == "paid"
        )

    def parcels(self, customer: str, order_no: str) -> list[dict[str, Any]]:
        """The parcels of one of the customer's orders."""
        return list(self.order_backend(f"/v1/orders/{order_no}/shipments", customer)["items"])


def somebody_there(settings: Settings) -> None:
    """An agent who is busy for as long as the tests run."""
    store = Store(connect(settings.database))
    agents.come(store, SOMEBODY, "值班", "busy")
    with store.writing() as session:
        hers = update(Agent).where(Agent.id == SOMEBODY)
        session.execute(hers.values(seen_at=datetime.now(UTC) + timedelta(days=1)))


@contextmanager
def running_stack(
    data_dir: Path, *, proxied: bool = False, staffed: bool = True, engines: int = 1
) -> Iterator[Running]:
    """Start everything on free ports with its data in ``data_dir``; stops it at the end.

    ``proxied`` puts a ``Running.proxy`` between the actions (and the desk) and the shop. ``staffed`` has
    somebody at the desk who takes nothing by herself, so that whoever wants a person waits in the queue.
    What is promoted or edited there, or in the project, changes nothing of the other.
    """
    shop_port = free_port()
    bot = data_dir / "bot"
    for part in ("data", "tests/nlu_cases", "tests/dialogues"):
        shutil.copytree(ROOT / part, bot / part)
    for part in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / part, bot / part)
    models = data_dir / "models"
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    for archive in (ROOT / "models").glob("guitai-*.tar.gz"):
        (models / archive.name).symlink_to(archive.resolve())
    with ExitStack() as around:
        proxy = around.enter_context(shop_proxy(f"http://127.0.0.1:{shop_port}")) if proxied else None
        settings = Settings(
            data_dir=data_dir,
            bot_dir=bot,
            front_port=free_port(),
            office_port=free_port(),
            shop_port=shop_port,
            wechat_port=free_port(),
            models_dir=models,
            engine_port=free_ports(2 * engines),
            engines=engines,
            actions_port=free_port(),
            shop_url=proxy.address if proxy else "",
        )
        stack = Stack(settings)
        stack.check()
        users = demo.prepare(settings)
        around.callback(stack.stop)
        stack.start()
        if staffed:
            somebody_there(settings)
        written = demo.addresses(settings, users)
        customers = {c["id"]: c["customer_token"] for c in written["customers"]}  # type: ignore[attr-defined]
        yield Running(settings, users, customers, stack.pid, proxy)
