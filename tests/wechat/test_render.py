"""Messages of the log as WeChat's texts: cards are lines that say nothing twice."""

from typing import Any

import pytest

from bot.channels.wechat.render import render
from bot.conversations.models import Message

SCANS = [
    {"at": "2026-11-22T12:08:00+00:00", "place": "杭州市", "text": "快件已发车"},
    {"at": "2026-11-22T05:32:00+00:00", "place": None, "text": "快件到达"},
]
LOGISTICS = {
    "kind": "logistics",
    "courier": "顺丰速运",
    "tracking_no": "SF139",
    "status_text": "运输中",
    "expected_at": "2026-11-24T10:00:00+00:00",
    "events": SCANS,
}
ORDER = {
    "kind": "order",
    "order_no": "2026112000012345",
    "status_text": "已发货",
    "items": [{"name": "跑鞋", "spec": "42", "qty": 1}],
    "total_fen": 46900,
}
RETURN = {
    "kind": "return",
    "title": "退货退款",
    "id": "A1",
    "status_text": "已通过",
    "items": [{"name": "围巾", "spec": None, "qty": 2}],
    "target": None,
    "refund_fen": 9403,
    "return_address": {"name": "售后部", "phone": "0571", "text": "通益路 8 号"},
}
TICKET = {"kind": "ticket", "ticket_no": "T100001", "status_text": "待处理", "title": "鞋子开胶"}
PRODUCT = {"kind": "product", "name": "跑鞋", "price_fen": 46900, "summary": None, "stock_text": "有货"}


@pytest.mark.parametrize(
    ("card", "lines"),
    [
        (
            LOGISTICS,
            [
                "顺丰速运 SF139（运输中）",
                "预计 11-24 送达",
                "11-22 20:08 杭州市 快件已发车",
                "11-22 13:32 快件到达",
            ],
        ),
        (ORDER, ["订单 2026112000012345（已发货）", "跑鞋 42 ×1", "合计 ¥469.00"]),
        (
            RETURN,
            ["退货退款 A1（已通过）", "围巾 ×2", "退款 ¥94.03", "寄回地址：售后部 0571 通益路 8 号"],
        ),
        (TICKET, ["工单 T100001（待处理）", "鞋子开胶"]),
        (PRODUCT, ["跑鞋 ¥469.00", "有货"]),
        ({"kind": "unheard of"}, []),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_a_card_is_lines(card: dict[str, Any], lines: list[str]) -> None:
    shown = render(Message(text="您好", content={"card": card}))
    assert shown.text == "\n\n".join(filter(None, ["您好", "\n".join(lines)]))
    assert shown.plain


def test_a_card_does_not_repeat_the_words_beside_it() -> None:
    said = "由顺丰速运运送，运单号 SF139，预计明天送达。最新动态：快件已发车"
    assert render(Message(text=said, content={"card": LOGISTICS})).text == f"{said}\n\n11-22 13:32 快件到达"
    said = "已经登记好了，工单号 T100001。"
    assert render(Message(text=said, content={"card": TICKET})).text == said


def test_buttons_come_with_the_text() -> None:
    content = {"buttons": [{"title": "转人工", "payload": "/human"}], "cards": [TICKET, TICKET]}
    shown = render(Message(text=None, content=content))
    assert shown.buttons == (("转人工", "/human"),) and not shown.plain
    assert shown.text.count("T100001") == 2
