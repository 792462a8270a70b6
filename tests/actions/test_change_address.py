"""change_address: addresses saved and typed, and that none is shown or kept."""

import json

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer, bot, loop, user
from tests.actions.form_talk import FormTalk, given

FORM = "change_address_form"
PAID = {"status": "paid", "placed": "T-1d", "paid": "T-1d", "items": [{"sku": "p2014-1"}]}


def test_a_typed_address_is_changed_and_forgotten(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ad1", PAID))
    shown = talk.say("改到湖北省武汉市洪山区珞喻路1037号,周雨桐 13712349876", "change_address")
    assert shown.names == ["utter_change_address_propose"]
    told = json.dumps(shown.responses, ensure_ascii=False)
    assert "湖北省武汉市洪山区" in told and "137****9876" in told
    done = talk.say("好的", "affirm")
    assert done.names == ["utter_change_address_done"]
    assert "珞喻路" not in told + json.dumps([done.responses, done.slots], ensure_ascii=False)
    (order,) = shop.orders(Customer("ad1")).items
    assert (order.address.name, order.address.phone) == ("周**", "137****9876")


def test_what_is_lacking_is_asked_for(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ad2", PAID))
    asked = talk.say("我要改地址", "change_address")
    assert asked.names == ["utter_change_address_ask"]
    assert len(asked.buttons) == 1 and '"address:' in asked.buttons[0]
    assert talk.say("上海市徐汇区").names == ["utter_change_address_street"]
    assert talk.say("漕溪北路398号").names == ["utter_change_address_propose"]


def test_a_saved_address_is_tapped(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ad3", PAID))
    talk.say("我要改地址", "change_address")
    assert talk.tap(choice="address:999999").names == ["utter_change_address_ask_again"]
    saved = shop.profile(Customer("ad3")).addresses[0].id
    assert talk.tap(choice=f"address:{saved}").names == ["utter_change_address_propose"]
    assert talk.say("不对,换一个", "inform").names == ["utter_change_address_ask"]


def test_a_handoff_forgets_the_address(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ad4", PAID))
    talk.say("改到湖北省武汉市洪山区珞喻路1037号", "change_address")
    said = actions.call("action_handoff", intent="human_agent", customer="ad4", slots=talk.slots)
    assert said.slots["job"] is None
    assert "珞喻路" not in json.dumps(said.handoff, ensure_ascii=False)


def test_a_sent_order_keeps_its_address(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ad5", {**PAID, "status": "shipped", "shipped": "T-1d"}))
    said = talk.say("改地址", "change_address")
    assert said.names == ["utter_refused"] and said.buttons[0].startswith("/logistics_track")


def test_what_was_typed_before_a_reading_was_tapped_counts(actions: ActionServer, settings: Settings) -> None:
    typed_before = {**user("nlu_fallback"), "text": "改地址到江苏省常州市天宁区延陵西路99号"}
    said = actions.call(
        f"validate_{FORM}",
        text="/change_address",
        intent="change_address",
        customer=given(settings, "ad6", PAID),
        before=[typed_before, bot("utter_ask_back", "/change_address")],
        since=[loop(FORM)],
    )
    assert said.names == ["utter_change_address_propose"]
