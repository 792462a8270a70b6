"""invoice: kind, title and tax number, said at once or one by one."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "invoice_form"
ORDER = {**DELIVERED, "items": [{"sku": "p2014-1"}]}
TAX_NO = "91320594MA1XABCD30"


def test_a_personal_invoice(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in1", ORDER))
    assert talk.say("开发票", "invoice").names == ["utter_invoice_kind"]
    shown = talk.tap(choice="invoice:personal")
    assert shown.names == ["utter_invoice_propose_kept"]
    assert (shown.responses[0]["invoice_title"], shown.responses[0]["amount"]) == ("个人", "¥89.00")
    assert talk.say("好的", "affirm").names == ["utter_invoice_done_kept"]
    (order,) = shop.orders(Customer("in1")).items
    assert order.invoice and (order.invoice.kind, order.invoice.state) == ("personal", "requested")


def test_what_is_said_at_once_is_not_asked_for(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in2", ORDER))
    title = "苏州青禾科技有限公司"
    shown = talk.say(
        f"开票,{title},税号{TAX_NO},发a@b.cn",
        "invoice",
        invoice_title=title,
        tax_no=TAX_NO,
        email="alice@b.cn",
    )
    assert shown.names == ["utter_invoice_propose_emailed"]
    told = shown.responses[0]
    assert (told["invoice_title"], told["tax"], told["email"]) == (title, f"，税号 {TAX_NO}", "a****@b.cn")


@pytest.mark.parametrize(
    ("id", "typed", "title"),
    [
        ("in3a", "苏州市第一人民医院", "苏州市第一人民医院"),
        ("in3b", "抬头是星河文化传媒", "星河文化传媒"),
        ("in3c", f"那就开给蓝鲸商贸,税号{TAX_NO}", "蓝鲸商贸"),
    ],
)
def test_a_title_typed_as_the_answer(
    actions: ActionServer, settings: Settings, id: str, typed: str, title: str
) -> None:
    talk = FormTalk(actions, FORM, given(settings, id, ORDER))
    assert talk.say("开公司发票", "invoice").names == ["utter_invoice_title"]
    talk.say(typed)
    assert talk.slots["job"]["values"]["invoice_title"] == title


def test_a_tax_number_is_checked(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in4", ORDER))
    talk.say("公司发票", "invoice", invoice_title="星河文化传媒有限公司")
    assert talk.slots["requested_slot"] == "tax_no"
    assert talk.say("12345678901").names == ["utter_invoice_tax_wrong"]
    assert talk.say("91320594 ma1xabcd 30").names == ["utter_invoice_propose_kept"]
    shown = talk.say("还是开个人的", "invoice")
    assert (shown.responses[0]["invoice_title"], shown.responses[0]["tax"]) == ("个人", "")


def test_what_the_tax_number_is_for_is_told(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in8", ORDER))
    talk.say("公司发票", "invoice", invoice_title="星河文化传媒有限公司")
    assert talk.say("为什么要税号").names == ["utter_invoice_tax_why"]


def test_an_invoice_asked_for_already_is_told(actions: ActionServer, settings: Settings) -> None:
    order = {**ORDER, "invoice": {"kind": "personal", "state": "issued"}}
    talk = FormTalk(actions, FORM, given(settings, "in5", order))
    said = talk.say("发票呢", "invoice")
    assert said.names == ["utter_invoice_issued"] and said.responses[0]["state"] == "已开票"
    assert said.buttons == ["/human_agent", "/deny"]


def test_one_for_vat_is_a_colleagues_work(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in6", ORDER))
    said = talk.say("开专票", "invoice")
    assert said.names == ["utter_invoice_special"] and "/human_agent" in said.buttons
    assert talk.tap(choice="invoice:personal").names == ["utter_invoice_propose_kept"]


def test_a_no_is_no_title(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "in7", ORDER))
    talk.say("公司发票", "invoice")
    assert talk.say("算了", "deny").names == ["utter_left"]
