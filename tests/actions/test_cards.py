"""What cards show, and what neither card nor slot ever holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from actions.backend.contract import Address, AfterSale, AfterSaleItem, Customer, Order, Product
from actions.backend.rest import RestShop
from actions.cards import kept, logistics_card, order_card, product_card, restored, return_card

SALE = AfterSale(
    id="a1",
    order_no="n1",
    kind="exchange",
    kind_text="换货",
    state="approved",
    state_text="待寄回",
    items=[AfterSaleItem("p1-1", "卫衣", 1, "M")],
    reason="wrong_size",
    reason_text="尺码不合适",
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def test_an_orders_card_tells_its_price_and_goods(orders: dict[str, list[Order]]) -> None:
    unpaid = order_card(orders["c1010"][0])
    assert (unpaid["kind"], unpaid["status"]) == ("order", "pending_payment")
    assert unpaid["total_fen"] == orders["c1010"][0].amounts.total_fen > 0
    assert [item["name"] for item in unpaid["items"]] == ["真无线降噪耳机", "65W氮化镓充电器"]


def test_neither_card_nor_slot_holds_an_address(orders: dict[str, list[Order]]) -> None:
    order = orders["c1001"][0]
    assert order.address.name and order.address.text
    for told in (order_card(order), kept(order)):
        text = json.dumps(told, ensure_ascii=False)
        assert order.address.name not in text and order.address.phone not in text
        assert order.address.text not in text


def test_an_order_comes_back_from_its_slot(orders: dict[str, list[Order]]) -> None:
    order = orders["c1003"][1]
    back = restored(json.loads(json.dumps(kept(order))))
    assert (back.no, back.items, back.invoice) == (order.no, order.items, order.invoice)
    assert (back.placed_at, back.delivered_at) == (order.placed_at, order.delivered_at)


def test_a_parcels_card_has_its_scans_newest_first(shop: RestShop, orders: dict[str, list[Order]]) -> None:
    no = orders["c1006"][0].no
    (parcel,) = shop.shipments(Customer("c1006"), no)
    card = logistics_card(no, parcel)
    assert (card["order_no"], card["status"], card["expected_at"]) == (no, "exception", None)
    times = [datetime.fromisoformat(scan["at"]) for scan in card["events"]]
    assert len(times) == 4 and times == sorted(times, reverse=True)


def test_a_picture_is_told_only_where_there_is_one() -> None:
    assert "image" not in product_card(Product("p1", "台灯"), "有货")
    assert product_card(Product("p1", "台灯", image="lamp"), "有货")["image"] == "lamp"


def test_a_returns_card_has_what_it_is_about_and_no_more() -> None:
    assert {"refund_fen", "target", "return_address"}.isdisjoint(return_card(SALE))
    target = AfterSaleItem("p1-2", "卫衣", 1, "L")
    shops = Address("售后组", "0571-1", "杭州市")
    card = return_card(replace(SALE, target=target, return_address=shops, refund_fen=100))
    assert card["target"] == {"name": "卫衣", "spec": "L", "qty": 1}
    assert card["return_address"] == {"name": "售后组", "phone": "0571-1", "text": "杭州市"}
    assert card["refund_fen"] == 100
