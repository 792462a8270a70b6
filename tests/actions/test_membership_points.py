"""membership_points: points, level, what expires, and the last changes."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from tests.actions.conftest import ActionServer


def test_points_level_and_what_expires(actions: ActionServer, shop: RestShop) -> None:
    said = actions.call(
        "action_membership_points", text="我有多少积分", intent="membership_points", customer="c1001"
    )
    assert said.names == ["utter_membership_points_told"]
    told, points = said.responses[0], shop.points(Customer("c1001"))
    assert (told["balance"], told["level"]) == ("1,260", points.level_text)
    assert points.next_level_text in told["next"] and "180" in told["expiring"]


def test_changes_of_points_are_told_on_request(actions: ActionServer) -> None:
    said = actions.call(
        "action_membership_points", text="积分怎么少了", intent="membership_points", customer="c1002"
    )
    assert said.names == ["utter_membership_points_changes"]
    assert said.responses[0]["changes"].startswith("· ") and "-500" in said.responses[0]["changes"]
    assert "/human_agent" in said.buttons


@pytest.mark.parametrize("customer", ["c1001", None])
def test_what_is_not_hers_gets_the_nearest_answers(actions: ActionServer, customer: str | None) -> None:
    said = actions.call(
        "action_membership_points", text="想取消自动续费", intent="membership_points", customer=customer
    )
    assert said.names == ["utter_unanswered_membership_points"]
    assert "/human_agent" in said.buttons


def test_a_visitor_is_asked_to_sign_in(actions: ActionServer) -> None:
    said = actions.call("action_membership_points", text="我的积分有多少", intent="membership_points")
    assert said.names == ["utter_membership_points_sign_in"]


def test_the_highest_level_has_no_next_one(actions: ActionServer) -> None:
    said = actions.call("action_membership_points", intent="membership_points", customer="c1010")
    assert (said.names, said.responses[0]["next"]) == (["utter_membership_points_told"], "")
    assert "1,200" in said.responses[0]["expiring"]
