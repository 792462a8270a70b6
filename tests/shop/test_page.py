"""The demo page."""

import re
from html import unescape

import httpx
import jwt
import pytest

from bot.settings import Settings
from bot.shop.page import origin
from bot.shop.seed import customer_token, customers_for_demo


def widget_tag(page: httpx.Response) -> str:
    (tag,) = re.findall(r"<script [^>]*widget\.js[^>]*>", page.text)
    return str(tag)


def test_customers_for_demo() -> None:
    people = customers_for_demo()
    assert len(people) >= 8
    assert people[0] == {"id": "c1001", "name": "林晓雨", "about": "一个包裹正在路上"}


def test_customer_token(settings: Settings) -> None:
    token = customer_token(settings, "c1003", hours=2)
    claims = jwt.decode(token, settings.customer_secret, algorithms=["HS256"], audience="chat")
    assert (claims["sub"], claims["name"], claims["exp"] - claims["iat"]) == ("c1003", "王思琪", 7200)
    with pytest.raises(KeyError):
        customer_token(settings, "c9999")


@pytest.mark.parametrize("query", ["", "?customer=guest", "?customer=c9999", "?customer=%00<script>"])
def test_anonymous_page_has_no_token(shop: httpx.Client, settings: Settings, query: str) -> None:
    page = shop.get(f"/{query}")
    assert page.status_code == 200
    assert "data-customer-token" not in page.text
    assert widget_tag(page) == f'<script src="{settings.front}/widget.js" data-title="柜台小铺客服" async>'
    assert ">查询订单" in page.text and "我的订单 <small>" not in page.text
    assert "<script>" not in page.text


def test_customers_page(shop: httpx.Client, settings: Settings) -> None:
    page = shop.get("/?customer=c1009")
    sent = re.search(r'data-customer-token="([^"]+)"', widget_tag(page))
    assert sent
    claims = jwt.decode(sent[1], settings.customer_secret, algorithms=["HS256"], audience="chat")
    assert (claims["sub"], claims["name"]) == ("c1009", "吴梦洁")
    text = unescape(page.text)
    assert "00012019" in text and "香薰加湿器" in text and "已发货" in text
    assert "13657408295" not in text and "珞喻路" not in text
    for link in (f"{settings.office}/desk", f"{settings.office}/studio"):
        assert f'href="{link}"' in text
    assert text.count('class="person"') == len(customers_for_demo()) + 1
    assert text.count('class="product"') == 20


def test_page_headers(shop: httpx.Client, settings: Settings) -> None:
    headers = shop.get("/?customer=c1001").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' {settings.front}"
    assert policy["connect-src"] == settings.front
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_origin_drops_the_path() -> None:
    assert origin("https://shop.example:444/chat/") == "https://shop.example:444"
