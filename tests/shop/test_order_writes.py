"""What changes an order: each rule, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.settings import Settings
from bot.shop.clock import CHINA, now
from bot.shop.loading import load

from .conftest import BOTH, GOODS, Buyer, an_order, is_problem, is_refused

pytestmark = BOTH
Given = Callable[..., Buyer]

SOMEWHERE = {"text": "上海市浦东新区世纪大道 100 号 3 楼"}
COMPANY = {"kind": "company", "title": "某某贸易有限公司", "tax_no": "91330400MA2B0ABC12"}
CALLS: dict[str, Any] = {
    "cancel": None,
    "address": SOMEWHERE,
    "remark": {"text": "请放门口"},
    "urge": None,
    "invoice": {"kind": "personal", "title": "个人"},
    "price-protection": None,
}


@pytest.mark.parametrize(
    ("status", "causes"),
    [
        ("pending_payment", ["", "", "", "pending_payment", "pending_payment", "pending_payment"]),
        ("paid", ["", "", "", "", "", "no_drop"]),
        ("shipped", ["shipped", "shipped", "shipped", "", "", "no_drop"]),
        ("delivered", ["delivered", "delivered", "delivered", "delivered", "", "no_drop"]),
        ("completed", ["delivered", "delivered", "delivered", "delivered", "", "no_drop"]),
        ("cancelled", ["cancelled"] * 6),
    ],
)
def test_what_each_state_allows(given: Given, status: str, causes: list[str]) -> None:
    buyer = given(*[an_order(status)] * len(CALLS))
    for no, (call, body), cause in zip(buyer.numbers, CALLS.items(), causes, strict=True):
        path = f"/v1/orders/{no}/{call}"
        for dry in (True, False):
            answer = buyer.post(path, body, dry=dry)
            assert is_refused(answer, cause) if cause else answer.status_code == 200, (call, answer.text)
        # What was told beforehand is what happened.
        can = {"address": "change_address", "price-protection": "price_protect"}.get(call, call)
        told = given(an_order(status)).order()["can"][can]
        assert (told.get("cause", ""), told["allowed"]) == (cause, not cause)


def test_cancelling_gives_money_and_stock_back(given: Given, shop: httpx.Client) -> None:
    def stock() -> int:
        return int(shop.get("/v1/products/tea").json()["variants"][0]["stock"])

    buyer = given(an_order("paid", "tea-1", qty=3, shipping_fen=800, discount_fen=1000))
    before = stock()
    done = buyer.act("cancel", {"reason": "买错了"}).json()
    assert (done["refund_fen"], done["method_text"]) == (14800, "原支付方式")
    assert timedelta(0) < datetime.fromisoformat(done["expected_at"]) - now() <= timedelta(days=3)
    assert stock() == before + 3
    order = buyer.order()
    assert (order["status"], order["status_text"]) == ("cancelled", "已取消，退款处理中")
    (refund,) = buyer.get("/v1/refunds", order=buyer.no).json()["items"]
    assert (refund["amount_fen"], refund["state"], refund["reason_text"]) == (14800, "processing", "取消订单")

    unpaid = given(an_order("pending_payment"))
    assert unpaid.act("cancel").json() == {"refund_fen": 0}
    assert (unpaid.refunds(), unpaid.order()["status_text"]) == ([], "已取消")


def test_addresses(given: Given) -> None:
    saved = {"name": "李四", "phone": "13700001234", "region": "江苏省苏州市", "street": "人民路 5 号"}
    buyer = given(an_order("paid"), addresses=[saved, {"region": "广东省", "street": "某街"}])
    written = buyer.act("address", SOMEWHERE).json()
    assert written == {"name": "李*", "phone": "137****1234", "text": "上海市浦东新区****"}
    named = SOMEWHERE | {"name": "王小明", "phone": "13899998888"}
    assert buyer.act("address", named).json()["name"] == "王**"
    assert buyer.order()["address"]["phone"] == "138****8888"
    for at in buyer.get(f"/v1/customers/{buyer.id}").json()["addresses"]:
        chosen = buyer.act("address", {"address_id": at["id"]})
        assert chosen.json() == {name: at[name] for name in ("name", "phone", "text")}
        assert is_problem(given(an_order("paid")).act("address", {"address_id": at["id"]}), 404, "not-found")
    odd = buyer.act("address", {"text": "随便哪里 5 号"})
    assert odd.json()["text"] == "****"  # nothing is shown that may be a street


def test_a_visitor_cannot_redirect_a_parcel(given: Given) -> None:
    visitor = given(an_order("paid")).visitor()
    assert visitor.order()["can"]["change_address"]["cause"] == "sign_in"
    assert is_refused(visitor.act("address", SOMEWHERE), "sign_in")
    assert visitor.act("remark", {"text": "请放门口"}).status_code == 200
    assert visitor.act("cancel").json()["refund_fen"] == 10000


def test_urging_promises_a_time_and_waits_four_hours(given: Given) -> None:
    def promised(order: dict[str, Any]) -> datetime | None:
        told = given(order).act("urge").json().get("promised_at")
        return datetime.fromisoformat(told) if told else None

    fresh = promised(an_order("paid", ago="now-1d"))
    assert fresh and abs(fresh - now() - timedelta(days=1)) < timedelta(minutes=1)
    tomorrow = now().astimezone(CHINA).date() + timedelta(days=1)
    late = promised(an_order("paid", ago="now-3d"))
    assert late and (late.date(), late.hour, late.minute) == (tomorrow, 18, 0)
    parcel = {"courier": "顺丰速运", "tracking_no": "SF1", "status": "in_transit", "expected": "now+5h"}
    travelling = promised(an_order("shipped", shipments=[parcel]))
    assert travelling and abs(travelling - now() - timedelta(hours=5)) < timedelta(minutes=1)
    assert promised(an_order("shipped", shipments=[parcel | {"expected": "now-1d"}])) is None

    buyer = given(an_order("paid", urged="now-3h"), an_order("paid", urged="now-5h"))
    assert is_refused(buyer.act("urge"), "already")
    again = f"/v1/orders/{buyer.numbers[1]}/urge"
    assert buyer.post(again).status_code == 200 and is_refused(buyer.post(again), "already")


def test_remarks_replace_each_other(given: Given) -> None:
    buyer = given(an_order("paid"))
    for text in ("请放门口", "  周末送  "):
        assert buyer.act("remark", {"text": text}).json() == {"order_no": buyer.no, "remark": text.strip()}
    assert buyer.order()["remark"] == "周末送"


def test_invoices(given: Given) -> None:
    buyer = given(an_order("paid", shipping_fen=500))
    made = buyer.act("invoice", COMPANY | {"email": "boss@example.com"}).json()
    assert {**made, "expected_at": ""} == {
        **COMPANY,
        "email": "b****@example.com",
        "amount_fen": 10500,
        "state": "requested",
        "state_text": "开票中",
        "expected_at": "",
    }
    assert datetime.fromisoformat(made["expected_at"]) - now() <= timedelta(hours=48)
    assert buyer.order()["invoice"] == made
    assert is_refused(buyer.act("invoice", COMPANY), "done")
    nameless = {name: COMPANY[name] for name in ("kind", "title")}
    assert is_problem(given(an_order("paid")).act("invoice", nameless), 422, "tax-no-required")


def test_price_protection(given: Given, settings: Settings) -> None:
    # Bought at 12500 and 4000, with 1000 off the whole; now 10000 and 5000.
    lines = [{"sku": "shirt-m", "qty": 2, "price_fen": 12500}, {"sku": "tea-1", "price_fen": 4000}]
    bought = an_order("paid") | {"items": lines, "discount_fen": 1000}
    buyer = given(bought)
    done = buyer.act("price-protection").json()
    assert done["refund_fen"] == 5000
    assert done["items"] == [{"sku": "shirt-m", "name": "衬衫", "paid_fen": 12500, "price_fen": 10000}]
    assert is_refused(buyer.act("price-protection"), "done")
    # What came back does not come back again.
    assert buyer.act("cancel").json()["refund_fen"] == 29000 - 1000 - 5000
    assert sum(buyer.refunds()) == 28000

    assert is_refused(given(bought | {"paid": "now-16d"}).act("price-protection"), "late")
    # Never more than was paid: a shirt for 500 after the coupon, which now costs 10000 less than then.
    almost_free = an_order("paid") | {
        "items": [{"sku": "shirt-m", "price_fen": 20000}],
        "discount_fen": 19500,
    }
    assert given(almost_free).act("price-protection").json()["refund_fen"] == 500


def test_returned_pieces_are_not_protected(given: Given) -> None:
    lines = [{"sku": "shirt-m", "qty": 3, "price_fen": 12000}]
    buyer = given(an_order("delivered") | {"items": lines, "discount_fen": 1000})
    back = buyer.ask("return", "no_longer_wanted", "shirt-m").json()
    assert back["refund_fen"] == 12000 - 333
    assert buyer.act("price-protection").json()["refund_fen"] == 4000
    rest = buyer.ask("return", "no_longer_wanted", "shirt-m", 2).json()
    assert back["refund_fen"] + 4000 + rest["refund_fen"] == 35000


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("address", {}),
        ("address", {"address_id": 0}),
        ("address", {"address_id": 2**40}),
        ("address", {"address_id": 1, "text": "上海"}),
        ("address", {"text": " "}),
        ("address", {"text": "长" * 201}),
        ("address", {"text": "上海", "phone": "12345"}),
        ("address", {"text": "\x00"}),
        ("remark", {}),
        ("remark", {"text": "长" * 201}),
        ("remark", {"text": "\ud800"}),
        ("invoice", {"kind": "personal"}),
        ("invoice", {"kind": "special", "title": "个人"}),
        ("invoice", COMPANY | {"tax_no": "short"}),
        ("invoice", COMPANY | {"email": "no address"}),
        ("cancel", {"reason": "长" * 201}),
        ("cancel", {"more": 1}),
        ("cancel", []),
    ],
)
def test_invalid_bodies(given: Given, call: str, body: Any) -> None:
    assert is_problem(given(an_order("paid")).act(call, body), 422, "invalid-request")


def test_stock_of_goods_that_are_gone(given: Given, settings: Settings) -> None:
    old = {"id": "old", "name": "旧款", "price_fen": 100, "variants": [{"spec": "红", "stock": 1}]}
    load(settings.shop_database, {"products": [old]})
    buyer = given(an_order("paid", "old-1"), an_order("delivered", "old-1"))
    load(
        settings.shop_database,
        {"products": [old | {"variants": [{"spec": "蓝", "stock": 1, "sku": "old-2"}]}]},
    )
    assert buyer.act("cancel").json()["refund_fen"] == 100
    can = buyer.get(f"/v1/orders/{buyer.numbers[1]}").json()["can"]
    assert (can["resend"]["cause"], can["exchange"]["allowed"]) == ("out_of_stock", True)
    load(settings.shop_database, {"products": GOODS})
