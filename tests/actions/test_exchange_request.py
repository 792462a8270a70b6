"""exchange_request: for which variant."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "exchange_request_form"


@pytest.mark.parametrize(
    ("id", "sku", "text", "entities", "target", "reason"),
    [
        ("x1", "p2006-1", "鞋子38小了换40", {"size": "40"}, "月光白 40", "wrong_size"),
        ("x2", "p2003-1", "裤子换大一码", {}, "深蓝 28", "wrong_size"),
        ("x3", "p2003-3", "裤子大了，换小两码", {"reason": "wrong_size"}, "深蓝 27", "wrong_size"),
        ("x4", "p2009-1", "换成黑色的", {"colour": "黑色"}, "石墨黑", "no_longer_wanted"),
        ("x5", "p2002-1", "想换燕麦色", {"colour": "米白色"}, "燕麦色 M", "no_longer_wanted"),
        ("x6", "p2002-1", "要L码", {"size": "L"}, "雾蓝 L", "wrong_size"),
    ],
)
def test_the_variant_is_found_by_what_people_say(
    actions: ActionServer,
    settings: Settings,
    shop: RestShop,
    id: str,
    sku: str,
    text: str,
    entities: dict[str, str],
    target: str,
    reason: str,
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, {**DELIVERED, "items": [{"sku": sku}]}))
    shown = talk.say(text, "exchange_request", **entities)
    assert shown.names == ["utter_after_sales_propose_exchange"]
    assert shown.responses[0]["target"].endswith(f" {target}")
    talk.say("好的", "affirm")
    made = shop.after_sales(Customer(id)).items[0]
    assert made.target and (made.target.spec, made.reason) == (target, reason)


def test_what_is_sold_out_is_said_and_something_else_taken(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "x7", {**DELIVERED, "items": [{"sku": "p2001-3"}]}))
    told = talk.say("羽绒服小了换大一码", "exchange_request", reason="wrong_size")
    assert told.names == ["utter_exchange_request_not_there"]
    assert told.responses[0]["spec"] == "米白 L"
    assert not any("p2001-4" in payload for payload in told.buttons)
    shown = talk.tap(choice="p2001-2")
    assert shown.responses[0]["target"].endswith("曜石黑 L")


def test_a_variant_of_another_price_is_ruled_out(actions: ActionServer, settings: Settings) -> None:
    variants = [
        {"sku": "px-1", "spec": "小号", "stock": 3},
        {"sku": "px-2", "spec": "中号", "stock": 3},
        {"sku": "px-3", "spec": "大号", "stock": 3, "price_fen": 9900},
    ]
    product = {"id": "px", "name": "收纳箱", "price_fen": 6900, "variants": variants}
    load(settings.shop_database, {"products": [product]})
    talk = FormTalk(actions, FORM, given(settings, "x11", {**DELIVERED, "items": [{"sku": "px-1"}]}))
    talk.say("换货", "exchange_request")
    told = talk.tap(choice="px-3")
    assert told.names == ["utter_after_sales_not_so", "utter_exchange_request_which"]
    assert "价格" in told.responses[0]["reason"]
    assert told.buttons == ['/inform{"choice": "px-2"}']


def test_another_variant_may_be_named_until_the_yes(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "x8", {**DELIVERED, "items": [{"sku": "p2006-1"}]}))
    assert talk.say("换货", "exchange_request").names == ["utter_exchange_request_which"]
    shown = talk.tap(choice="p2006-3")
    assert shown.responses[0]["target"].endswith("石墨灰 42")
    other = talk.say("换成43的吧", "exchange_request", size="43")
    assert other.responses[0]["target"].endswith("石墨灰 43")


def test_where_there_is_nothing_to_choose_the_shop_says_why(
    actions: ActionServer, settings: Settings
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "x9", {**DELIVERED, "items": [{"sku": "p2015-1"}]}))
    told = talk.say("换货", "exchange_request")
    assert told.names == ["utter_refused"] and "/human_agent" in told.buttons


def test_only_one_of_two_items_is_exchanged_and_changed(actions: ActionServer, settings: Settings) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2007-1"}, {"sku": "p2008-1"}]}
    talk = FormTalk(actions, FORM, given(settings, "x10", order))
    asked = talk.say("换40码", "exchange_request", size="40")
    assert asked.names == ["utter_after_sales_which"]
    assert not any("all" in payload for payload in asked.buttons)
    assert talk.say("小白鞋").responses[0]["target"].endswith("米白 40")  # the size was said before
    assert talk.say("不对，是雪地靴", "deny").names == ["utter_exchange_request_which"]
    assert talk.tap(choice="p2008-2").responses[0]["target"].endswith("栗色 40")
