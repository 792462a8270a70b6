"""price_protect: figures shown, one payment, nothing over the limit."""

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "price_protect_form"


def test_the_difference_is_paid_back(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2014-1", "price_fen": 9900}, {"sku": "p2005-1"}]}
    talk = FormTalk(actions, FORM, given(settings, "pp1", order))
    shown = talk.say("退差价", "price_protect")
    assert shown.names == ["utter_price_protect_propose"]
    assert shown.responses[0]["amount"] == "¥10.00"
    assert shown.responses[0]["prices"].count("\n") == 0 and "现在 ¥89.00" in shown.responses[0]["prices"]
    assert not shop.refunds(Customer("pp1")).items
    assert talk.say("好的", "affirm").names == ["utter_price_protect_done"]
    assert [refund.amount_fen for refund in shop.refunds(Customer("pp1")).items] == [1000]


def test_no_drop_is_told_with_the_figures(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "pp2", {**DELIVERED, "items": [{"sku": "p2014-1"}]}))
    said = talk.say("价保", "price_protect")
    assert said.names == ["utter_refused"]
    assert "购买时 ¥89.00，现在 ¥89.00" in said.responses[0]["reason"]


def test_more_than_the_limit_is_a_colleagues_work(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2014-1", "price_fen": 300_000}]}
    talk = FormTalk(actions, FORM, given(settings, "pp3", order))
    said = talk.say("价保", "price_protect")
    assert said.names == ["utter_over_limit"] and "/human_agent" in said.buttons
    assert not shop.refunds(Customer("pp3")).items
