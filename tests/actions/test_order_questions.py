"""How the shopper is asked for an order, and for what proves it to be hers."""

import pytest

from actions.backend.contract import Order
from tests.actions.conftest import ActionServer
from tests.actions.test_order_choice import STATUS, asked


def test_the_question_shows_cards_and_buttons(actions: ActionServer, orders: dict[str, list[Order]]) -> None:
    hers = orders["c1002"]
    said = actions.call("action_ask_order_no", customer="c1002", slots=asked("c1002", hers))
    assert said.names == ["utter_choose_order"]
    assert [card["order_no"] for card in said.cards] == [order.no for order in hers]
    assert said.buttons == [f'/inform{{"order_no": "{order.no}"}}' for order in hers]
    assert said.responses[0]["buttons"][0]["title"] == "护眼台灯 等3件 · 待发货"


def test_five_orders_are_shown_at_once_and_more_on_request(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slots = asked("c1010", orders["c1010"])
    slots["order_choices"]["more"] = True
    said = actions.call("action_ask_order_no", customer="c1010", slots=slots)
    assert said.buttons[-1] == '/inform{"ordinal": "more"}' and len(said.cards) == 5
    # Five orders are all she has: more begins again from the first.
    said = actions.call(STATUS, customer="c1010", entities={"ordinal": "more"}, slots=slots)
    assert said.slots["order_choices"]["first"] == 0 and said.slots["order_attempts"] == 0


def test_one_customers_list_is_never_shown_to_another(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slots = asked("c1002", orders["c1002"])
    for customer in ("c1001", None):
        said = actions.call("action_ask_order_no", customer=customer, slots=slots)
        assert said.names == ["utter_ask_order_no"] and said.cards == []


def test_two_failed_attempts_offer_a_human(actions: ActionServer, orders: dict[str, list[Order]]) -> None:
    slots = asked("c1002", orders["c1002"])
    for attempt, response in ((1, "utter_choose_order_again"), (2, "utter_offer_human")):
        said = actions.call(STATUS, text="阿巴阿巴", intent="nlu_fallback", customer="c1002", slots=slots)
        assert said.slots["order_attempts"] == attempt
        slots = {**slots, **said.slots}
        question = actions.call("action_ask_order_no", customer="c1002", slots=slots)
        assert question.names == [response]
        assert ("/human_agent" in question.buttons) == (attempt == 2)


@pytest.mark.parametrize(
    ("failed", "response", "human"),
    [
        (0, "utter_ask_phone_tail", False),
        (1, "utter_ask_phone_tail_again", False),
        (2, "utter_offer_human", True),
    ],
)
def test_a_visitor_is_asked_for_the_phone(
    actions: ActionServer, failed: int, response: str, human: bool
) -> None:
    said = actions.call("action_ask_phone_tail", text="1234", slots={"order_attempts": failed})
    assert (said.names, "/human_agent" in said.buttons) == ([response], human)


def test_who_forgot_the_phone_is_offered_a_human(actions: ActionServer) -> None:
    said = actions.call("action_ask_phone_tail", text="手机号我忘了")
    assert (said.names, said.buttons) == (["utter_ask_phone_tail_forgotten"], ["/human_agent"])
