"""Problems, catalogue, OpenAPI."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from bot.settings import Settings
from bot.shop.app import create_app

from .conftest import is_problem, serving

Acting = Callable[..., dict[str, str]]
DOCUMENT = Path(__file__).parents[2] / "docs" / "order-backend.openapi.json"


def test_openapi_is_the_document_in_docs(shop: httpx.Client) -> None:
    served = httpx.get(shop.base_url.join("/openapi.json"), trust_env=False)
    assert served.status_code == 200
    assert served.json() == json.loads(DOCUMENT.read_text()), (
        "The contract changed: run `make openapi` and look at the difference."
    )


def test_every_documented_error_is_problem_json() -> None:
    document = json.loads(DOCUMENT.read_text())
    for path, calls in document["paths"].items():
        for call in calls.values():
            errors = {s: r["content"] for s, r in call["responses"].items() if s >= "400"}
            assert errors and all(list(c) == ["application/problem+json"] for c in errors.values()), path


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/static/nothing.css", 404, "not-found"),
        ("GET", "/static/../seed.yml", 404, "not-found"),
        ("GET", "/static/%2e%2e/seed.yml", 404, "not-found"),
        ("DELETE", "/v1/orders", 405, "method-not-allowed"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("GET", "/v1/orders?page=0", 422, "invalid-request"),
        ("GET", "/v1/orders?page=x", 422, "invalid-request"),
        ("GET", "/v1/orders?page=99999999999999999999", 422, "invalid-request"),
        ("GET", "/v1/orders?page_size=101", 422, "invalid-request"),
        ("GET", "/v1/orders?status=lost", 422, "invalid-request"),
        ("GET", "/v1/orders/%00", 422, "invalid-request"),
        ("GET", "/v1/orders/1%27%20OR%201", 422, "invalid-request"),
        ("GET", "/v1/products/p9999", 404, "not-found"),
        ("GET", "/v1/products?q=%00", 422, "invalid-request"),
        ("GET", f"/v1/products?q={'x' * 61}", 422, "invalid-request"),
    ],
)
def test_problems(shop: httpx.Client, acting: Acting, method: str, path: str, status: int, type: str) -> None:
    assert is_problem(shop.request(method, path, headers=acting("c1001")), status, type)


def test_broken_json_is_a_problem(shop: httpx.Client) -> None:
    for body in (b"{", b"\xff\xfe", b""):
        answer = shop.post("/v1/verifications", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        assert is_problem(answer, answer.status_code, "invalid-request")


def test_broken_database_is_a_problem(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    app = create_app(settings)
    with serving(app, settings) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        with app.state.database() as session:
            session.connection().exec_driver_sql("DROP TABLE variants")
            session.commit()
        answer = client.get("/v1/products")
        assert is_problem(answer, 500, "internal-error")
        assert "variants" not in answer.text


def test_health_needs_no_token(shop: httpx.Client) -> None:
    answer = httpx.get(shop.base_url.join("/healthz"), trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_product_in_full(shop: httpx.Client) -> None:
    product = shop.get("/v1/products/p2016").json()
    assert (product["name"], product["price_fen"], product["in_stock"]) == ("全棉四件套", 25900, True)
    assert [(v["sku"], v["price_fen"]) for v in product["variants"]] == [
        ("p2016-1", 25900),
        ("p2016-2", 27900),
    ]
    assert "size_chart" not in product
    assert [s["id"] for s in product["similar"]] == ["p2014", "p2015", "p2017"]
    assert shop.get("/v1/products/p2006").json()["size_chart"]["columns"] == ["鞋码", "脚长 mm"]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("羽绒服", ["轻暖短款羽绒服"]),
        ("鞋 38", ["云感缓震跑鞋", "复古小白鞋", "加绒雪地靴"]),
        ("65w", ["65W氮化镓充电器"]),
        ("移动电源", ["20000毫安充电宝"]),
        ("%", ["轻暖短款羽绒服"]),
        ("_", []),
        ("没有这种东西", []),
    ],
)
def test_search(shop: httpx.Client, q: str, names: list[str]) -> None:
    found = shop.get("/v1/products", params={"q": q}).json()
    assert [p["name"] for p in found["items"]] == names
    assert found["total"] == len(names)


def test_catalogue_pages(shop: httpx.Client) -> None:
    pages = [shop.get("/v1/products", params={"page": n, "page_size": 8}).json() for n in (1, 2, 3)]
    ids = [product["id"] for page in pages for product in page["items"]]
    assert ids == [f"p{2000 + n}" for n in range(1, 21)]
    assert {page["total"] for page in pages} == {20}
    picture = shop.get(httpx.URL(pages[0]["items"][0]["image"]).path)
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"


def test_a_longer_list_needs_no_more_queries(tmp_path: Path, acting: Acting) -> None:
    settings = Settings(data_dir=tmp_path)
    app = create_app(settings)
    asked: list[str] = []
    event.listen(app.state.database.kw["bind"], "before_cursor_execute", lambda *a: asked.append(a[2]))
    with serving(app, settings) as client:
        counts = []
        for size in (3, 5):
            asked.clear()
            header = acting("c1010", secret=settings.shop_service_secret)
            page = client.get("/v1/orders", params={"page_size": size}, headers=header).json()
            assert len(page["items"]) == size
            counts.append(len(asked))
    assert counts[0] == counts[1] <= 10
