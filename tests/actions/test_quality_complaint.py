"""quality_complaint: pictures, and what the shop would agree to."""

import re

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer, Said
from tests.actions.form_talk import DELIVERED, LATE, FormTalk, given

FORM = "quality_complaint_form"
PICTURE = "c" * 32


def kinds(said: Said) -> list[str]:
    return [found[1] for payload in said.buttons if (found := re.search(r'"choice": "(\w+)"', payload))]


@pytest.mark.parametrize(
    ("id", "sku", "reason", "offered"),
    [
        ("q1", "p2009-1", "quality", ["return", "exchange", "refund_only", "repair"]),
        ("q2", "p2015-1", "damaged", ["return", "refund_only", "resend", "repair"]),
        ("q3", "p2018-1", "quality", ["return", "refund_only"]),
    ],
)
def test_what_the_shop_would_do_is_offered(
    actions: ActionServer, settings: Settings, id: str, sku: str, reason: str, offered: list[str]
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, {**DELIVERED, "items": [{"sku": sku}]}))
    assert talk.say("东西有问题", "quality_complaint", reason=reason).names == ["utter_evidence_ask"]
    shown = talk.tap(attachment=PICTURE)
    assert shown.names == ["utter_after_sales_solution"]
    assert kinds(shown) == offered and "/human_agent" in shown.buttons


def test_a_wish_said_at_once_is_not_asked_for(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "q4", {**DELIVERED, "items": [{"sku": "p2012-1"}]}))
    talk.say("充电宝鼓包，我要退货", "quality_complaint")
    assert talk.tap(attachment=PICTURE).names == ["utter_after_sales_propose_return"]
    talk.say("好", "affirm")
    assert shop.after_sales(Customer("q4")).items[0].kind == "return"


def test_what_is_wished_for_but_refused_is_offered_otherwise(
    actions: ActionServer, settings: Settings
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "q5", {**DELIVERED, "items": [{"sku": "p2012-1"}]}))
    talk.say("充电宝坏了给我补发一个", "quality_complaint", reason="quality")
    told = talk.tap(attachment=PICTURE)
    assert told.names == ["utter_after_sales_not_so", "utter_after_sales_solution"]
    assert "resend" not in kinds(told)


def test_an_exchange_asks_for_the_variant(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "q6", {**DELIVERED, "items": [{"sku": "p2011-1"}]}))
    talk.say("音箱充不进电", "quality_complaint", reason="quality")
    talk.tap(attachment=PICTURE)
    assert talk.tap(choice="exchange").names == ["utter_exchange_request_which"]
    assert talk.say("橙色的", colour="橙色").names == ["utter_after_sales_propose_exchange"]


def test_when_only_the_warranty_is_left_it_is_proposed(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "q7", {**LATE, "items": [{"sku": "p2009-1"}]}))
    talk.say("耳机坏了", "quality_complaint", reason="quality")
    assert talk.tap(attachment=PICTURE).names == ["utter_after_sales_propose_repair"]


def test_pictures_sent_before_are_taken(actions: ActionServer, settings: Settings) -> None:
    given(settings, "q8", {**DELIVERED, "items": [{"sku": "p2009-1"}]})
    kept = actions.call("action_picture", text="/inform", entities={"attachment": PICTURE}, customer="q8")
    assert kept.names == ["utter_picture"] and kept.slots["evidence"] == [PICTURE]
    talk = FormTalk(actions, FORM, "q8")
    talk.slots = dict(kept.slots)
    talk.events = [{"event": "user", "timestamp": 1.0, "parse_data": {"intent": {}}}, *kept.events]
    assert talk.tap("quality_complaint").names == ["utter_after_sales_solution"]
