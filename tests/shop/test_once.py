"""Writes are done once, or not at all; on both databases."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from bot.settings import Settings
from bot.shop import clock, database
from bot.shop.loading import load
from bot.shop.models import Base

from .conftest import BOTH, Buyer, an_order, is_problem, is_refused

pytestmark = BOTH
Given = Callable[..., Buyer]


def test_a_repetition_gets_the_same_answer(given: Given) -> None:
    buyer = given(an_order("delivered", "tea-1"), an_order("paid"))
    made = buyer.ask("refund_only", "missing", "tea-1", key="m-1")
    again = buyer.ask("refund_only", "missing", "tea-1", key="m-1")
    assert (again.status_code, again.content) == (made.status_code, made.content) == (201, made.content)
    assert (buyer.get("/v1/returns").json()["total"], buyer.refunds()) == (1, [5000])
    cancel = f"/v1/orders/{buyer.numbers[1]}/cancel"
    assert buyer.post(cancel, key="m-2").content == buyer.post(cancel, key="m-2").content
    assert buyer.refunds() == [10000, 5000]
    # Afterwards the rules forbid it, but only under another key.
    assert is_refused(buyer.post(cancel, key="m-3"), "cancelled")


def test_a_key_serves_one_call_only(given: Given) -> None:
    buyer = given(an_order("paid"), an_order("paid"))
    assert buyer.act("remark", {"text": "一"}, key="k").status_code == 200
    for other in (
        buyer.act("remark", {"text": "二"}, key="k"),
        buyer.act("cancel", key="k"),
        buyer.post(f"/v1/orders/{buyer.numbers[1]}/remark", {"text": "一"}, key="k"),
    ):
        assert is_problem(other, 422, "idempotency-key-reused")
    assert buyer.order()["remark"] == "一" and buyer.order()["status"] == "paid"
    # Another customer's key of the same name is another key.
    assert given(an_order("paid")).act("remark", {"text": "二"}, key="k").status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 81, "a/b"])
def test_keys_are_checked(given: Given, key: str) -> None:
    buyer = given(an_order("paid"))
    answer = buyer.shop.post(
        f"/v1/orders/{buyer.no}/urge",
        headers=buyer.header() | {"Idempotency-Key": key.encode()},  # type: ignore[dict-item]
    )
    assert is_problem(answer, 422, "invalid-request")


def test_a_key_is_needed(given: Given) -> None:
    buyer = given(an_order("paid"))
    for call in ("cancel", "urge", "price-protection"):
        answer = buyer.shop.post(f"/v1/orders/{buyer.no}/{call}", headers=buyer.header())
        assert is_problem(answer, 422, "idempotency-key-required")


def test_a_refusal_uses_no_key_up(given: Given, settings: Settings) -> None:
    buyer = given(an_order("pending_payment"))
    wanted = {"kind": "personal", "title": "个人"}
    assert is_refused(buyer.act("invoice", wanted, key="k"), "pending_payment")
    her = {"id": buyer.id, "name": "顾小北", "phone": buyer.phone}
    load(settings.shop_database, {"customers": [her], "orders": [paid_now(buyer)]})
    assert buyer.act("invoice", wanted, key="k").status_code == 200


def paid_now(buyer: Buyer) -> dict[str, object]:
    return {"no": buyer.no, "customer": buyer.id, **an_order("paid")}


def test_at_once_with_one_key(given: Given) -> None:
    buyer = given(an_order("delivered", "tea-1", qty=30))
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda _: buyer.ask("refund_only", "missing", "tea-1", key="same"), range(20))
        )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert (buyer.get("/v1/returns").json()["total"], buyer.refunds()) == (1, [5000])


def test_at_once_with_keys_of_their_own(given: Given) -> None:
    buyer = given(an_order("paid"), an_order("delivered", "tea-1", qty=3))
    with ThreadPoolExecutor(12) as pool:
        cancelled = Counter(a.status_code for a in pool.map(lambda _: buyer.act("cancel"), range(12)))
        body = {
            "order_no": buyer.numbers[1],
            "kind": "refund_only",
            "reason": "missing",
            "items": [{"sku": "tea-1", "qty": 1}],
        }
        returned = Counter(
            a.status_code for a in pool.map(lambda _: buyer.post("/v1/returns", body), range(12))
        )
    assert cancelled == {200: 1, 409: 11}
    assert returned == {201: 3, 409: 9}
    assert sorted(buyer.refunds()) == [5000, 5000, 5000, 10000]


def test_the_last_piece_goes_to_one(given: Given, settings: Settings, shop: httpx.Client) -> None:
    variants = [{"spec": "M", "stock": 9, "sku": "rare-m"}, {"spec": "L", "stock": 2, "sku": "rare-l"}]
    rare = {"id": "rare", "name": "限量", "price_fen": 100, "variants": variants}
    load(settings.shop_database, {"products": [rare]})
    buyers = [given(an_order("delivered", "rare-m")) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda b: b.ask("exchange", "wrong_size", "rare-m", target_sku="rare-l"), buyers)
        )
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 4}
    assert {a.json()["cause"] for a in answers if a.status_code == 409} == {"out_of_stock"}
    assert [v["stock"] for v in shop.get("/v1/products/rare").json()["variants"]] == [9, 0]


def test_trying_writes_nothing(given: Given, settings: Settings) -> None:
    requested = {"kind": "return", "reason": "other", "created": "now-1d", "items": [{"sku": "shirt-m"}]}
    buyer = given(
        an_order("paid", "shirt-m", discount_fen=10),
        an_order("delivered", after_sales=[requested]),
        an_order("delivered", "tea-1", "shirt-m"),
        an_order("paid") | {"items": [{"sku": "tea-1", "price_fen": 9000}]},
    )
    (one,) = buyer.get("/v1/returns").json()["items"]
    paid, _, _, dear = (f"/v1/orders/{no}" for no in buyer.numbers)
    wanted = {"order_no": buyer.numbers[2], "reason": "missing", "items": [{"sku": "tea-1", "qty": 1}]}
    calls = [
        (f"{paid}/cancel", None),
        (f"{paid}/address", {"text": "上海市静安区"}),
        (f"{paid}/urge", None),
        (f"{paid}/remark", {"text": "一"}),
        (f"{paid}/invoice", {"kind": "personal", "title": "个人"}),
        (f"{dear}/price-protection", None),
        ("/v1/returns", wanted | {"kind": "return"}),
        ("/v1/returns", wanted | {"kind": "refund_only"}),
        ("/v1/returns", wanted | {"kind": "resend"}),
        (f"/v1/returns/{one['id']}/withdraw", None),
    ]
    before = contents(settings)
    tried = [buyer.post(path, body, dry=True) for path, body in calls]
    assert {answer.status_code for answer in tried} == {200}
    assert contents(settings) == before
    # Doing it answers the same, but for the moment and the number.
    for (path, body), answer in zip(calls[1:6], tried[1:6], strict=True):
        done = buyer.post(path, body).json()
        same = {name for name in done if not name.endswith("_at")}
        assert {n: done[n] for n in same} == {n: answer.json()[n] for n in same}


def contents(settings: Settings) -> dict[str, list[str]]:
    opened = database.open_database(settings.shop_database)
    with opened() as session:
        rows = {
            t.name: sorted(map(str, session.execute(select(t)).all())) for t in Base.metadata.sorted_tables
        }
    database.close(opened)
    return rows


def test_keys_are_forgotten_after_a_week(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer = given(an_order("paid"))
    buyer.act("remark", {"text": "一"}, key="k")
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=8))
    assert buyer.act("remark", {"text": "二"}, key="k").status_code == 200
