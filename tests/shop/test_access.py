"""Tokens, verification, lock-out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest

from bot.settings import Settings
from bot.shop import auth, clock, database, lockout
from bot.shop.app import create_app
from bot.shop.models import VerificationTries

from .conftest import is_problem, serving

Acting = Callable[..., dict[str, str]]
Number = Callable[[str, str], str]


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/products", "/v1/customers/c1001", "/v1/nothing"])
@pytest.mark.parametrize("sent", [None, "Bearer wrong", "Basic x", "Bearer", "bearer é"])
def test_service_token_is_needed_everywhere(
    shop: httpx.Client, acting: Acting, path: str, sent: str | None
) -> None:
    headers = acting("c1001") | ({"Authorization": sent} if sent else {})
    request = httpx.Request(
        "GET", shop.base_url.join(path), headers=[(k.encode(), v.encode()) for k, v in headers.items()]
    )
    answer = shop.send(request)
    assert is_problem(answer, 401, "invalid-service-token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_acting_customer_is_needed(shop: httpx.Client, number: Number) -> None:
    no = number("c1001", "00012345")
    for path in ("/v1/orders", f"/v1/orders/{no}", f"/v1/orders/{no}/shipments", "/v1/customers/c1001"):
        assert is_problem(shop.get(path), 401, "customer-token-required")


def test_bad_customer_tokens(shop: httpx.Client, acting: Acting, settings: Settings) -> None:
    other = "another-secret-that-is-long-enough-for-hs256"
    unsigned = jwt.encode({"sub": "c1001", "aud": "shop", "exp": in_seconds(50)}, "", algorithm="none")
    for header in (
        acting("c1001", secret=other),
        acting("c1001", secret=settings.customer_secret),
        acting("c1001", aud="chat"),
        acting("c1001", aud=None),
        acting("c1001", exp=None),
        acting("c1001", exp=in_seconds(3600)),
        acting("c1001", order="2026112000012345"),
        acting(None),
        acting(""),
        acting(None, order=7),
        {"Acting-Customer": unsigned},
        {"Acting-Customer": "not a token"},
    ):
        assert is_problem(shop.get("/v1/orders", headers=header), 401, "invalid-token")
    old = acting("c1001", exp=in_seconds(-30))
    assert is_problem(shop.get("/v1/orders", headers=old), 401, "token-expired")


def test_verified_visitor_sees_this_order_only(shop: httpx.Client, acting: Acting, number: Number) -> None:
    no = number("c1002", "00012971")
    answer = shop.post("/v1/verifications", json={"order_no": no, "phone_tail": "2051"})
    assert answer.status_code == 200 and answer.json()["order_no"] == no
    left = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)

    header = {"Acting-Customer": answer.json()["token"]}
    assert shop.get(f"/v1/orders/{no}", headers=header).json()["no"] == no
    assert shop.get(f"/v1/orders/{no}/shipments", headers=header).json()["items"][0]["courier"] == "京东快递"
    assert [order["no"] for order in shop.get("/v1/orders", headers=header).json()["items"]] == [no]
    same_customer = number("c1002", "00013807")
    assert is_problem(shop.get(f"/v1/orders/{same_customer}", headers=header), 404, "not-found")
    assert is_problem(shop.get(f"/v1/orders/{same_customer}/shipments", headers=header), 404, "not-found")
    assert is_problem(shop.get("/v1/customers/c1002", headers=header), 404, "not-found")
    assert is_problem(shop.get("/v1/orders?customer=c1002", headers=header), 404, "not-found")

    expired = acting(None, order=no, exp=in_seconds(-60))
    assert is_problem(shop.get(f"/v1/orders/{no}", headers=expired), 401, "token-expired")


def test_the_recipients_phone_counts(shop: httpx.Client, number: Number) -> None:
    no = number("c1002", "00011518")  # sent to the brother
    buyer = shop.post("/v1/verifications", json={"order_no": no, "phone_tail": "2051"})
    assert is_problem(buyer, 403, "verification-failed")
    assert shop.post("/v1/verifications", json={"order_no": no, "phone_tail": "4417"}).status_code == 200


def test_lock_is_the_same_for_unknown_orders(shop: httpx.Client, number: Number) -> None:
    known, unknown = number("c1001", "00012345"), "2020010199999999"
    for no in (known, unknown):
        body = {"order_no": no, "phone_tail": "0000"}
        answers = [shop.post("/v1/verifications", json=body) for _ in range(7)]
        assert [a.status_code for a in answers] == [403] * 5 + [429] * 2
        assert is_problem(answers[0], 403, "verification-failed")
        assert is_problem(answers[5], 429, "verification-locked")
        assert 890 <= int(answers[5].headers["retry-after"]) <= 900
        if no == known:
            first, locked = answers[0].content, answers[5].content
            # The right phone doesn't open it now, and nothing tells that it is the right one.
            right = shop.post("/v1/verifications", json={"order_no": no, "phone_tail": "6688"})
            assert is_problem(right, 429, "verification-locked") and right.content == locked
    assert (answers[0].content, answers[5].content) == (first, locked)


def test_right_answer_forgets_wrong_tries(shop: httpx.Client, number: Number) -> None:
    no = number("c1006", "00009462")
    for tail, status in [("1111", 403)] * 4 + [("6249", 200)] + [("1111", 403)] * 5 + [("6249", 429)]:
        got = shop.post("/v1/verifications", json={"order_no": no, "phone_tail": tail})
        assert got.status_code == status


def test_tries_at_once_are_all_counted(shop: httpx.Client, number: Number) -> None:
    no = number("c1009", "00012019")

    def wrong(tail: int) -> int:
        body = {"order_no": no, "phone_tail": f"{tail:04}"}
        return shop.post("/v1/verifications", json=body).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(pool.map(wrong, range(24)))
    assert statuses == [403] * 5 + [429] * 19


def test_lock_outlives_the_process_and_ends(
    tmp_path_factory: pytest.TempPathFactory, number: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path_factory.mktemp("lock"))
    body = {"order_no": number("c1004", "00012683"), "phone_tail": "0000"}

    def answers(count: int) -> list[int]:
        with serving(create_app(settings), settings) as client:
            return [client.post("/v1/verifications", json=body).status_code for _ in range(count)]

    assert answers(5) == [403] * 5
    assert answers(1) == [429]
    real = clock.now
    monkeypatch.setattr("bot.shop.auth.now", lambda: real() + auth.LOCK - timedelta(seconds=30))
    assert answers(1) == [429]  # the try above did not prolong the lock
    monkeypatch.setattr("bot.shop.auth.now", lambda: real() + auth.LOCK + timedelta(seconds=1))
    assert answers(6) == [403] * 5 + [429]


def test_old_tries_are_cleared_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    opened = database.open_database(f"sqlite:///{tmp_path_factory.mktemp('tries') / 'shop.db'}")
    start = datetime.now(UTC)
    with opened() as session:
        for n in range(20):
            assert lockout.count_try(session, f"{n}", start, auth.WRONG_TRIES, auth.LOCK) is None
        lockout.count_try(session, "last", start + auth.LOCK, auth.WRONG_TRIES, auth.LOCK)
        session.commit()
        assert [row.order_no for row in session.query(VerificationTries)] == ["last"]
    database.close(opened)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_no": "2026112000012345"},
        {"order_no": "2026112000012345", "phone_tail": "12345"},
        {"order_no": "2026112000012345", "phone_tail": 1234},
        {"order_no": "2026112000012345", "phone_tail": "１２３４"},
        {"order_no": "x' OR '1'='1", "phone_tail": "1234"},
        {"order_no": "9" * 5000, "phone_tail": "1234"},
        {"order_no": "2026112000012345", "phone_tail": "1234", "more": 1},
        [],
        None,
    ],
)
def test_invalid_verifications(shop: httpx.Client, body: object) -> None:
    answer = shop.post("/v1/verifications", json=body)
    assert is_problem(answer, 422, "invalid-request")
    assert answer.json()["errors"]
    assert "1234" not in answer.text  # what was sent isn't echoed
