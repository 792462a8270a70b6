"""return_request, and what all after-sales share: goods, number, reason, pictures."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, LATE, FormTalk, given

FORM = "return_request_form"
PAID = {"status": "paid", "placed": "T-2d", "paid": "T-2d"}
SHIPPED = {**PAID, "status": "shipped", "shipped": "T-1d"}
TWO = {**DELIVERED, "items": [{"sku": "p2004-1"}, {"sku": "p2005-1"}]}


def test_goods_and_reason_said_at_once_are_not_asked(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "u1", TWO))
    shown = talk.say("围巾不喜欢想退", "return_request", reason="no_longer_wanted")
    assert shown.names == ["utter_after_sales_propose_return"]
    assert shown.responses[0]["amount"] == "¥99.00"
    assert not shop.after_sales(Customer("u1")).items
    done = talk.say("好的", "affirm")
    assert done.names == ["utter_after_sales_done_return"]
    assert "良渚" in done.responses[0]["return_to"]
    assert done.cards[0]["kind"] == "return"
    made = shop.after_sales(Customer("u1")).items[0]
    assert (made.kind, made.reason, made.items[0].sku) == ("return", "no_longer_wanted", "p2005-1")
    assert done.slots["requested_slot"] is None


@pytest.mark.parametrize(
    ("id", "answer", "skus"),
    [
        ("u2", {"text": "围巾"}, ["p2005-1"]),
        ("u3", {"text": "第二件", "ordinal": "2"}, ["p2005-1"]),
        ("u4", {"text": "全部都退"}, ["p2004-1", "p2005-1"]),
        ("u5", {"text": "T恤和围巾"}, ["p2004-1", "p2005-1"]),
    ],
)
def test_the_goods_are_asked_for(
    actions: ActionServer, settings: Settings, id: str, answer: dict[str, str], skus: list[str]
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, TWO))
    asked = talk.say("我要退货", "return_request", reason="no_longer_wanted")
    assert asked.names == ["utter_after_sales_which"]
    assert [p for p in asked.buttons if "p200" in p] and any("all" in p for p in asked.buttons)
    assert talk.say(**answer).names == ["utter_after_sales_propose_return"]
    assert [part["sku"] for part in talk.slots["job"]["values"]["items"]] == skus


def test_another_item_is_taken_after_a_correction(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "u6", TWO))
    talk.say("围巾不喜欢想退", "return_request", reason="no_longer_wanted")
    shown = talk.say("不对，是另一件", "deny")
    assert shown.responses[0]["amount"] == "¥69.00"


@pytest.mark.parametrize(
    ("id", "text", "quantity", "amount"),
    [
        ("u7", "买了3个保温杯，用不上，退1个", "3个", "¥89.00"),
        ("u8", "保温杯用不上，退两个", "2个", "¥178.00"),
        ("u9", "保温杯用不上，三个全退了", "3个", "¥267.00"),
    ],
)
def test_as_many_as_are_said_go_back(
    actions: ActionServer, settings: Settings, id: str, text: str, quantity: str, amount: str
) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2014-1", "qty": 3}]}
    talk = FormTalk(actions, FORM, given(settings, id, order))
    shown = talk.say(text, "return_request", reason="no_longer_wanted", quantity=quantity)
    assert shown.responses[0]["amount"] == amount


def test_how_many_is_asked_where_it_is_not_said(actions: ActionServer, settings: Settings) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2014-1", "qty": 2}]}
    talk = FormTalk(actions, FORM, given(settings, "u10", order))
    assert talk.say("想退货", "return_request").names == ["utter_after_sales_how_many"]
    assert talk.tap(quantity="1").names == ["utter_after_sales_why"]
    assert talk.tap(reason="wrong_size").responses[0]["amount"] == "¥89.00"


@pytest.mark.parametrize(
    ("id", "text", "intent", "entities", "reason"),
    [
        ("u11", "质量有问题", "quality_complaint", {"reason": "quality"}, "quality"),
        ("u12", "不想要了", "cancel_order", {"reason": "no_longer_wanted"}, "no_longer_wanted"),
        ("u13", "不喜欢", "deny", {"reason": "no_longer_wanted"}, "no_longer_wanted"),
        ("u14", "老婆嫌灯光发蓝", "nlu_fallback", {}, "other"),
        ("u15", "不想说", "nlu_fallback", {}, "other"),
    ],
)
def test_the_reason_is_taken_whatever_it_was_read_as(
    actions: ActionServer,
    settings: Settings,
    id: str,
    text: str,
    intent: str,
    entities: dict[str, str],
    reason: str,
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, {**DELIVERED, "items": [{"sku": "p2015-1"}]}))
    assert talk.say("退货", "return_request").names == ["utter_after_sales_why"]
    talk.say(text, intent, **entities)
    assert talk.slots["job"]["values"]["reason"] == reason


def test_pictures_are_asked_for_explained_and_sent_along(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "u16", {**DELIVERED, "items": [{"sku": "p2018-1"}]}))
    asked = talk.say("茶叶发霉了要退货", "return_request", reason="quality")
    assert asked.names == ["utter_evidence_ask"]
    assert talk.say("没有照片", "deny").names == ["utter_evidence_why"]
    assert talk.say("不想拍", "deny").names == ["utter_evidence_stuck"]
    assert talk.tap(attachment="a" * 32).names == ["utter_after_sales_propose_return"]
    assert talk.tap(attachment="b" * 32).names == ["utter_after_sales_propose_return"]
    talk.say("确认", "affirm")
    made = shop.after_sales(Customer("u16")).items[0]
    assert (made.state, made.postage_by) == ("requested", "shop")
    assert talk.slots["evidence"] is None


@pytest.mark.parametrize(
    ("id", "order", "reason", "button"),
    [
        ("u17", LATE, "天的退货期限", "/human_agent"),
        ("u18", PAID, "取消", "/cancel_order"),
        ("u19", SHIPPED, "拒收", "/logistics_track"),
    ],
)
def test_what_the_shop_refuses_is_told_with_what_helps(
    actions: ActionServer,
    settings: Settings,
    id: str,
    order: dict[str, str],
    reason: str,
    button: str,
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, {**order, "items": [{"sku": "p2015-1"}]}))
    told = talk.say("退货", "return_request")
    assert told.names == ["utter_refused"]
    assert reason in told.responses[0]["reason"]
    assert any(payload.startswith(button) for payload in told.buttons)


def test_what_never_came_is_paid_back_without_a_return(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    parcel = {
        "courier": "中通快递",
        "tracking_no": "73100000000001",
        "status": "exception",
        "expected": "T-9d",
    }
    order = {
        "status": "shipped",
        "placed": "T-14d",
        "paid": "T-14d",
        "shipped": "T-13d",
        "shipments": [parcel],
    }
    talk = FormTalk(actions, FORM, given(settings, "u20", {**order, "items": [{"sku": "p2015-1"}]}))
    assert talk.say("我要退款", "return_request").names == ["utter_after_sales_propose_refund_only"]
    talk.say("确认", "affirm")
    assert shop.refunds(Customer("u20")).items[0].amount_fen == 14900


def test_a_change_of_mind_takes_along_what_is_known(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "u21", TWO))
    talk.say("T恤小了，退货", "return_request", reason="wrong_size")
    talk.change_to("exchange_request_form")
    shown = talk.say("还是换大一码吧", "exchange_request")
    assert shown.names == ["utter_after_sales_propose_exchange"]
    assert shown.responses[0]["target"] == "纯棉圆领T恤 白色 L"
