"""What is said of an order's state."""

import pytest

from actions.backend.contract import Order
from actions.cards import kept
from tests.actions.conftest import ActionServer


@pytest.mark.parametrize(
    ("customer", "index", "response", "buttons"),
    [
        ("c1010", 0, "utter_order_pending_payment", []),
        ("c1003", 0, "utter_order_paid", []),
        ("c1001", 0, "utter_order_shipped", ["/logistics_track"]),
        ("c1005", 0, "utter_order_delivered", ["/logistics_track"]),
        ("c1005", 1, "utter_order_completed", []),
        ("c1007", 0, "utter_order_cancelled", []),
    ],
)
@pytest.mark.parametrize("several", [True, False])
def test_the_state_is_told_with_the_card(
    actions: ActionServer,
    orders: dict[str, list[Order]],
    customer: str,
    index: int,
    response: str,
    buttons: list[str],
    several: bool,
) -> None:
    order = orders[customer][index]
    slots = {"order": {**kept(order), "several": several}}
    said = actions.call("action_order_status", customer=customer, slots=slots)
    assert said.names == [response]
    (card,) = said.cards
    assert (card["kind"], card["order_no"], card["status_text"]) == ("order", order.no, order.status_text)
    assert card["total_fen"] == order.amounts.total_fen
    assert [item["name"] for item in card["items"]] == [item.name for item in order.items]
    expected = [f'{button}{{"order_no": "{order.no}"}}' for button in buttons]
    assert said.buttons == expected + ['/order_status{"ordinal": "other"}'] * several
    assert said.slots == {"order": None}


def test_a_state_unknown_to_the_bot_is_told_in_the_shops_words(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slot = {**kept(orders["c1001"][0]), "several": False, "status": "customs", "status_text": "清关中"}
    said = actions.call("action_order_status", customer="c1001", slots={"order": slot})
    assert (said.names, said.responses[0]["status"]) == (["utter_order_other"], "清关中")
