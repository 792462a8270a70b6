"""modify_order: the shopper's wish reaches the warehouse in her words."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import FormTalk, given

FORM = "modify_order_form"
PAID = {"status": "paid", "placed": "T-1d", "paid": "T-1d", "items": [{"sku": "p2002-1"}]}


@pytest.mark.parametrize(
    ("id", "text", "entities", "remark"),
    [
        ("mo1", "你好，麻烦帮我改成L码，谢谢", {"size": "L"}, "改成L码"),
        ("mo2", "帮我备注一下放门口", {}, "放门口"),
        ("mo3", "尺码买小了,能不能换大一号", {}, "尺码买小了，能不能换大一号"),
    ],
)
def test_a_wish_said_at_once(
    actions: ActionServer,
    settings: Settings,
    shop: RestShop,
    id: str,
    text: str,
    entities: dict[str, str],
    remark: str,
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, PAID))
    shown = talk.say(text, "modify_order", **entities)
    assert (shown.names, shown.responses[0]["note"]) == (["utter_modify_order_propose"], remark)
    assert talk.say("好的", "affirm").names == ["utter_modify_order_done"]
    assert shop.orders(Customer(id)).items[0].remark == remark


def test_what_shall_be_changed_is_asked_for(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "mo4", PAID))
    assert talk.say("颜色选错了", "modify_order").names == ["utter_modify_order_into"]
    assert talk.say("好的", "affirm").names == ["utter_modify_order_into"]
    assert talk.say("要燕麦色", colour="燕麦色").responses[0]["note"] == "颜色选错了，燕麦色"


def test_an_earlier_wish_is_told_of_and_a_phone_masked(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "mo5", {**PAID, "remark": "周末送"}))
    shown = talk.say("备注打13812345678再送", "modify_order")
    assert shown.names == ["utter_modify_order_propose_instead"]
    assert (shown.responses[0]["note"], shown.responses[0]["before"]) == ("打138****5678再送", "周末送")


def test_after_it_arrived_an_exchange_is_offered(actions: ActionServer, settings: Settings) -> None:
    order = {**PAID, "status": "delivered", "shipped": "T-1d", "delivered": "T"}
    talk = FormTalk(actions, FORM, given(settings, "mo6", order))
    said = talk.say("改成L码", "modify_order", size="L")
    assert said.names == ["utter_refused"]
    assert [p.partition("{")[0] for p in said.buttons[:2]] == ["/exchange_request", "/return_request"]
