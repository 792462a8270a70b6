"""warranty_repair: what is covered."""

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import LATE, FormTalk, given

FORM = "warranty_repair_form"


def test_of_two_items_the_one_that_is_covered(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    order = {**LATE, "items": [{"sku": "p2011-1"}, {"sku": "p2004-1"}]}
    talk = FormTalk(actions, FORM, given(settings, "g1", order))
    assert talk.say("申请保修", "warranty_repair").names == ["utter_after_sales_why"]
    assert talk.say("自己不响了", "quality_complaint").names == ["utter_after_sales_propose_repair"]
    talk.say("确认", "affirm")
    made = shop.after_sales(Customer("g1")).items[0]
    assert (made.kind, made.items[0].sku) == ("repair", "p2011-1")


def test_what_is_not_covered_is_said_so(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "g2", {**LATE, "items": [{"sku": "p2005-1"}]}))
    told = talk.say("围巾保修", "warranty_repair")
    assert told.names == ["utter_refused"] and "保修" in told.responses[0]["reason"]
