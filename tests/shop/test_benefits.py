"""Coupons, points, promotions, and finding goods."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.settings import Settings
from bot.shop.loading import load

from .conftest import BOTH, Buyer, an_order

pytestmark = BOTH
Given = Callable[..., Buyer]

COUPON = {"name": "券", "off_fen": 1000, "until": "now+1d"}


@pytest.mark.parametrize(
    ("coupon", "status", "cause"),
    [
        ({}, "pending_payment", ""),
        ({"threshold_fen": 15000}, "pending_payment", ""),
        ({"threshold_fen": 15001}, "pending_payment", "threshold"),
        ({"category": "服装", "threshold_fen": 10000}, "pending_payment", ""),
        ({"category": "服装", "threshold_fen": 10001}, "pending_payment", "threshold"),
        ({"category": "家居"}, "pending_payment", "scope"),
        ({}, "paid", "status"),
        ({}, "cancelled", "status"),
        ({"used": "now-1h"}, "pending_payment", "used"),
        ({"until": "now-1h"}, "pending_payment", "expired"),
        ({"from": "now+1h"}, "pending_payment", "not_started"),
    ],
)
def test_coupons_of_an_order(given: Given, coupon: dict[str, Any], status: str, cause: str) -> None:
    buyer = given(an_order(status, "shirt-m", "tea-1"), coupons=[COUPON | coupon])
    path = f"/v1/customers/{buyer.id}/coupons"
    (told,) = buyer.get(path, order=buyer.no).json()["items"]
    assert (told["usable"].get("cause", ""), told["usable"]["allowed"]) == (cause, not cause)
    assert not cause or told["usable"]["reason"].endswith("。")
    (alone,) = buyer.get(path).json()["items"]
    by_itself = cause if cause in ("used", "expired", "not_started") else ""
    assert alone["usable"].get("cause", "") == by_itself
    assert alone["state"] == (by_itself or "usable")


def test_coupons_say_what_they_give(given: Given) -> None:
    for_shirts = COUPON | {"threshold_fen": 9950, "off_fen": 550, "category": "服装", "until": "now+9d"}
    buyer = given(coupons=[COUPON | {"used": "now-1d"}, for_shirts, COUPON])
    told = buyer.get(f"/v1/customers/{buyer.id}/coupons").json()["items"]
    assert [(c["text"], c.get("scope_text"), c["state_text"]) for c in told] == [
        ("立减 10 元", None, "可使用"),
        ("满 99.50 元减 5.50 元", "仅限服装类商品", "可使用"),
        ("立减 10 元", None, "已使用"),
    ]


def test_points(given: Given) -> None:
    history = [[f"now-{n}h", n, f"第 {n} 次"] for n in range(1, 25)]
    buyer = given(
        an_order("paid", "lamp-1"),
        an_order("cancelled", "lamp-1"),
        points=7,
        points_history=history,
        points_expiring=[["now+9d", 5], ["now-1d", 3], ["now+2d", 2]],
    )
    points = buyer.get(f"/v1/customers/{buyer.id}/points").json()
    assert (points["balance"], points["level_text"]) == (7, "普通会员")
    assert (points["next_level_text"], points["next_level_fen"]) == ("银卡会员", 30000)
    assert [change["points"] for change in points["history"]] == list(range(1, 21))
    assert [each["points"] for each in points["expiring"]] == [2, 5]
    gold = given(level="gold")
    assert (
        not {"next_level_text", "next_level_fen"} & gold.get(f"/v1/customers/{gold.id}/points").json().keys()
    )


def test_promotions_are_on_now_or_soon(given: Given, settings: Settings) -> None:
    spans = {
        "on": ("now-1d", "now+1d"),
        "soon": ("now+13d", "now+15d"),
        "far": ("now+15d", "now+16d"),
        "over": ("now-2d", "now-1h"),
    }
    made = [{"id": id, "title": id, "text": id, "from": f, "until": u} for id, (f, u) in spans.items()]
    load(settings.shop_database, {"promotions": made})
    told = [p["id"] for p in given().get("/v1/promotions").json()["items"]]
    assert [id for id in told if id in spans] == ["on", "soon"]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"category": "鞋靴"}, ["p2006", "p2007", "p2008"]),
        ({"category": "没有"}, []),
        ({"category": "数码", "max_fen": 13900}, ["p2010", "p2012"]),
        ({"min_fen": 30000}, ["p2001", "p2009"]),
        ({"min_fen": 15900, "max_fen": 15900}, ["p2003", "p2011"]),
        ({"q": "杯", "in_stock": True}, ["p2014"]),
        ({"category": "数码", "sort": "price_asc"}, ["p2010", "p2012", "p2011", "p2013", "p2009"]),
        ({"category": "数码", "sort": "price_desc"}, ["p2009", "p2013", "p2011", "p2012", "p2010"]),
        ({"category": "数码", "sort": "popular"}, ["p2010", "p2009", "p2012", "p2013", "p2011"]),
        ({"category": "数码", "sort": "new"}, ["p2013", "p2009", "p2011", "p2010", "p2012"]),
    ],
)
def test_finding_goods(shop: httpx.Client, asked: dict[str, Any], ids: list[str]) -> None:
    found = shop.get("/v1/products", params=asked).json()
    assert [product["id"] for product in found["items"]] == ids
    assert found["total"] == len(ids)


def test_what_is_sold_out_can_be_left_out(goods: None, settings: Settings, shop: httpx.Client) -> None:
    gone = {"id": "gone", "name": "绝版杯", "price_fen": 1, "variants": [{"spec": "红", "stock": 0}]}
    load(settings.shop_database, {"products": [gone]})
    assert shop.get("/v1/products", params={"q": "绝版"}).json()["total"] == 1
    assert shop.get("/v1/products", params={"q": "绝版", "in_stock": True}).json()["total"] == 0
