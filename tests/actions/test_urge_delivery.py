"""urge_delivery: the promise is told, and what was pressed for is not pressed for again."""

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import FormTalk, given

FORM = "urge_delivery_form"
PAID = {"status": "paid", "placed": "T-1d", "paid": "T-1d 10:00", "items": [{"sku": "p2014-1"}]}


def test_the_warehouse_is_pressed(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ur1", PAID))
    shown = talk.say("快点发货", "urge_delivery")
    assert shown.names == ["utter_urge_delivery_propose_paid"]
    assert shown.responses[0]["when"] == "明天 10:00"
    assert talk.say("好的", "affirm").names == ["utter_urge_delivery_done_paid"]
    (order,) = shop.orders(Customer("ur1")).items
    assert order.can["urge"].cause == "already"


def test_a_parcel_of_which_nothing_is_expected(actions: ActionServer, settings: Settings) -> None:
    order = {**PAID, "status": "shipped", "shipped": "T-1d"}
    talk = FormTalk(actions, FORM, given(settings, "ur2", order))
    assert talk.say("催快递", "urge_delivery").names == ["utter_urge_delivery_propose_shipped_unknown"]


def test_pressed_for_already_a_human_is_offered(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ur3", {**PAID, "urged": "now-1h"}))
    said = talk.say("再催一下", "urge_delivery")
    assert said.names == ["utter_refused"] and "/human_agent" in said.buttons
