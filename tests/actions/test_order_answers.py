"""What all answers about one order share."""

import pytest

from actions.backend.contract import Order
from actions.cards import kept
from tests.actions.conftest import ActionServer, slot, user


def test_without_an_order_nothing_is_added(actions: ActionServer) -> None:
    said = actions.call("action_order_status", customer="c1001", slots={"order": None})
    assert (said.events, said.responses) == ([], [])


@pytest.mark.parametrize(("outcome", "offered"), [(None, True), ("done", False)])
def test_a_job_that_was_interrupted_is_gone_on_with(
    actions: ActionServer, orders: dict[str, list[Order]], outcome: str | None, offered: bool
) -> None:
    order = orders["c1003"][0]
    job = {"form": "return_request_form", "order_no": orders["c1003"][1].no, "outcome": outcome}
    slots = {"order": {**kept(order), "several": False}, "job": job}
    before = [user("return_request"), slot("job", job)]
    said = actions.call("action_order_status", customer="c1003", slots=slots, before=before)
    go_on = f'/return_request{{"order_no": "{job["order_no"]}"}}'
    assert said.buttons == [go_on] * offered


def test_without_the_right_to_see_it_nothing_is_told(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slots = {"order": {**kept(orders["c1001"][0]), "several": False}}
    said = actions.call("action_logistics_track", slots=slots)
    assert (said.names, said.cards, said.slots["order"]) == (["utter_shop_unavailable"], [], None)
