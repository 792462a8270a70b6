"""account_issue: what the account shows; its safety is a human's."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from tests.actions.conftest import ActionServer


@pytest.mark.parametrize("text", ["我这个账号绑的哪个手机号", "/account_issue"])
def test_the_account_shows_level_and_masked_phone(actions: ActionServer, shop: RestShop, text: str) -> None:
    said = actions.call("action_account_issue", text=text, intent="account_issue", customer="c1001")
    profile = shop.profile(Customer("c1001"))
    assert said.names == ["utter_account_issue_level"]
    assert (said.responses[0]["level"], said.responses[0]["phone"]) == (profile.level_text, profile.phone)
    assert "****" in profile.phone


@pytest.mark.parametrize("customer", ["c1001", None])
def test_the_accounts_safety_is_a_humans(actions: ActionServer, customer: str | None) -> None:
    said = actions.call(
        "action_account_issue", text="我的号被盗了", intent="account_issue", customer=customer
    )
    assert (said.names, said.buttons) == (["utter_account_issue_safety"], ["/human_agent", "/deny"])


@pytest.mark.parametrize("customer", ["c1001", None])
def test_what_is_not_hers_gets_the_nearest_answers(actions: ActionServer, customer: str | None) -> None:
    said = actions.call(
        "action_account_issue", text="收不到验证码", intent="account_issue", customer=customer
    )
    assert said.names == ["utter_unanswered_account_issue"]
    assert "/human_agent" in said.buttons


def test_a_visitor_is_asked_to_sign_in(actions: ActionServer) -> None:
    said = actions.call("action_account_issue", text="我的账号绑的哪个手机", intent="account_issue")
    assert said.names == ["utter_account_issue_sign_in"]


def test_a_customer_whom_the_shop_does_not_know_gets_the_nearest_answers(actions: ActionServer) -> None:
    said = actions.call(
        "action_account_issue", text="/account_issue", intent="account_issue", customer="gone"
    )
    assert said.names == ["utter_unanswered_account_issue"]
