"""withdraw_after_sales: which request, and taking it back."""

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "withdraw_after_sales_form"
RETURN = {"kind": "return", "state": "approved", "reason": "other", "created": "T-1d"}


def order(*skus: str, kept: str = "") -> dict[str, object]:
    items = [{"sku": sku} for sku in (*skus, kept) if sku]
    return {**DELIVERED, "items": items, "after_sales": [{**RETURN, "items": [{"sku": sku}]} for sku in skus]}


def test_the_only_request_is_not_asked_for(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    id = given(settings, "t1", {**DELIVERED, "items": [{"sku": "p2014-1"}]}, order("p2002-1"))
    talk = FormTalk(actions, FORM, id)
    shown = talk.say("撤销申请", "withdraw_after_sales")
    assert shown.names == ["utter_withdraw_after_sales_propose"]
    assert "加绒连帽卫衣" in shown.responses[0]["items"]
    assert shop.after_sales(Customer(id)).items[0].state == "approved"
    assert talk.say("确认", "affirm").names == ["utter_withdraw_after_sales_done"]
    assert shop.after_sales(Customer(id)).items[0].state == "withdrawn"


def test_of_several_across_orders_one_is_chosen(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    id = given(settings, "t2", order("p2002-1"), order("p2005-1", kept="p2004-1"))
    talk = FormTalk(actions, FORM, id)
    asked = talk.say("撤销申请", "withdraw_after_sales")
    assert asked.names == ["utter_withdraw_after_sales_which"] and len(asked.buttons) == 2
    shown = talk.say("围巾那个")
    assert shown.names == ["utter_withdraw_after_sales_propose"]
    talk.say("确认", "affirm")
    states = {sale.items[0].sku: sale.state for sale in shop.after_sales(Customer(id)).items}
    assert states == {"p2005-1": "withdrawn", "p2002-1": "approved"}


def test_nothing_to_take_back(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "t3", {**DELIVERED, "items": [{"sku": "p2014-1"}]}))
    told = talk.say("撤销申请", "withdraw_after_sales")
    assert told.names == ["utter_withdraw_after_sales_none"] and told.slots["requested_slot"] is None


def test_what_cannot_be_taken_back_is_told_with_the_reason(actions: ActionServer, settings: Settings) -> None:
    gone = {
        **order("p2005-1"),
        "after_sales": [{**RETURN, "state": "received", "items": [{"sku": "p2005-1"}]}],
    }
    talk = FormTalk(actions, FORM, given(settings, "t4", gone))
    told = talk.say("撤销申请", "withdraw_after_sales")
    assert told.names == ["utter_refused"] and "仓库" in told.responses[0]["reason"]
