"""The real action server beside the real sample shop, and one that faces a shop in trouble."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.backend.contract import Customer, Order
from actions.backend.rest import RestShop
from bot.settings import ROOT, Settings
from bot.shop.app import create_app
from tests.actions.troubled_shop import TroubledShop
from tests.servers import free_port, serving


@dataclass
class Said:
    """What an action answered."""

    events: list[dict[str, Any]]
    responses: list[dict[str, Any]]

    @property
    def slots(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    @property
    def names(self) -> list[str]:
        return [response["response"] for response in self.responses]

    @property
    def buttons(self) -> list[str]:
        return [button["payload"] for response in self.responses for button in response["buttons"]]

    @property
    def cards(self) -> list[dict[str, Any]]:
        customs = [response["custom"] or {} for response in self.responses]
        return [card for custom in customs for card in custom.get("cards") or [custom.get("card")] if card]

    @property
    def handoff(self) -> dict[str, Any]:
        return next(r["custom"]["handoff"] for r in self.responses if "handoff" in (r["custom"] or {}))


class ActionServer:
    """Calls actions as the engine does."""

    def __init__(self, address: str, secret: str) -> None:
        self.address, self.secret = address, secret
        self.headers = {"Authorization": f"Bearer {secret}"}
        self._http = httpx.Client(base_url=address, headers=self.headers, timeout=20)

    def call(
        self,
        action: str,
        *,
        text: str = "",
        intent: str = "inform",
        entities: dict[str, str] | None = None,
        customer: str | None = None,
        slots: dict[str, Any] | None = None,
        before: list[dict[str, Any]] | None = None,
        since: list[dict[str, Any]] | None = None,
        ranking: list[str] | None = None,
        topics: Mapping[str, str] | None = None,
    ) -> Said:
        """Run ``action`` after one message.

        Args:
            before: the events before the message.
            since: those after it.
            topics: the FAQ's by falling score, and the intent that each counts as.
        """
        response = self._http.post(
            "/webhook",
            json=self.request(
                action, text, intent, entities, customer, slots, before, since, ranking, topics
            ),
        )
        assert response.status_code == 200, response.text
        return Said(**response.json())

    def request(
        self,
        action: str,
        text: str,
        intent: str,
        entities: dict[str, str] | None,
        customer: str | None,
        slots: dict[str, Any] | None,
        before: list[dict[str, Any]] | None,
        since: list[dict[str, Any]] | None,
        ranking: list[str] | None = None,
        topics: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": name, "confidence": 0.3} for name in ranking or [intent]],
            "entities": [{"entity": name, "value": value} for name, value in (entities or {}).items()],
            "response_selector": {
                "faq": {
                    "ranking": [
                        {"intent_response_key": f"faq/{topic}", "counts_as": counts_as}
                        for topic, counts_as in (topics or {}).items()
                    ]
                }
            },
        }
        user = {"event": "user", "timestamp": time.time(), "text": text, "parse_data": parsed}
        metadata = {"customer": {"id": customer, "verified": True} if customer else None}
        return {
            "next_action": action,
            "domain": {"intents": []},
            "tracker": {
                "sender_id": "test",
                "slots": slots or {},
                "latest_message": {**parsed, "metadata": metadata},
                "events": [*(before or []), user, *(since or [])],
                "paused": False,
                "latest_action_name": "action_listen",
                "active_loop": {},
            },
        }


def user(intent: str) -> dict[str, Any]:
    """An earlier message."""
    return {"event": "user", "timestamp": time.time() - 60, "parse_data": {"intent": {"name": intent}}}


def bot(response: str, *payloads: str, custom: dict[str, Any] | None = None) -> dict[str, Any]:
    """An earlier utterance."""
    buttons = [{"title": "…", "payload": payload} for payload in payloads]
    return {
        "event": "bot",
        "metadata": {"utter_action": response},
        "data": {"buttons": buttons, "custom": custom or {}},
    }


def slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def loop(form: str) -> dict[str, Any]:
    """The form begins with this message."""
    return {"event": "active_loop", "name": form}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("actions")
    return Settings(data_dir=folder, shop_database_url=f"sqlite:///{folder / 'shop.db'}")


@pytest.fixture(scope="session")
def shop_url(settings: Settings) -> Iterator[str]:
    with serving(create_app(settings)) as address:
        yield address


@pytest.fixture(scope="session")
def shop(shop_url: str, settings: Settings) -> RestShop:
    return RestShop(shop_url, settings.shop_service_secret)


@pytest.fixture(scope="session")
def orders(shop: RestShop) -> dict[str, list[Order]]:
    """The sample customers' orders as the shop tells them, newest first."""
    ids = [f"c{number}" for number in range(1001, 1011)]
    return {id: shop.orders(Customer(id)).items for id in ids}


@contextmanager
def action_server(shop_url: str, data_dir: Path) -> Iterator[ActionServer]:
    port = free_port()
    environment = {
        **os.environ,
        "GUITAI_ACTIONS_PORT": str(port),
        "GUITAI_SHOP_URL": shop_url,
        "GUITAI_DATA_DIR": str(data_dir),
    }
    process = subprocess.Popen([sys.executable, "-m", "actions"], cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "the action server did not start"
            try:
                httpx.get(f"{address}/health", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield ActionServer(address, Settings(data_dir=data_dir).internal_secret)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def actions(shop_url: str, settings: Settings) -> Iterator[ActionServer]:
    with action_server(shop_url, settings.data_dir) as server:
        yield server


@pytest.fixture(scope="session")
def troubled() -> Iterator[tuple[TroubledShop, str]]:
    """A shop in trouble and its address."""
    shop = TroubledShop()
    with serving(shop.app()) as address:
        yield shop, address
