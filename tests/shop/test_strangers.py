"""Nobody reaches another's data by any call, nor finds it by guessing; on both databases."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.shop import clock
from bot.shop.lockout import MISSES

from .conftest import BOTH, Buyer, an_order, is_problem

pytestmark = BOTH
Given = Callable[..., Buyer]
DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "order-backend.openapi.json").read_text())

# Whoever may call these has nobody's data to see.
OPEN = {"GET /v1/products", "GET /v1/products/{id}", "GET /v1/promotions", "GET /healthz"}
PROVES_ITSELF = {"POST /v1/verifications"}
BODIES: dict[str, Any] = {
    "POST /v1/orders/{no}/address": {"text": "上海市静安区"},
    "POST /v1/orders/{no}/remark": {"text": "一"},
    "POST /v1/orders/{no}/invoice": {"kind": "personal", "title": "个人"},
}
CALLS = sorted(
    f"{method.upper()} {path}"
    for path, calls in DOCUMENT["paths"].items()
    for method in calls
    if f"{method.upper()} {path}" not in OPEN | PROVES_ITSELF
)
AFTER_SALE = {"kind": "return", "reason": "other", "created": "now-1h", "items": [{"sku": "shirt-m"}]}


def requests(call: str, victim: Buyer, id: str) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """All ways to name the victim's data in this call."""
    method, path = call.split()
    if "/customers/" in path:
        yield method, path.replace("{id}", victim.id), {}, None
    elif "{" in path:
        named = path.replace("{no}", victim.no).replace("{id}", id)
        yield method, named, {}, BODIES.get(call)
    elif method == "POST":
        body = {key: AFTER_SALE[key] for key in ("kind", "reason")}
        yield method, path, {}, body | {"order_no": victim.no, "items": [{"sku": "shirt-m", "qty": 1}]}
    else:
        yield method, path, {"customer": victim.id}, None
        if path != "/v1/orders":
            yield method, path, {"order": victim.no}, None


def send(
    shop: httpx.Client, header: dict[str, str], how: tuple[str, str, dict[str, str], Any]
) -> httpx.Response:
    method, path, params, body = how
    key = {"Idempotency-Key": "k"} if method == "POST" else {}
    return shop.request(method, path, params=params, json=body, headers=header | key)


def test_every_call_is_tried(backend: str) -> None:
    assert len(CALLS) == 18


@pytest.mark.parametrize("call", CALLS)
def test_another_customer_is_not_there(given: Given, shop: httpx.Client, call: str) -> None:
    victim, stranger = given(an_order("delivered", after_sales=[AFTER_SALE])), given(an_order("paid"))
    (one,) = victim.get("/v1/returns").json()["items"]
    before = victim.order(), one
    for how in requests(call, victim, one["id"]):
        theirs = send(shop, stranger.header(), how)
        assert is_problem(theirs, 404, "not-found")
        # Exactly as what does not exist at all.
        nowhere = [
            json.loads(json.dumps(part).replace(victim.no, "nobody-1").replace(one["id"], "A0"))
            for part in how
        ]
        missing = send(shop, stranger.header(), tuple(nowhere))  # type: ignore[arg-type]
        assert missing.content == theirs.content
        assert is_problem(send(shop, {}, how), 401, "customer-token-required")
        assert is_problem(send(shop, {"Acting-Customer": "forged"}, how), 401, "invalid-token")
        without = httpx.request(how[0], shop.base_url.join(how[1]), headers=victim.header(), trust_env=False)
        assert is_problem(without, 401, "invalid-service-token")
    assert (victim.order(), victim.get("/v1/returns").json()["items"][0]) == before


@pytest.mark.parametrize("call", CALLS)
def test_a_visitor_sees_one_order_only(given: Given, shop: httpx.Client, call: str) -> None:
    """The victim is she herself: her other order, and what belongs to her account."""
    her = given(an_order("paid"), an_order("delivered", after_sales=[AFTER_SALE]))
    (one,) = her.get("/v1/returns").json()["items"]
    other = Buyer(shop, her.id, her.phone, her.numbers[1:], her.header)
    visitor = her.visitor()
    for how in requests(call, other, one["id"]):
        assert is_problem(send(shop, visitor.header(), how), 404, "not-found")


def test_a_visitor_sees_her_order_whole(given: Given) -> None:
    her = given(an_order("delivered", "tea-1", "shirt-m"), an_order("delivered", after_sales=[AFTER_SALE]))
    visitor = her.visitor()
    made = visitor.ask("refund_only", "missing", "tea-1").json()
    assert [one["id"] for one in visitor.get("/v1/returns").json()["items"]] == [made["id"]]
    assert visitor.get(f"/v1/returns/{made['id']}").json() == made
    assert visitor.refunds() == [5000] and her.get("/v1/returns").json()["total"] == 2
    assert [order["no"] for order in visitor.get("/v1/orders").json()["items"]] == [her.no]


def test_coupons_are_not_told_about_others_orders(given: Given) -> None:
    stranger, victim = given(an_order("paid")), given(an_order("pending_payment"))
    path = f"/v1/customers/{stranger.id}/coupons"
    assert is_problem(stranger.get(path, order=victim.no), 404, "not-found")


def test_guessing_is_locked_and_unlocked(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    guesser, bystander = given(an_order("delivered")), given(an_order("paid"))
    for number in range(MISSES):
        for _ in range(2):  # the same number again counts once
            assert is_problem(guesser.get(f"/v1/orders/guess-{number}"), 404, "not-found")
    assert guesser.get(f"/v1/orders/{guesser.no}").status_code == 200
    assert is_problem(guesser.ask("return", "other", "shirt-m", order_no="one-more"), 429, "too-many-misses")
    own = f"/v1/orders/{guesser.no}"
    for answer in (
        guesser.get(own),
        guesser.get(f"{own}/shipments"),
        guesser.post(f"{own}/remark", {"text": "一"}),
        guesser.post(f"{own}/cancel", dry=True),
        guesser.get("/v1/returns", order=guesser.no),
        guesser.get("/v1/returns/A0"),
        guesser.get("/v1/refunds", order=guesser.no),
        guesser.ask("return", "other", "shirt-m"),
    ):
        assert is_problem(answer, 429, "too-many-misses")
        assert 0 < int(answer.headers["retry-after"]) <= 900
    assert guesser.get("/v1/orders").json()["total"] == 1
    assert bystander.order()["no"] == bystander.no
    real = clock.now
    monkeypatch.setattr("bot.shop.clock.now", lambda: real() + timedelta(minutes=15))
    assert guesser.get(own).status_code == 200


def test_guesses_at_once_are_all_counted(given: Given) -> None:
    guesser = given(an_order("paid"))
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda n: guesser.get(f"/v1/orders/many-{n}").status_code, range(30)))
    assert statuses.count(404) <= MISSES and set(statuses) == {404, 429}
