"""The client of the order contract, against the sample shop and against a shop in trouble."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from actions.backend.contract import (
    Customer,
    Locked,
    NotFound,
    Order,
    Unavailable,
    VerificationFailed,
    Visitor,
)
from actions.backend.rest import RestShop
from bot.shop import seed
from tests.actions.troubled_shop import TroubledShop
from tests.servers import free_port

SECRET = "the service secret of the tests, long enough"


def test_a_customer_sees_her_orders_newest_first(orders: dict[str, list[Order]]) -> None:
    hers = orders["c1002"]
    assert [order.status for order in hers] == ["paid", "shipped", "shipped", "completed"]
    assert hers == sorted(hers, key=lambda order: order.placed_at, reverse=True)
    assert {order.customer for order in hers} == {"c1002"}
    assert hers[0].items[0].name == "护眼台灯" and hers[0].can["cancel"].allowed


def test_parcels_come_with_their_scans(shop: RestShop, orders: dict[str, list[Order]]) -> None:
    (parcel,) = shop.shipments(Customer("c1001"), orders["c1001"][0].no)
    assert (parcel.courier, parcel.tracking_no, parcel.status) == (
        "顺丰速运",
        "SF1390274651823",
        "in_transit",
    )
    assert [scan.at for scan in parcel.events] == sorted((s.at for s in parcel.events), reverse=True)
    assert len(shop.shipments(Customer("c1009"), orders["c1009"][0].no)) == 2
    assert shop.shipments(Customer("c1003"), orders["c1003"][0].no) == []


def test_another_customers_order_is_not_found(shop: RestShop, orders: dict[str, list[Order]]) -> None:
    other = orders["c1001"][0].no
    for call in (shop.order, shop.shipments):
        with pytest.raises(NotFound):
            call(Customer("c1002"), other)
    with pytest.raises(NotFound):
        shop.order(Customer("c1002"), "../customers/c1002")


def test_a_visitor_sees_the_order_she_proved_and_no_other(
    shop: RestShop, orders: dict[str, list[Order]]
) -> None:
    mine, other = orders["c1001"][0].no, orders["c1004"][0].no
    proof = shop.verify(mine, tail("c1001"))
    assert proof.order_no == mine and proof.expires_at > datetime.now(UTC) + timedelta(minutes=25)
    assert shop.order(Visitor(proof.token), mine).no == mine
    with pytest.raises(NotFound):
        shop.order(Visitor(proof.token), other)
    assert proof.token not in repr(proof) and proof.token not in repr(Visitor(proof.token))


def test_a_wrong_phone_and_an_unknown_order_fail_alike_until_locked(shop: RestShop) -> None:
    unknown = "2020010100000000"
    for _ in range(5):
        with pytest.raises(VerificationFailed):
            shop.verify(unknown, "0000")
    with pytest.raises(Locked) as locked:
        shop.verify(unknown, "0000")
    assert 0 < locked.value.retry_after <= 900


@pytest.mark.parametrize(
    "trouble", ["garbage", "empty", "shape", "list", "error", "busy", "foreign-404", "refused", "moved"]
)
def test_a_broken_answer_is_unavailable_and_logged_without_data(
    troubled: tuple[TroubledShop, str], trouble: str
) -> None:
    _, address = troubled
    with capture_logs() as logged, pytest.raises(Unavailable) as error:
        RestShop(address, SECRET).order(Customer("c7777"), trouble)
    assert [(entry["call"], bool(entry["cause"])) for entry in logged] == [("GET /v1/orders/{no}", True)]
    for private in (f"/{trouble}", "c7777", SECRET):
        assert private not in str(logged) and private not in str(error.value)


def test_nobody_listening_is_unavailable_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        RestShop(f"http://127.0.0.1:{free_port()}", SECRET).order(Customer("c1"), "1")
    assert time.monotonic() - started < 2.5


def test_a_slow_answer_is_given_up_and_delays_nobody_else(troubled: tuple[TroubledShop, str]) -> None:
    _, address = troubled
    shop = RestShop(address, SECRET)
    took: list[float] = []

    def slow() -> None:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            shop.order(Customer("c1"), "slow")
        took.append(time.monotonic() - started)

    thread = threading.Thread(target=slow)
    thread.start()
    time.sleep(0.2)
    started = time.monotonic()
    assert shop.order(Customer("c1"), "fine").status == "paid"
    assert time.monotonic() - started < 1
    thread.join()
    assert 2.5 < took[0] < 3.8


def test_reads_are_tried_once_more_and_writes_are_not(troubled: tuple[TroubledShop, str]) -> None:
    asked, address = troubled
    shop = RestShop(address, SECRET)
    assert shop.order(Customer("c1"), "busy-once").status == "paid"
    assert asked.asked["busy-once"] == 2
    with pytest.raises(Unavailable):
        shop.verify("1", "0000")
    assert asked.asked["verify"] == 1


def test_no_redirect_is_followed_and_no_cookie_kept(troubled: tuple[TroubledShop, str]) -> None:
    asked, address = troubled
    shop = RestShop(address, SECRET)
    shop.order(Customer("c1"), "fine")
    asked.cookies.clear()
    with pytest.raises(Unavailable):
        shop.order(Customer("c2"), "moved")
    assert asked.asked["target"] == 0 and asked.cookies == [""]


def test_a_failing_shop_is_left_alone_for_a_while(troubled: tuple[TroubledShop, str]) -> None:
    asked, address = troubled
    shop = RestShop(address, SECRET, open_after=3, open_seconds=0.5)
    asked.asked.clear()
    for _ in range(3):
        with pytest.raises(Unavailable):
            shop.order(Customer("c1"), "error")
    with pytest.raises(Unavailable):
        shop.order(Customer("c1"), "fine")
    assert asked.asked == {"error": 3}
    time.sleep(0.6)
    assert shop.order(Customer("c1"), "fine").status == "paid"
    assert shop.order(Customer("c1"), "fine").status == "paid"


def tail(customer: str) -> str:
    (found,) = [c for c in seed.declared()["customers"] if c["id"] == customer]
    return str(found["phone"])[-4:]
