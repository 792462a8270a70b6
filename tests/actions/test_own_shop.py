"""The worked example of the guide: it passes the check, and acts as it says."""

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from actions.backend.check import check
from actions.backend.choice import connect
from actions.backend.contract import Customer, NotFound, Refused, Shop, Unavailable
from bot.settings import Settings
from docs.examples import try_as_customer
from tests.servers import serving

GOODS = {"spu": "g1", "title": "护眼台灯", "price": "89.50", "left": 4}


def sold(sn: str, uid: str, state: str) -> dict[str, Any]:
    return {
        "sn": sn,
        "uid": uid,
        "state": state,
        "created": "2026-11-20 10:00:00",
        "goods": [{"title": "护眼台灯", "num": 1, "price": "89.50", "sku": "g1-1"}],
        "pay": "89.50",
        "paid": state != "WAIT_PAY",
        "name": "林晓雨",
        "mobile": "13800136688",
        "region": "浙江杭州市西湖区",
    }


class Site:
    """The shop of the example."""

    def __init__(self) -> None:
        rows = [sold("A1", "u1", "WAIT_SEND"), sold("A2", "u1", "SENT"), sold("A3", "u2", "WAIT_SEND")]
        self.orders = {row["sn"]: row for row in rows}
        self.closed: list[dict[str, str]] = []

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/user/{id}", self.user),
                Route("/api/user/{id}/orders", self.of_user),
                Route("/api/order/{sn}", self.order),
                Route("/api/order/{sn}/close", self.close, methods=["POST"]),
                Route("/api/goods", lambda _: JSONResponse({"rows": [GOODS], "count": 1})),
                Route("/api/goods/{id}", lambda _: JSONResponse(GOODS)),
            ]
        )

    def user(self, request: Request) -> Response:
        return JSONResponse({"nick": "晓雨", "mobile": "13800136688"})

    def of_user(self, request: Request) -> Response:
        rows = [row for row in self.orders.values() if row["uid"] == request.path_params["id"]]
        return JSONResponse({"rows": rows, "count": len(rows)})

    def order(self, request: Request) -> Response:
        row = self.orders.get(request.path_params["sn"])
        return JSONResponse(row) if row else JSONResponse({"errno": 4041}, 404)

    async def close(self, request: Request) -> Response:
        row = self.orders[request.path_params["sn"]]
        if row["state"] != "WAIT_SEND" and not self.closed:
            return JSONResponse({"errno": 4091}, 409)
        self.closed.append(await request.json())
        row["state"] = "CLOSED"
        return JSONResponse({})


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def shop(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Shop]:
    with serving(site.app()) as address:
        monkeypatch.setenv("OWN_SHOP_URL", address)
        monkeypatch.setenv("OWN_SHOP_TOKEN", "t")
        yield connect(Settings(data_dir=tmp_path, shop_adapter="docs.examples.own_shop:connect"))


def test_the_example_passes_the_check(shop: Shop, site: Site) -> None:
    findings = list(check(shop, "u1", "A1", phone_tail="6688", writes=True))
    assert [f for f in findings if not f.ok] == [] and not site.closed


def test_the_example_cancels_and_refuses(shop: Shop, site: Site) -> None:
    hers = Customer("u1")
    assert shop.cancel(hers, "A1", key="m1", dry_run=False).refund_fen == 8950
    assert site.closed == [{"request_id": "m1", "why": ""}]
    with pytest.raises(Refused):
        shop.cancel(hers, "A2", key="m2", dry_run=True)
    with pytest.raises(NotFound):
        shop.cancel(hers, "A3", key="m3", dry_run=False)
    site.orders["A1"]["state"] = "NEW_STATE"
    with pytest.raises(Unavailable):
        shop.order(hers, "A1")
    site.orders["A2"]["pay"] = "面议"
    with pytest.raises(Unavailable):
        shop.order(hers, "A2")


def test_an_address_that_does_not_exist_is_no_missing_order(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with serving(site.app()) as address:
        monkeypatch.setenv("OWN_SHOP_URL", f"{address}/v2")
        monkeypatch.setenv("OWN_SHOP_TOKEN", "t")
        elsewhere = connect(Settings(data_dir=tmp_path, shop_adapter="docs.examples.own_shop:connect"))
        with pytest.raises(Unavailable):
            elsewhere.order(Customer("u1"), "A1")


def test_the_page_to_try_with_carries_the_customers_token(tmp_path: Any) -> None:
    settings = Settings(data_dir=tmp_path)
    with serving(try_as_customer.app(settings, "u1", "林晓雨")) as address:
        page = httpx.get(address).text
    token = page.split('data-customer-token="')[1].split('"')[0]
    claims = jwt.decode(token, settings.customer_secret, algorithms=["HS256"], audience="chat")
    assert (claims["sub"], claims["name"]) == ("u1", "林晓雨") and f"{settings.front}/widget.js" in page
