"""The second request of a message."""

from typing import Any

import pytest

from bot.engine.requests import about_me, another, beside_numbers, clauses, of_goods


def read(name: str, counts_as: str | None = None, topic: str = "") -> dict[str, Any]:
    intent = {"name": name, "confidence": 0.9} | ({"counts_as": counts_as} if counts_as else {})
    ranking = [{"intent_response_key": f"faq/{topic}", "title": "运费谁出"}]
    return {"intent": intent, "response_selector": {"faq": {"ranking": ranking}}}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("订单取消，另外发票怎么开", ["订单取消", "发票怎么开"]),
        ("查一下物流 顺便改个地址", ["查一下物流", "改个地址"]),
        ("我想退货", []),
        ("好，退货", []),
        ("我不是要退货，我想问什么时候到", []),
        ("一二三。" * 9, ["一二三"] * 4),
    ],
)
def test_clauses(text: str, parts: list[str]) -> None:
    assert clauses(text) == parts


@pytest.mark.parametrize(
    ("whole", "parts", "payload"),
    [
        pytest.param("cancel_order", ["cancel_order", "invoice"], "/invoice", id="two requests"),
        pytest.param("cancel_order", ["cancel_order", "cancel_order"], None, id="one request twice"),
        pytest.param("cancel_order", ["stock", "invoice"], None, id="parts of one request"),
        pytest.param("cancel_order", ["cancel_order", "thanks"], None, id="thanks are no request"),
        pytest.param("cancel_order", ["nlu_fallback", "cancel_order"], None, id="an unclear part"),
        pytest.param("nlu_fallback", ["nlu_fallback", "invoice"], None, id="nothing clear before"),
    ],
)
def test_the_other_request(whole: str, parts: list[str], payload: str | None) -> None:
    button = another(read(whole), [read(part) for part in parts])
    assert (button and button["payload"]) == payload


def test_a_topic_may_be_the_other_request() -> None:
    question = read("faq", "shipping_fee", "postage")
    assert another(read("invoice"), [read("invoice"), question]) == {
        "title": "运费谁出",
        "payload": "/faq/postage",
    }
    assert another(read("shipping_fee"), [read("shipping_fee"), question]) is None


@pytest.mark.parametrize(
    ("text", "intent", "rest"),
    [
        ("查快递 2026112000012345", "inform", "查快递"),
        ("我要退货，订单号2026112000012345", "nlu_fallback", "我要退货"),
        ("2026112000012345", "inform", None),
        ("订单号是2026112000012345", "inform", None),
        ("取消订单2026112000012345", "cancel_order", None),
    ],
)
def test_what_stands_beside_a_number(text: str, intent: str, rest: str | None) -> None:
    start = text.index("2026")
    number = {"entity": "order_no", "start": start, "end": start + 16}
    assert beside_numbers({"text": text, "intent": {"name": intent}, "entities": [number]}) == rest


@pytest.mark.parametrize(
    ("text", "intent", "asked"),
    [
        ("查一下我现在有多少积分", "membership_points", "membership_points"),
        ("我这张优惠券怎么用不了啊", "coupon_promo", "coupon_promo"),
        ("最近店里有什么优惠活动", "coupon_promo", "coupon_promo"),
        ("我的积分怎么用", "membership_points", None),
        ("怎么领券", "coupon_promo", None),
        ("查一下我现在有多少积分", "order_status", None),
    ],
)
def test_what_is_asked_of_the_shops_records(text: str, intent: str, asked: str | None) -> None:
    ranking = [{"name": "faq", "counts_as": intent}]
    assert about_me({"text": text, "intent_ranking": ranking}) == asked


@pytest.mark.parametrize(
    ("text", "counts_as", "entity", "asked"),
    [
        ("护眼台灯有货吗", "stock", "product", "stock"),
        ("护眼台灯什么时候补货", "stock", "product", None),
        ("缺货了怎么办", "stock", "time", None),
        ("护眼台灯是正品吗", "product_info", "product", None),
    ],
)
def test_what_the_catalogue_answers(text: str, counts_as: str, entity: str, asked: str | None) -> None:
    parsed = {
        "text": text,
        "intent": {"name": "faq", "counts_as": counts_as},
        "entities": [{"entity": entity}],
    }
    assert of_goods(parsed) == asked
