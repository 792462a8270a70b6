"""What is said of a parcel, beside what the shop says of it."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.backend.contract import Customer, Order
from actions.backend.rest import RestShop
from actions.cards import kept
from tests.actions.conftest import ActionServer
from tests.actions.test_backend import tail


def slots(order: Order, several: bool = False) -> dict[str, object]:
    return {"order": {**kept(order), "several": several}}


@pytest.mark.parametrize(
    ("customer", "index", "response", "buttons"),
    [
        ("c1001", 0, "utter_parcel_in_transit", []),
        ("c1004", 0, "utter_parcel_out_for_delivery", []),
        ("c1005", 0, "utter_parcel_delivered", []),
        ("c1006", 0, "utter_parcel_exception", ["/human_agent", "/deny"]),
        ("c1010", 1, "utter_parcel_in_transit", []),
    ],
)
@pytest.mark.parametrize("several", [True, False])
def test_courier_number_and_last_scan_are_the_shops(
    actions: ActionServer,
    shop: RestShop,
    orders: dict[str, list[Order]],
    customer: str,
    index: int,
    response: str,
    buttons: list[str],
    several: bool,
) -> None:
    order = orders[customer][index]
    (parcel,) = shop.shipments(Customer(customer), order.no)
    said = actions.call("action_logistics_track", customer=customer, slots=slots(order, several))
    assert said.names == [response]
    told = said.responses[0]
    assert (told["courier"], told["tracking_no"]) == (parcel.courier, parcel.tracking_no)
    assert (told["place"], told["scan"]) == (parcel.events[0].place, parcel.events[0].text)
    assert told["at"].endswith(parcel.events[0].at.strftime("%H:%M"))
    (card,) = said.cards
    assert (card["kind"], card["order_no"], card["status"]) == ("logistics", order.no, parcel.status)
    assert [event["text"] for event in card["events"]] == [scan.text for scan in parcel.events]
    assert said.buttons == buttons + ['/logistics_track{"ordinal": "other"}'] * several
    assert said.slots == {"order": None}


def test_two_parcels_are_both_told(actions: ActionServer, orders: dict[str, list[Order]]) -> None:
    said = actions.call("action_logistics_track", customer="c1009", slots=slots(orders["c1009"][0], True))
    assert said.names == ["utter_several_parcels", "utter_parcel_delivered", "utter_parcel_in_transit"]
    assert said.responses[0]["count"] == "2"
    assert len({card["tracking_no"] for card in said.cards}) == 2
    assert said.buttons == ['/logistics_track{"ordinal": "other"}']


@pytest.mark.parametrize(
    ("customer", "response", "buttons"),
    [
        ("c1003", "utter_not_sent_paid", []),
        ("c1010", "utter_not_sent_pending_payment", []),
        ("c1007", "utter_not_sent_cancelled", []),
    ],
)
def test_what_was_not_sent_is_said_to_come(
    actions: ActionServer, orders: dict[str, list[Order]], customer: str, response: str, buttons: list[str]
) -> None:
    said = actions.call("action_logistics_track", customer=customer, slots=slots(orders[customer][0]))
    assert (said.names, said.buttons) == ([response], buttons)
    assert said.cards[0]["kind"] == "order"


def test_dispatch_overdue_is_owned_and_a_human_offered(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slot = slots(orders["c1003"][0])
    slot["order"] = {**slot["order"], "paid_at": (datetime.now(UTC) - timedelta(hours=49)).isoformat()}
    said = actions.call("action_logistics_track", customer="c1003", slots=slot)
    assert (said.names, said.buttons) == (["utter_not_sent_late"], ["/human_agent", "/deny"])


def test_a_visitor_sees_the_parcel_of_the_order_she_proved(
    actions: ActionServer, shop: RestShop, orders: dict[str, list[Order]]
) -> None:
    order = orders["c1004"][0]
    proof = shop.verify(order.no, tail("c1004"))
    token = {"order_no": order.no, "token": proof.token, "expires_at": proof.expires_at.isoformat()}
    said = actions.call("action_logistics_track", slots={**slots(order), "order_token": token})
    assert said.names == ["utter_parcel_out_for_delivery"]
    # Without the proof the order in the slot opens nothing.
    said = actions.call("action_logistics_track", slots=slots(order))
    assert said.names == ["utter_shop_unavailable"] and said.cards == []
