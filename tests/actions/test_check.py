"""``bot shop check``: finds what a shop gets wrong, and changes nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from actions.backend.check import check
from actions.backend.choice import WrongShop, connect
from actions.backend.contract import Actor, Address, Allowed, Customer, Order
from actions.backend.rest import RestShop
from actions.backend.woocommerce import WooCommerceShop
from bot.settings import ROOT, Settings
from tests.actions.woocommerce_site import KEY, SECRET, WooCommerceSite
from tests.servers import free_port, serving

SIGNING = "what signs the visitors' tokens, long enough"


@pytest.fixture
def site() -> WooCommerceSite:
    return WooCommerceSite()


@pytest.fixture
def address(site: WooCommerceSite) -> Iterator[str]:
    with serving(site.app()) as address:
        yield address


class Wronged(WooCommerceShop):
    """An adapter with a fault in its orders."""

    def __init__(self, address: str, fault: dict[str, Any]) -> None:
        super().__init__(address, KEY, SECRET, SIGNING)
        self.fault = fault

    def order(self, actor: Actor, no: str) -> Order:
        return replace(super().order(actor, no), **self.fault)


def test_a_shop_in_order_passes_and_stays_as_it_was(site: WooCommerceSite, address: str) -> None:
    shop = WooCommerceShop(address, KEY, SECRET, SIGNING)
    findings = list(check(shop, "25", "102", phone_tail="6688", writes=True))
    assert [f for f in findings if not f.ok] == []
    assert {"order", "visitor", "dry run: cancel", "unchanged"} <= {f.call for f in findings}
    assert not [name for name in site.asked if name.startswith(("PUT", "POST"))]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": "on its way"}, "status must be one of"),
        ({"placed_at": datetime(2026, 11, 20)}, "timezone"),
        ({"address": Address("林**", "13800136688", "浙江杭州市")}, "phone must be masked"),
        ({"address": Address("林**", "+86 138 0013 6688", "浙江杭州市")}, "phone must be masked"),
        ({"address": Address("林**", "138****6688", "浙江杭州市文三路 138 号")}, "address must be masked"),
        ({"can": {}}, "lacks cancel"),
        ({"no": "103"}, "another order"),
    ],
)
def test_a_fault_is_named(address: str, fault: dict[str, Any], said: str) -> None:
    wrong = [f for f in check(Wronged(address, fault), "25", "102") if not f.ok]
    assert "order" in [f.call for f in wrong] and said in next(f.said for f in wrong if f.call == "order")


def test_a_dry_run_that_writes_or_knows_no_rule_is_named(address: str) -> None:
    class Hasty(WooCommerceShop):
        def cancel(self, *args: Any, key: str, dry_run: bool) -> Any:
            return super().cancel(*args, key="x", dry_run=False)

    wrong = [f for f in check(Hasty(address, KEY, SECRET, SIGNING), "25", "101", writes=True) if not f.ok]
    assert [f.call for f in wrong] == ["unchanged"] and "dry_run" in wrong[0].said

    forbidding = {**WooCommerceShop(address, KEY, SECRET, SIGNING).order(Customer("25"), "102").can}
    forbidding["cancel"] = Allowed(False, "不行", "shipped")
    shop = Wronged(address, {"can": forbidding})
    wrong = [f for f in check(shop, "25", "102", writes=True) if not f.ok]
    assert [f.call for f in wrong] == ["dry run: cancel"]


def test_an_order_open_to_everybody_is_named(address: str) -> None:
    class Open(WooCommerceShop):
        def order(self, actor: Actor, no: str) -> Order:
            return super().order(Customer("25"), "102")

    wrong = {f.call for f in check(Open(address, KEY, SECRET, SIGNING), "25", "102") if not f.ok}
    assert wrong == {"somebody else", "unknown order"}


def test_an_adapter_that_fails_is_told_where(address: str) -> None:
    class Failing(WooCommerceShop):
        def order(self, actor: Actor, no: str) -> Order:
            raise ArithmeticError("no number")

    said = {f.call: f.said for f in check(Failing(address, KEY, SECRET, SIGNING), "25", "102") if not f.ok}
    assert "ArithmeticError: no number" in said["order"] and "test_check.py, line" in said["order"]


def test_an_id_that_is_never_asked_for_is_named(address: str) -> None:
    shop = WooCommerceShop(address, KEY, SECRET, SIGNING)
    said = {f.call: f.said for f in check(shop, "25", "2026/102") if not f.ok}
    assert "letters, digits" in said["order"]


def command(address: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "shop", "check", *arguments],
        cwd=ROOT,
        env={**os.environ, "GUITAI_WOOCOMMERCE_URL": address, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_prints_a_line_for_each_call(address: str, tmp_path: Path) -> None:
    chosen = {
        "GUITAI_SHOP_ADAPTER": "woocommerce",
        "GUITAI_WOOCOMMERCE_KEY": KEY,
        "GUITAI_WOOCOMMERCE_SECRET": SECRET,
        "GUITAI_DATA_DIR": str(tmp_path),
    }
    said = command(address, "--customer", "25", "--order", "102", **chosen)
    assert said.returncode == 0 and "ok     order " in said.stdout and "WRONG" not in said.stdout, said
    said = command(address, f"http://127.0.0.1:{free_port()}", "--customer", "25", "--order", "102", **chosen)
    assert said.returncode == 1 and "Nobody listens there" in said.stdout and "Traceback" not in said.stderr
    said = command(address, "--customer", "25", "--order", "102", GUITAI_SHOP_ADAPTER="woo")
    assert said.returncode == 1 and "GUITAI_SHOP_ADAPTER" in said.stderr and "Traceback" not in said.stderr


def own_shop(settings: Settings) -> RestShop:
    return RestShop("http://127.0.0.1:1", settings.shop_service_secret)


def unset_shop(settings: Settings) -> RestShop:
    return RestShop("http://127.0.0.1:1", os.environ["OWN_SHOP_TOKEN"])


def test_the_settings_choose_the_shop(tmp_path: Path) -> None:
    here: dict[str, Any] = {"data_dir": tmp_path}
    woo = {"woocommerce_url": "https://x.cn", "woocommerce_key": "k", "woocommerce_secret": "s"}
    assert isinstance(connect(Settings(**here)), RestShop)
    assert isinstance(connect(Settings(**here, shop_adapter="woocommerce", **woo)), WooCommerceShop)
    assert isinstance(connect(Settings(**here, shop_adapter=f"{__name__}:own_shop")), RestShop)
    assert "s3cret" not in repr(Settings(**here, woocommerce_secret="s3cret"))
    for wrong, named in (
        ({"shop_adapter": "shopify"}, "shopify"),
        ({"shop_adapter": "no.such.module:make"}, "no.such.module"),
        ({"shop_adapter": f"{__name__}:nothing"}, "nothing"),
        ({"shop_adapter": f"{__name__}:unset_shop"}, "OWN_SHOP_TOKEN"),
        ({"shop_adapter": "woocommerce"}, "GUITAI_WOOCOMMERCE_URL"),
        ({"shop_adapter": "woocommerce", **woo, "woocommerce_url": "http://x.cn"}, "https"),
    ):
        with pytest.raises(WrongShop, match=named):
            connect(Settings(**here, **wrong))
