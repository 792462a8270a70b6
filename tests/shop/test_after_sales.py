"""Returns, exchanges and the like: each rule, on both databases."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.settings import Settings
from bot.shop.loading import load

from .conftest import BOTH, GOODS, Buyer, an_order, is_problem, is_refused

pytestmark = BOTH
Given = Callable[..., Buyer]

PHOTO = {"evidence": ["photo-1"]}
TO_L = {"target_sku": "shirt-l"}
STUCK = [{"courier": "圆通速递", "tracking_no": "YT1", "status": "exception"}]
OVERDUE = [{"courier": "圆通速递", "tracking_no": "YT1", "status": "in_transit", "expected": "now-4d"}]
DUE = [{"courier": "圆通速递", "tracking_no": "YT1", "status": "in_transit", "expected": "now-2d"}]

# Each line: status, how long ago, sku, kind, reason, what else is said, and the cause of the refusal, or
# "state refund postage".
RULES: list[tuple[str, str, str, str, str, dict[str, Any], str]] = [
    ("pending_payment", "1d", "shirt-m", "return", "other", {}, "pending_payment"),
    ("paid", "1d", "shirt-m", "return", "other", {}, "paid"),
    ("shipped", "1d", "shirt-m", "return", "other", {}, "shipped"),
    ("cancelled", "1d", "shirt-m", "return", "other", {}, "cancelled"),
    ("delivered", "6d", "shirt-m", "return", "no_longer_wanted", {}, "approved 10000 customer"),
    ("completed", "6d", "shirt-m", "return", "wrong_size", {}, "approved 10000 customer"),
    ("delivered", "6d", "shirt-m", "return", "not_as_described", {}, "approved 10000 shop"),
    ("delivered", "8d", "shirt-m", "return", "no_longer_wanted", {}, "late"),
    ("delivered", "8d", "shirt-m", "return", "not_as_described", {}, "late"),
    ("delivered", "8d", "shirt-m", "return", "quality", PHOTO, "requested 10000 shop"),
    ("delivered", "8d", "shirt-m", "return", "quality", {}, "evidence"),
    ("delivered", "8d", "shirt-m", "return", "missing", {}, "approved 10000 shop"),
    ("delivered", "16d", "shirt-m", "return", "quality", PHOTO, "late"),
    ("delivered", "1d", "shirt-m", "return", "not_received", {}, "reason"),
    ("delivered", "1d", "tea-1", "return", "no_longer_wanted", {}, "kind"),
    ("delivered", "14d", "tea-1", "return", "damaged", PHOTO, "requested 5000 shop"),
    ("shipped", "1d", "shirt-m", "exchange", "wrong_size", TO_L, "shipped"),
    ("delivered", "14d", "shirt-m", "exchange", "wrong_size", TO_L, "approved 0 customer"),
    ("delivered", "16d", "shirt-m", "exchange", "wrong_size", TO_L, "late"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_item", TO_L, "evidence"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_item", TO_L | PHOTO, "requested 0 shop"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_size", {"target_sku": "shirt-s"}, "out_of_stock"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_size", {"target_sku": "shirt-xl"}, "other_price"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_size", {"target_sku": "shirt-m"}, "target"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_size", {"target_sku": "tea-1"}, "target"),
    ("delivered", "1d", "shirt-m", "exchange", "wrong_size", {}, "target"),
    ("delivered", "1d", "tea-1", "exchange", "other", TO_L, "kind"),
    ("delivered", "1d", "shirt-m", "exchange", "missing", TO_L, "reason"),
    ("delivered", "14d", "tea-1", "refund_only", "damaged", PHOTO, "approved 5000 -"),
    ("delivered", "14d", "tea-1", "refund_only", "missing", {}, "approved 5000 -"),
    ("delivered", "14d", "tea-1", "refund_only", "quality", {}, "evidence"),
    ("delivered", "16d", "tea-1", "refund_only", "quality", PHOTO, "late"),
    ("delivered", "1d", "tea-1", "refund_only", "no_longer_wanted", {}, "reason"),
    ("delivered", "1d", "tea-1", "refund_only", "not_received", {}, "signed"),
    ("shipped", "1d", "tea-1", "refund_only", "quality", PHOTO, "shipped"),
    ("shipped", "1d", "tea-1", "refund_only", "not_received", {}, "on_the_way"),
    ("shipped", "1d", "tea-1", "refund_only", "not_received", {"shipments": DUE}, "on_the_way"),
    ("shipped", "1d", "tea-1", "refund_only", "not_received", {"shipments": STUCK}, "approved 5000 -"),
    ("shipped", "1d", "tea-1", "refund_only", "not_received", {"shipments": OVERDUE}, "approved 5000 -"),
    ("paid", "1d", "tea-1", "refund_only", "not_received", {}, "paid"),
    ("delivered", "14d", "shirt-m", "resend", "missing", {}, "approved 0 -"),
    ("delivered", "14d", "shirt-m", "resend", "damaged", PHOTO, "approved 0 -"),
    ("delivered", "14d", "shirt-m", "resend", "wrong_item", {}, "evidence"),
    ("delivered", "16d", "shirt-m", "resend", "missing", {}, "late"),
    ("delivered", "1d", "shirt-m", "resend", "wrong_size", {}, "reason"),
    ("delivered", "1d", "shirt-s", "resend", "missing", {}, "out_of_stock"),
    ("delivered", "300d", "lamp-1", "repair", "quality", {}, "approved 0 shop"),
    ("delivered", "300d", "lamp-1", "repair", "other", {}, "approved 0 customer"),
    ("delivered", "366d", "lamp-1", "repair", "quality", {}, "late"),
    ("delivered", "1d", "lamp-1", "repair", "wrong_size", {}, "reason"),
    ("delivered", "1d", "shirt-m", "repair", "quality", {}, "kind"),
    ("shipped", "1d", "lamp-1", "repair", "quality", {}, "shipped"),
]


@pytest.mark.parametrize(("status", "ago", "sku", "kind", "reason", "said", "expected"), RULES)
def test_rules(
    given: Given,
    status: str,
    ago: str,
    sku: str,
    kind: str,
    reason: str,
    said: dict[str, Any],
    expected: str,
) -> None:
    said = dict(said)
    parcels = {"shipments": said.pop("shipments", [])}
    buyer = given(an_order(status, sku, ago=f"now-{ago}", **parcels))
    for dry in (True, False):
        answer = buyer.ask(kind, reason, sku, dry=dry, **said)
        if " " not in expected:
            assert is_refused(answer, expected)
            continue
        made = answer.json()
        assert answer.status_code == (200 if dry else 201), made
        postage = made.get("postage_by", "-")
        assert f"{made['state']} {made['refund_fen']} {postage}" == expected
        assert (made["kind"], made["reason"], bool(made["id"])) == (kind, reason, not dry)
        assert made["next_step"].endswith("。") and made["timeline"]
        assert ("return_address" in made) is (made["state"] == "approved" and postage != "-")
    kept = buyer.get("/v1/returns", order=buyer.no).json()
    assert kept["total"] == (1 if " " in expected else 0)


def test_what_can_be_asked_for_is_what_can_says(given: Given) -> None:
    """What ``can`` allows is possible for one reason at least, and what it refuses for none."""
    reasons = ["no_longer_wanted", "quality", "missing", "not_received", "other"]
    parcels = {"shipments": STUCK}
    for order in (
        an_order("shipped", "tea-1", "lamp-1", **parcels),
        an_order("delivered", "shirt-m", "tea-1", "lamp-1", ago="now-10d"),
        an_order("delivered", "shirt-xl", "shirt-s", ago="now-10d"),
        an_order("completed", "tea-1", "lamp-1", ago="now-20d"),
        an_order("paid", "tea-1"),
    ):
        buyer = given(order)
        told = buyer.order()
        for kind in ("return", "exchange", "refund_only", "resend", "repair"):
            of_items = []
            for item in told["items"]:
                others = {"shirt-m": "shirt-l", "shirt-s": "shirt-m"}.get(item["sku"], "shirt-s")
                more = {"target_sku": others} if kind == "exchange" else {}
                answers = [
                    buyer.ask(kind, reason, item["sku"], dry=True, **PHOTO, **more).status_code
                    for reason in reasons
                ]
                assert item["can"][kind]["allowed"] is (200 in answers), (kind, item["sku"], answers)
                of_items.append(item["can"][kind]["allowed"])
            assert told["can"][kind]["allowed"] is any(of_items)


def test_pieces_are_returned_once(given: Given) -> None:
    buyer = given(an_order("delivered", "shirt-m", qty=3))
    first = buyer.ask("return", "no_longer_wanted", "shirt-m", 2)
    assert first.status_code == 201
    assert is_refused(buyer.ask("return", "no_longer_wanted", "shirt-m", 2), "already")
    assert is_refused(buyer.ask("exchange", "wrong_size", "shirt-m", 2, **TO_L), "already")
    assert buyer.post(f"/v1/returns/{first.json()['id']}/withdraw").json()["state"] == "withdrawn"
    assert buyer.ask("return", "no_longer_wanted", "shirt-m", 3).json()["refund_fen"] == 30000
    assert buyer.order()["can"]["return"]["cause"] == "already"


def test_one_sku_named_twice_counts_together(given: Given) -> None:
    buyer = given(an_order("delivered", qty=3))
    twice = [{"sku": "shirt-m", "qty": 2}, {"sku": "shirt-m", "qty": 2}]
    assert is_refused(buyer.ask("return", "other", "shirt-m", items=twice), "already")
    twice[0]["qty"] = 1
    assert buyer.ask("return", "other", "shirt-m", items=twice).json()["items"][0]["qty"] == 3


def test_a_coupon_is_shared_out_to_the_fen(given: Given) -> None:
    order = an_order("delivered", "shirt-m", "tea-1", qty=3, discount_fen=1000, shipping_fen=700)
    buyer = given(order)  # 45000 of goods
    parts = [buyer.ask("return", "missing", sku).json() for sku in ["shirt-m", "tea-1"] * 2]
    # 222.2 fen off each shirt, 111.1 off each tea; what rounding leaves is taken off the last tea.
    assert [part["refund_fen"] for part in parts] == [9778, 4889, 9778, 4889]
    last = buyer.ask(
        "return", "missing", "tea-1", items=[{"sku": "tea-1", "qty": 1}, {"sku": "shirt-m", "qty": 1}]
    )
    # With it everything is returned for the shop's fault: the shipping fee comes back too.
    assert last.json()["refund_fen"] == 44000 + 700 - 9778 * 2 - 4889 * 2


@pytest.mark.parametrize(("reasons", "shipping"), [(("missing", "missing"), 700), (("other", "missing"), 0)])
def test_shipping_comes_back_for_the_shops_fault_only(
    given: Given, reasons: tuple[str, str], shipping: int
) -> None:
    buyer = given(an_order("delivered", "shirt-m", "lamp-1", shipping_fen=700))
    assert buyer.ask("return", reasons[0], "shirt-m").json()["refund_fen"] == 10000
    assert buyer.ask("return", reasons[1], "lamp-1").json()["refund_fen"] == 20000 + shipping


def test_shipping_comes_back_once(given: Given) -> None:
    buyer = given(an_order("delivered", "shirt-m", "lamp-1", shipping_fen=700))
    first = buyer.ask("return", "missing", "shirt-m").json()
    assert buyer.ask("return", "missing", "lamp-1").json()["refund_fen"] == 20700
    buyer.post(f"/v1/returns/{first['id']}/withdraw")
    assert buyer.ask("return", "missing", "shirt-m").json()["refund_fen"] == 10000


def test_money_of_a_refund_without_return_is_on_its_way(given: Given) -> None:
    buyer = given(an_order("delivered", "tea-1"))
    made = buyer.ask("refund_only", "missing", "tea-1").json()
    (refund,) = buyer.get("/v1/refunds").json()["items"]
    assert (refund["after_sale"], refund["amount_fen"], refund["state"]) == (made["id"], 5000, "processing")
    assert refund["reason_text"] == "少发漏发" and refund["expected_at"] == made["expected_at"]
    given(an_order("delivered", "tea-1")).ask("return", "missing", "tea-1")
    assert buyer.get("/v1/refunds").json()["total"] == 1


def test_stock_is_reserved_and_released(given: Given, shop: httpx.Client, settings: Settings) -> None:
    def stock() -> dict[str, int]:
        return {v["sku"]: v["stock"] for v in shop.get("/v1/products/shirt").json()["variants"]}

    load(settings.shop_database, {"products": GOODS})
    buyer = given(an_order("delivered", "shirt-m", qty=2))
    exchange = buyer.ask("exchange", "wrong_size", "shirt-m", 2, **TO_L).json()
    assert exchange["target"] == {"sku": "shirt-l", "name": "衬衫", "spec": "L", "qty": 2}
    assert stock() == {"shirt-m": 900, "shirt-l": 898, "shirt-xl": 900, "shirt-s": 0}
    buyer.post(f"/v1/returns/{exchange['id']}/withdraw")
    assert stock()["shirt-l"] == 900
    buyer.ask("resend", "missing", "shirt-m")
    assert stock()["shirt-m"] == 899


@pytest.mark.parametrize(
    ("kind", "state", "cause"),
    [
        ("return", "requested", ""),
        ("exchange", "approved", ""),
        ("repair", "approved", ""),
        ("return", "received", "received"),
        ("return", "done", "done"),
        ("return", "rejected", "rejected"),
        ("return", "withdrawn", "withdrawn"),
        ("refund_only", "approved", "refund_only"),
        ("resend", "approved", "resend"),
    ],
)
def test_withdrawing(given: Given, kind: str, state: str, cause: str) -> None:
    one = {
        "kind": kind,
        "state": state,
        "reason": "other",
        "created": "now-1h",
        "items": [{"sku": "shirt-m"}],
    }
    if kind == "exchange":
        one |= TO_L
    buyer = given(an_order("delivered", after_sales=[one]))
    (told,) = buyer.get("/v1/returns").json()["items"]
    assert told["can_withdraw"].get("cause", "") == cause
    path = f"/v1/returns/{told['id']}"
    answer = buyer.post(f"{path}/withdraw", dry=True)
    assert buyer.get(path).json() == told
    answer = buyer.post(f"{path}/withdraw")
    if cause:
        assert is_refused(answer, cause) and buyer.get(path).json() == told
        return
    assert answer.json()["state"] == "withdrawn" and answer.json()["timeline"][0]["text"] == "您已撤销申请"
    assert buyer.get(path).json() == answer.json()
    assert is_refused(buyer.post(f"{path}/withdraw"), "withdrawn")


def test_lists_are_paged_and_newest_first(given: Given) -> None:
    buyer = given(an_order("delivered", "shirt-m", "tea-1", "lamp-1"), an_order("delivered"))
    made = [buyer.ask("return", "missing", sku).json()["id"] for sku in ("shirt-m", "tea-1", "lamp-1")]
    refunded = buyer.post(
        "/v1/returns",
        {
            "order_no": buyer.numbers[1],
            "kind": "refund_only",
            "reason": "missing",
            "items": [{"sku": "shirt-m", "qty": 1}],
        },
    ).json()["id"]
    pages = [buyer.get("/v1/returns", page=page, page_size=3).json() for page in (1, 2, 3)]
    assert [[one["id"] for one in page["items"]] for page in pages] == [
        [refunded, *reversed(made[1:])],
        made[:1],
        [],
    ]
    assert {page["total"] for page in pages} == {4}
    assert buyer.get("/v1/returns", order=buyer.no, customer=buyer.id).json()["total"] == 3
    assert buyer.get("/v1/refunds", order=buyer.no).json()["total"] == 0
    assert buyer.get("/v1/refunds", order=buyer.numbers[1]).json()["total"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"items": []},
        {"items": [{"sku": "shirt-m", "qty": 0}]},
        {"items": [{"sku": "shirt-m"}]},
        {"kind": "gift"},
        {"reason": "mood"},
        {"note": "长" * 201},
        {"evidence": ["x"] * 10},
        {"evidence": "photo"},
        {"order_no": "' OR 1"},
        {"order_no": None},
        {"more": 1},
    ],
)
def test_invalid_requests(given: Given, change: dict[str, Any]) -> None:
    buyer = given(an_order("delivered"))
    assert is_problem(buyer.ask("return", "other", "shirt-m", **change), 422, "invalid-request")


def test_goods_of_another_order_are_unknown(given: Given) -> None:
    buyer = given(an_order("delivered"), an_order("delivered", "tea-1"))
    assert is_problem(buyer.ask("return", "other", "tea-1"), 422, "unknown-item")
