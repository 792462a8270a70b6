"""A real shop for the tests: uvicorn on a free port, a database of its own."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from fastapi import FastAPI

from bot.settings import Settings
from bot.shop import seed
from bot.shop.app import create_app
from bot.shop.clock import CHINA


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("shop")
    # The port is bound by the server itself; the address here only shows up in links.
    return Settings(data_dir=folder, shop_database_url=f"sqlite:///{folder / 'data' / 'shop.db'}")


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
