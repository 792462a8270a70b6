"""Handing over: why, and with what."""

import json
from typing import Any

import pytest

from actions.backend.contract import Order
from actions.backend.rest import RestShop
from tests.actions.conftest import ActionServer, bot, slot, user
from tests.actions.test_backend import tail


@pytest.mark.parametrize(
    ("intent", "said_before", "reason"),
    [
        ("human_agent", [], "asked_for_human"),
        ("human_agent", [bot("utter_greet", "/order_status", "/human_agent")], "asked_for_human"),
        ("human_agent", [bot("utter_shop_unavailable", "/human_agent", "/deny")], "action_failed"),
        ("human_agent", [bot("utter_offer_human", "/human_agent")], "repeated_failure"),
        ("human_agent", [bot("utter_verification_locked", "/human_agent", "/deny")], "repeated_failure"),
        ("complain_service", [], "complaint"),
    ],
)
def test_the_reason_is_told(
    actions: ActionServer, intent: str, said_before: list[dict[str, Any]], reason: str
) -> None:
    said = actions.call(
        "action_handoff", intent=intent, customer="c1001", before=[user("order_status"), *said_before]
    )
    assert said.names == [f"utter_handoff_{reason}"]
    assert said.handoff == {"reason": reason, "slots": {}, "orders": []}
    assert {"event": "active_loop", "timestamp": None, "name": None} in said.events


def test_the_orders_spoken_of_go_along_as_they_are_now(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    hers, foreign = orders["c1002"], orders["c1001"][0].no
    before = [user("inform"), *(slot("order_no", no) for no in (foreign, hers[2].no, hers[0].no, None))]
    slots = {"order_no": hers[0].no, "phone_tail": "2051", "order_token": {"token": "t"}, "product": "台灯"}
    said = actions.call("action_handoff", intent="human_agent", customer="c1002", before=before, slots=slots)
    assert said.handoff["slots"] == {"order_no": hers[0].no, "product": "台灯"}
    assert [order["order_no"] for order in said.handoff["orders"]] == [hers[0].no, hers[2].no]
    assert said.handoff["orders"][0]["status_text"] == "待发货" and said.handoff["orders"][0]["as_of"]


def test_of_a_visitors_orders_only_the_proved_one_goes_along(
    actions: ActionServer, shop: RestShop, orders: dict[str, list[Order]]
) -> None:
    proved, claimed = orders["c1004"][0].no, orders["c1001"][0].no
    proof = shop.verify(proved, tail("c1004"))
    token = {"order_no": proved, "token": proof.token, "expires_at": proof.expires_at.isoformat()}
    said = actions.call(
        "action_handoff",
        intent="human_agent",
        before=[user("inform"), slot("order_no", proved), slot("order_no", claimed)],
        slots={"order_no": claimed, "order_token": token},
    )
    assert [order["order_no"] for order in said.handoff["orders"]] == [proved]
    assert proof.token not in json.dumps(said.handoff)


@pytest.mark.parametrize(
    ("offer", "response"),
    [
        (bot("utter_cancel_order", "/human_agent", "/deny"), "utter_handoff_asked_for_human"),
        (bot("utter_shop_unavailable", "/human_agent", "/deny"), "utter_handoff_action_failed"),
        (bot("utter_ask_back", "/order_status", "/human_agent"), "utter_affirm_which"),
        (bot("utter_greet"), "utter_affirm"),
    ],
)
def test_a_typed_yes_takes_the_offer_of_a_human(
    actions: ActionServer, offer: dict[str, Any], response: str
) -> None:
    said = actions.call("action_affirm", text="好的", intent="affirm", before=[user("cancel_order"), offer])
    assert said.names == [response]
    assert ("handoff" in json.dumps(said.responses[0]["custom"])) == (not response.startswith("utter_affirm"))
