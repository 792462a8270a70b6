"""The action server beside a shop in trouble: the shopper hears of it in time, and nobody else waits."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from actions.shop import CALLS
from bot.settings import Settings
from tests.actions.conftest import ActionServer, Said, action_server, loop, slot, user
from tests.actions.troubled_shop import TroubledShop
from tests.servers import free_port
from tests.shop_proxy import Fault, ShopProxy, shop_proxy

BEGIN = [loop("order_status_form")]


@pytest.fixture(scope="module")
def beside_trouble(
    troubled: tuple[TroubledShop, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ActionServer]:
    with action_server(troubled[1], tmp_path_factory.mktemp("slow")) as server:
        yield server


def test_a_shop_that_is_down_is_told_and_a_human_offered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with action_server(f"http://127.0.0.1:{free_port()}", tmp_path) as server:
        said = server.call("validate_order_status_form", intent="order_status", customer="c7777", since=BEGIN)
    assert said.names == ["utter_shop_unavailable"]
    assert said.slots == {"order": None, "requested_slot": None}
    log = capfd.readouterr()
    assert "shop.failed" in log.out + log.err and "c7777" not in log.out + log.err


def test_a_slow_shop_is_given_up_in_time_and_delays_nobody(beside_trouble: ActionServer) -> None:
    def ask(_: int) -> tuple[list[str], float]:
        started = time.monotonic()
        said = beside_trouble.call(
            "validate_order_status_form", intent="order_status", customer="c1", since=BEGIN
        )
        return said.names, time.monotonic() - started

    with ThreadPoolExecutor(10) as shoppers:
        slow = [shoppers.submit(ask, i) for i in range(10)]
        time.sleep(0.5)
        started = time.monotonic()
        assert beside_trouble.call("action_ask_back", intent="out_of_scope").names == ["utter_out_of_scope"]
        assert httpx.get(f"{beside_trouble.address}/health", timeout=5).status_code == 200
        assert time.monotonic() - started < 1
    answers = [answer.result() for answer in slow]
    assert {tuple(names) for names, _ in answers} == {("utter_shop_unavailable",)}
    assert max(took for _, took in answers) < 4.5


@pytest.fixture(scope="module")
def behind_proxy(shop_url: str, settings: Settings) -> Iterator[tuple[ShopProxy, ActionServer]]:
    with shop_proxy(shop_url) as proxy, action_server(proxy.address, settings.data_dir) as server:
        yield proxy, server


def test_one_connection_to_the_shop_serves_call_after_call(
    behind_proxy: tuple[ShopProxy, ActionServer],
) -> None:
    proxy, server = behind_proxy
    proxy.callers.clear()
    for _ in range(100):
        said = server.call("validate_order_status_form", intent="order_status", customer="c1002", since=BEGIN)
        assert "order_choices" in said.slots
    assert len(proxy.callers) == 1


def test_one_customer_with_many_tabs_and_a_slow_shop_delays_nobody(
    behind_proxy: tuple[ShopProxy, ActionServer],
) -> None:
    proxy, server = behind_proxy

    def ask(customer: str) -> Said:
        return server.call(
            "validate_order_status_form", intent="order_status", customer=customer, since=BEGIN
        )

    with ThreadPoolExecutor(40) as tabs:
        with proxy.troubled(Fault(customer="c1001", delay=2.5)):
            slow = [tabs.submit(ask, "c1001") for _ in range(40)]
            time.sleep(0.5)
            started = time.monotonic()
            assert "utter_shop_unavailable" not in ask("c1002").names
            assert time.monotonic() - started < 2
            answers = [answer.result().names for answer in slow]
            assert any("utter_shop_unavailable" in names for names in answers)
        assert "utter_shop_unavailable" not in ask("c1001").names


def test_a_shop_slow_for_everybody_is_told_in_time_and_delays_no_answer_without_it(
    behind_proxy: tuple[ShopProxy, ActionServer],
) -> None:
    proxy, server = behind_proxy

    def ask(customer: str) -> tuple[bool, float]:
        began = time.monotonic()
        said = server.call(
            "validate_order_status_form", intent="order_status", customer=customer, since=BEGIN
        )
        return "utter_shop_unavailable" in said.names, time.monotonic() - began

    number = 2 * CALLS
    with ThreadPoolExecutor(number) as shoppers, proxy.troubled(Fault(delay=2.5)):
        slow = [shoppers.submit(ask, f"c{9000 + each}") for each in range(number)]
        time.sleep(1)  # until they hold all threads
        assert server.call("action_ask_back", intent="out_of_scope").names == ["utter_out_of_scope"]
        assert not any(answer.done() for answer in slow)
        answers = [answer.result() for answer in slow]
    assert any(excused for excused, _ in answers)
    assert max(took for _, took in answers) < 10


def test_a_handoff_waits_for_no_shop(beside_trouble: ActionServer) -> None:
    started = time.monotonic()
    said = beside_trouble.call(
        "action_handoff",
        intent="human_agent",
        customer="c1",
        before=[user("inform"), slot("order_no", "slow"), slot("order_no", "error")],
    )
    assert said.handoff == {"reason": "asked_for_human", "slots": {}, "orders": []}
    assert time.monotonic() - started < 4.5


def test_a_tracker_that_makes_no_sense_is_answered_too(beside_trouble: ActionServer) -> None:
    said = beside_trouble.call("action_order_status", slots={"order": {"no": 1}})
    assert said.names == ["utter_shop_unavailable"]
