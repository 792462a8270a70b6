"""wrong_or_missing_item: what happened, with what, and how it is made good."""

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "wrong_or_missing_item_form"


def test_what_was_left_out_is_sent_again_without_a_picture(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2010-1", "qty": 2}]}
    talk = FormTalk(actions, FORM, given(settings, "w1", order))
    shown = talk.say("少发了一个充电器，给我补发", "wrong_or_missing_item", reason="missing", quantity="1个")
    assert shown.names == ["utter_after_sales_propose_resend"]
    talk.say("好的", "affirm")
    made = shop.after_sales(Customer("w1")).items[0]
    assert (made.kind, made.reason, made.items[0].qty) == ("resend", "missing", 1)


def test_what_happened_and_with_what_is_asked(actions: ActionServer, settings: Settings) -> None:
    order = {**DELIVERED, "items": [{"sku": "p2007-1"}, {"sku": "p2013-1"}]}
    talk = FormTalk(actions, FORM, given(settings, "w2", order))
    asked = talk.tap("wrong_or_missing_item")
    assert asked.names == ["utter_after_sales_why"]
    assert asked.buttons == ['/inform{"reason": "wrong_item"}', '/inform{"reason": "missing"}']
    assert talk.tap(reason="wrong_item").names == ["utter_after_sales_which"]
    assert talk.say("手环").names == ["utter_evidence_ask"]
    assert talk.tap(attachment="d" * 32).names == ["utter_after_sales_solution"]
    assert talk.say("换一个对的给我", "exchange_request").names == ["utter_after_sales_propose_resend"]
