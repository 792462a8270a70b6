"""A real shop for the tests: uvicorn on a free port, a database of its own."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
import uvicorn
from fastapi import FastAPI

from bot.settings import Settings
from bot.shop import seed
from bot.shop.app import create_app
from bot.shop.clock import CHINA
from bot.shop.loading import load


@pytest.fixture(scope="module")
def backend(request: pytest.FixtureRequest) -> str:
    """sqlite, unless a module asks for both with ``BOTH``."""
    return str(getattr(request, "param", "sqlite"))


BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def settings(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    folder: Path = tmp_path_factory.mktemp("shop")
    if backend == "postgresql":
        url = request.getfixturevalue("postgresql").database()
    else:
        url = f"sqlite:///{folder / 'data' / 'shop.db'}"
    # The port is bound by the server itself; the address here only shows up in links.
    return Settings(data_dir=folder, shop_database_url=url)


@pytest.fixture(scope="module")
def shop(settings: Settings) -> Iterator[httpx.Client]:
    """A client that holds the service token."""
    with serving(create_app(settings), settings) as client:
        yield client


@contextmanager
def serving(app: FastAPI, settings: Settings) -> Iterator[httpx.Client]:
    """Serve ``app`` on a free port and give a client that holds the service token."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 15
    while not server.started:
        assert time.monotonic() < until, "the shop did not start"
        time.sleep(0.02)
    bearer = {"Authorization": f"Bearer {settings.shop_service_secret}"}
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(base_url=address, headers=bearer, timeout=10, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def acting(settings: Settings) -> Callable[..., dict[str, str]]:
    """``acting("c1001")`` gives the header for that customer; ``**claims`` overrides."""

    def header(customer: str | None, secret: str = "", **claims: Any) -> dict[str, str]:
        said = {"sub": customer, "aud": "shop", "exp": datetime.now(UTC) + timedelta(seconds=50), **claims}
        kept = {name: value for name, value in said.items() if value is not None}
        key = secret or settings.shop_service_secret
        return {"Acting-Customer": jwt.encode(kept, key, algorithm="HS256")}

    return header


@dataclass
class Buyer:
    """A customer with orders of her own, or the visitor of one order; speaks to the shop."""

    shop: httpx.Client
    id: str
    phone: str
    numbers: list[str]
    header: Callable[[], dict[str, str]]

    @property
    def no(self) -> str:
        """Number of the first order."""
        return self.numbers[0]

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.shop.get(path, params=params, headers=self.header())

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, dry: bool = False
    ) -> httpx.Response:
        """Write, with a key of its own unless one is given, or only try."""
        headers = self.header() | ({} if dry else {"Idempotency-Key": key or uuid4().hex})
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body)  # in ASCII, so that odd characters can be sent at all
        return self.shop.post(path, content=content, params={"dry_run": True} if dry else {}, headers=headers)

    def act(self, call: str, body: Any = None, **how: Any) -> httpx.Response:
        """Write to the first order."""
        return self.post(f"/v1/orders/{self.no}/{call}", body, **how)

    def ask(self, kind: str, reason: str, sku: str, qty: int = 1, /, **more: Any) -> httpx.Response:
        """Ask for an after-sale of the first order."""
        how = {name: more.pop(name) for name in ("key", "dry") if name in more}
        parts = {"order_no": self.no, "kind": kind, "reason": reason, "items": [{"sku": sku, "qty": qty}]}
        return self.post("/v1/returns", parts | more, **how)

    def order(self) -> dict[str, Any]:
        """The first order."""
        answer = self.get(f"/v1/orders/{self.no}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refunds(self) -> list[int]:
        """Amounts on their way back, newest first."""
        return [refund["amount_fen"] for refund in self.get("/v1/refunds").json()["items"]]

    def visitor(self) -> "Buyer":
        """The same person, not signed in, who has proved her claim to the first order."""
        proof = self.shop.post(
            "/v1/verifications", json={"order_no": self.no, "phone_tail": self.phone[-4:]}
        ).json()
        return replace(self, header=lambda: {"Acting-Customer": proof["token"]})


GOODS = [
    {
        "id": "shirt",
        "name": "衬衫",
        "category": "服装",
        "price_fen": 10000,
        "variants": [
            {"spec": "M", "stock": 900, "sku": "shirt-m"},
            {"spec": "L", "stock": 900, "sku": "shirt-l"},
            {"spec": "XL", "stock": 900, "sku": "shirt-xl", "price_fen": 12000},
            {"spec": "S", "stock": 0, "sku": "shirt-s"},
        ],
    },
    {
        "id": "tea",
        "name": "红茶",
        "category": "茶饮零食",
        "price_fen": 5000,
        "returnable": False,
        "variants": [{"spec": "罐", "stock": 900, "sku": "tea-1"}],
    },
    {
        "id": "lamp",
        "name": "灯",
        "category": "家居",
        "price_fen": 20000,
        "warranty_days": 365,
        "variants": [{"spec": "白", "stock": 900, "sku": "lamp-1"}],
    },
]
_numbers = count(1)


@pytest.fixture(scope="module")
def goods(shop: httpx.Client, settings: Settings) -> None:
    load(settings.shop_database, {"products": GOODS})


@pytest.fixture
def given(
    goods: None, shop: httpx.Client, settings: Settings, acting: Callable[..., dict[str, str]]
) -> Callable[..., Buyer]:
    """``given(order, …, **customer)`` loads a new customer with these orders into the running shop."""

    def make(*orders: dict[str, Any], **customer: Any) -> Buyer:
        number = next(_numbers)
        id, phone = f"t{number}", f"139{number:08}"
        numbers = [f"{id}-{position}" for position, _ in enumerate(orders, start=1)]
        address = {"region": "浙江省嘉兴市南湖区", "street": "中山东路 1 号"}
        her = {"id": id, "name": "顾小北", "phone": phone, "addresses": [address]}
        hers = [{"no": no, "customer": id, **order} for no, order in zip(numbers, orders, strict=True)]
        load(settings.shop_database, {"customers": [her | customer], "orders": hers})
        return Buyer(shop, id, phone, numbers, lambda: acting(id))

    return make


def an_order(status: str, *skus: str, ago: str = "now-1d", qty: int = 1, **more: Any) -> dict[str, Any]:
    """An order that reached its status ``ago``."""
    marks = {
        "paid": {"paid": ago},
        "shipped": {"paid": "now-2d", "shipped": ago},
        "delivered": {"paid": ago, "shipped": ago, "delivered": ago},
        "completed": {"paid": ago, "shipped": ago, "delivered": ago},
    }.get(status, {})
    items = [{"sku": sku, "qty": qty} for sku in skus or ("shirt-m",)]
    return {"status": status, "placed": ago, "items": items, **marks, **more}


def is_refused(response: httpx.Response, cause: str) -> bool:
    """Assert a refusal by the shop's rules, with words for the shopper."""
    assert is_problem(response, 409, "not-allowed")
    body = response.json()
    assert body["cause"] == cause, body
    assert body["reason"].endswith("。") and "{" not in body["reason"]
    return True


@pytest.fixture(scope="session")
def number() -> Callable[[str, str], str]:
    """``number("c1001", "00012345")`` gives today's full number of a sample order."""

    def full(customer: str, serial: str) -> str:
        today = datetime.now(CHINA).date()
        found = [o for o in seed.declared()["orders"] if (o["customer"], o["serial"]) == (customer, serial)]
        return seed.order_no(found[0], today)

    return full


def is_problem(response: httpx.Response, status: int, type: str) -> bool:
    """Assert RFC 9457 form, status and type."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert (response.status_code, body["status"], body["type"]) == (status, status, type), body
    return True
