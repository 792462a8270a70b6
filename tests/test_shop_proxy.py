"""The proxy's troubles, as a client of the shop meets them."""

import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers import free_port, serving
from tests.shop_proxy import Fault, ShopProxy, shop_proxy


@pytest.fixture(scope="module")
def done() -> list[str]:
    return []


@pytest.fixture(scope="module")
def proxy(done: list[str]) -> Iterator[ShopProxy]:
    async def order(request: Request) -> Response:
        said = (await request.body()).decode()
        done.append(said)
        return JSONResponse({"query": request.url.query, "said": said}, 201, {"X-Shop": "real"})

    routes = [Route("/v1/orders/{no}/cancel", order, methods=["GET", "POST"])]
    with serving(Starlette(routes=routes)) as shop, shop_proxy(shop) as proxy:
        yield proxy


def call(proxy: ShopProxy, customer: str, method: str = "POST", said: str = "") -> httpx.Response:
    acting = jwt.encode({"sub": customer}, "k" * 32, "HS256")
    url = f"{proxy.address}/v1/orders/1/cancel?a=%2F1"
    return httpx.request(method, url, content=said, headers={"Acting-Customer": acting}, timeout=5)


def test_without_a_fault_it_is_the_shop_that_answers(proxy: ShopProxy) -> None:
    answer = call(proxy, "c1", said="hello")
    assert (answer.status_code, answer.headers["X-Shop"]) == (201, "real")
    assert answer.json() == {"query": "a=%2F1", "said": "hello"}


def test_only_the_calls_named_are_troubled(proxy: ShopProxy) -> None:
    with proxy.troubled(Fault(customer="c1", method="POST", path="/v1/orders/*/cancel", ends="error")):
        assert call(proxy, "c1").status_code == 503
        assert call(proxy, "c2").status_code == call(proxy, "c1", "GET").status_code == 201
    assert call(proxy, "c1").status_code == 201


def test_a_fault_may_happen_a_number_of_times(proxy: ShopProxy) -> None:
    with proxy.troubled(Fault(ends="garbage", times=1)):
        assert call(proxy, "c1").content == b"<html>"
        assert call(proxy, "c1").status_code == 201


def test_delay(proxy: ShopProxy) -> None:
    with proxy.troubled(Fault(customer="c1", delay=0.5)):
        began = time.monotonic()
        assert call(proxy, "c1").status_code == 201
        assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize(("ends", "reaches_the_shop"), [("refused", False), ("lost", True)])
def test_no_byte_of_an_answer(proxy: ShopProxy, done: list[str], ends: str, reaches_the_shop: bool) -> None:
    with proxy.troubled(Fault(ends=ends)), pytest.raises(httpx.TransportError):  # type: ignore[arg-type]
        call(proxy, "c1", said=f"cancel, {ends}")
    assert (f"cancel, {ends}" in done) is reaches_the_shop


def test_dead_and_alive_again(proxy: ShopProxy) -> None:
    with proxy.dead(), pytest.raises(httpx.ConnectError):
        call(proxy, "c1")
    assert call(proxy, "c1").status_code == 201


def test_a_shop_that_is_away() -> None:
    with shop_proxy(f"http://127.0.0.1:{free_port()}") as proxy:
        assert call(proxy, "c1").status_code == 502
