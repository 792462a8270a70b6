"""How the client of the order contract writes: what it sends, and what it makes of the answers."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from actions.backend.contract import (
    AfterSaleRequest,
    Customer,
    Locked,
    NewAddress,
    Part,
    Refused,
    Shop,
    Unavailable,
    Visitor,
)
from actions.backend.rest import RestShop
from tests.servers import serving

SECRET = "the service secret of the tests, long enough"
WHO = Customer("c1")
WANTED = AfterSaleRequest("N1", "exchange", [Part("S", 1)], "wrong_size", target_sku="M")
AT = "2026-11-20T10:00:00+08:00"
AFTER_SALE = {
    "id": "R1",
    "order_no": "N1",
    "kind": "exchange",
    "kind_text": "换货",
    "state": "approved",
    "state_text": "已同意",
    "items": [{"sku": "S", "name": "衬衫", "qty": 1}],
    "reason": "wrong_size",
    "reason_text": "尺码不合适",
    "created_at": AT,
}
Write = Callable[..., Any]
# A call, where it goes, its body, and a good answer.
WRITES: dict[str, tuple[Write, str, Any, Any]] = {
    "cancel": (
        lambda s, **o: s.cancel(WHO, "N1", "不要了", **o),
        "/v1/orders/N1/cancel",
        {"reason": "不要了"},
        {"refund_fen": 100},
    ),
    "address": (
        lambda s, **o: s.change_address(WHO, "N1", NewAddress(text="新街", phone="13800000000"), **o),
        "/v1/orders/N1/address",
        {"text": "新街", "phone": "13800000000"},
        {"name": "林**", "phone": "138****0000", "text": "浙江****"},
    ),
    "urge": (lambda s, **o: s.urge(WHO, "N1", **o), "/v1/orders/N1/urge", None, {"promised_at": AT}),
    "remark": (
        lambda s, **o: s.remark(WHO, "N1", "包好", **o),
        "/v1/orders/N1/remark",
        {"text": "包好"},
        {"order_no": "N1", "remark": "包好"},
    ),
    "invoice": (
        lambda s, **o: s.invoice(WHO, "N1", kind="personal", title="林", **o),
        "/v1/orders/N1/invoice",
        {"kind": "personal", "title": "林"},
        {"kind": "personal", "title": "林", "amount_fen": 1, "state": "requested", "state_text": "已申请"},
    ),
    "price": (
        lambda s, **o: s.protect_price(WHO, "N1", **o),
        "/v1/orders/N1/price-protection",
        None,
        {"refund_fen": 5, "items": []},
    ),
    "return": (
        lambda s, **o: s.request_after_sale(WHO, WANTED, **o),
        "/v1/returns",
        {
            "order_no": "N1",
            "kind": "exchange",
            "items": [{"sku": "S", "qty": 1}],
            "reason": "wrong_size",
            "note": "",
            "evidence": [],
            "target_sku": "M",
        },
        AFTER_SALE,
    ),
    "withdraw": (
        lambda s, **o: s.withdraw_after_sale(WHO, "R1", **o),
        "/v1/returns/R1/withdraw",
        None,
        AFTER_SALE,
    ),
}


class Backend:
    """Answers whatever it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str | None, Any]] = []
        self.answer: Callable[[], Response] = lambda: JSONResponse({})

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.asked.append(
            (
                request.url.path,
                dict(request.query_params),
                request.headers.get("idempotency-key"),
                json.loads(body) if body else None,
            )
        )
        return self.answer()


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def shop(backend: Backend) -> Iterator[Shop]:
    with serving(Starlette(routes=[Route("/{any:path}", backend.take, methods=["GET", "POST"])])) as address:
        yield RestShop(address, SECRET)


@pytest.mark.parametrize("name", WRITES)
def test_each_write_goes_to_its_place_with_its_key(backend: Backend, shop: Shop, name: str) -> None:
    call, path, body, answer = WRITES[name]
    backend.answer = lambda: JSONResponse(answer, 201)
    done = call(shop, key="m1", dry_run=False)
    told = call(shop, key="m1", dry_run=True)
    assert backend.asked == [(path, {}, "m1", body), (path, {"dry_run": "true"}, None, body)]
    assert done == told


@pytest.mark.parametrize("name", WRITES)
def test_a_refusal_brings_its_cause_and_reason(backend: Backend, shop: Shop, name: str) -> None:
    problem = {"type": "not-allowed", "title": "x", "status": 409, "cause": "late", "reason": "已过期限。"}
    backend.answer = lambda: JSONResponse(problem, 409)
    with pytest.raises(Refused) as refused:
        WRITES[name][0](shop, key="m1", dry_run=True)
    assert (refused.value.cause, refused.value.reason) == ("late", "已过期限。")


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (409, {"type": "not-allowed", "cause": "late"}),
        (409, {"type": "not-allowed", "cause": "late", "reason": ""}),
        (409, {"type": "other", "cause": "late", "reason": "已过期限。"}),
        (409, ["not-allowed"]),
        (422, {"type": "idempotency-key-reused"}),
        (200, {"refund_fen": "much"}),
        (500, {"type": "not-allowed", "cause": "late", "reason": "已过期限。"}),
    ],
)
def test_any_other_answer_leaves_open_what_was_done(
    backend: Backend, shop: Shop, status: int, problem: Any
) -> None:
    backend.answer = lambda: JSONResponse(problem, status)
    with pytest.raises(Unavailable):
        shop.cancel(WHO, "N1", key="m1", dry_run=False)
    assert len(backend.asked) == 1


def test_too_many_misses_lock_reads_and_writes(backend: Backend, shop: Shop) -> None:
    backend.answer = lambda: JSONResponse({"type": "too-many-misses"}, 429, {"Retry-After": "77"})
    for call in (
        lambda: shop.order(WHO, "N1"),
        lambda: shop.urge(Visitor("token"), "N1", key="m1", dry_run=False),
    ):
        with pytest.raises(Locked) as locked:
            call()
        assert locked.value.retry_after == 77


def test_a_write_whose_answer_is_cut_off_is_not_sent_again() -> None:
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    taken.append(connection.recv(65536))

        threading.Thread(target=serve, daemon=True).start()
        shop = RestShop(f"http://127.0.0.1:{server.getsockname()[1]}", SECRET)
        with pytest.raises(Unavailable):
            shop.urge(WHO, "N1", key="m1", dry_run=False)
        assert len(taken) == 1 and b"Idempotency-Key: m1" in taken[0]
        server.shutdown(socket.SHUT_RDWR)


def test_a_write_is_tried_again_where_no_connection_was_had(monkeypatch: pytest.MonkeyPatch) -> None:
    # The one connection that the shop would have taken is gone: it comes back while the client waits.
    tried: list[object] = []
    connect = socket.socket.connect

    def refused_once(self: socket.socket, address: Any) -> None:
        tried.append(address)
        if len(tried) == 1:
            raise ConnectionRefusedError
        connect(self, address)

    backend = Backend()
    backend.answer = lambda: JSONResponse({})
    with serving(Starlette(routes=[Route("/{any:path}", backend.take, methods=["POST"])])) as address:
        monkeypatch.setattr(socket.socket, "connect", refused_once)
        RestShop(address, SECRET).urge(WHO, "N1", key="m1", dry_run=False)
    assert len(tried) == 2 and [asked[2] for asked in backend.asked] == ["m1"]
