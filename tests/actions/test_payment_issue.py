"""payment_issue: what is unpaid, and what the shop knows of a payment."""

import pytest

from actions.backend.contract import Order
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import given


def test_an_unpaid_order_is_told_with_the_time_left(actions: ActionServer, settings: Settings) -> None:
    customer = given(
        settings,
        "w3pay",
        {
            "status": "pending_payment",
            "placed": "now-10m",
            "pay_before": "now+20m",
            "items": [{"sku": "p2015-1"}],
        },
    )
    said = actions.call(
        "action_payment_issue", text="我还有没付款的吗", intent="payment_issue", customer=customer
    )
    assert said.names == ["utter_payment_issue_unpaid"]
    assert "护眼台灯" in said.responses[0]["orders"] and "分钟内" in said.responses[0]["orders"]
    assert said.cards[0]["status"] == "pending_payment"
    claimed = actions.call(
        "action_payment_issue", text="钱都扣了还显示待付款", intent="payment_issue", customer=customer
    )
    assert (claimed.names, claimed.buttons) == (["utter_payment_issue_claimed"], ["/human_agent", "/deny"])


def test_a_paid_order_is_told_so_and_a_double_charge_is_a_humans(actions: ActionServer) -> None:
    said = actions.call(
        "action_payment_issue", text="我付了钱到账了吗", intent="payment_issue", customer="c1003"
    )
    assert said.names == ["utter_payment_issue_paid"]
    said = actions.call("action_payment_issue", text="扣了我两次钱", intent="payment_issue", customer="c1003")
    assert (said.names, said.buttons) == (["utter_payment_issue_twice"], ["/human_agent", "/deny"])


@pytest.mark.parametrize("customer", ["c1001", None])
def test_what_is_not_hers_gets_the_nearest_answers(actions: ActionServer, customer: str | None) -> None:
    said = actions.call(
        "action_payment_issue", text="能不能分六期", intent="payment_issue", customer=customer
    )
    assert said.names == ["utter_unanswered_payment_issue"]
    assert "/human_agent" in said.buttons


def test_a_visitor_is_asked_to_sign_in(actions: ActionServer) -> None:
    said = actions.call("action_payment_issue", text="我付了钱怎么还是未付款", intent="payment_issue")
    assert said.names == ["utter_payment_issue_sign_in"]


def test_the_only_order_told_of_becomes_the_topic(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    said = actions.call("action_payment_issue", intent="payment_issue", customer="c1010")
    assert said.names == ["utter_payment_issue_unpaid"]
    assert said.slots["order_no"] == orders["c1010"][0].no
    assert "小时" in said.responses[0]["orders"]


def test_no_order_and_one_that_was_never_paid_are_told_apart(
    actions: ActionServer, settings: Settings
) -> None:
    none = actions.call("action_payment_issue", intent="payment_issue", customer="c1008")
    assert (none.names, none.cards) == (["utter_payment_issue_none"], [])
    never = {"status": "cancelled", "placed": "T-2d", "items": [{"sku": "p2014-1"}]}
    customer = given(settings, "w3never", never)
    said = actions.call("action_payment_issue", intent="payment_issue", customer=customer)
    assert (said.names, said.responses[0]["at"]) == (["utter_payment_issue_other"], "")
