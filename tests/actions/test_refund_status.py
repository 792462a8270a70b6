"""refund_status: which order, and how far its money is."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from actions.cards import kept
from bot.settings import Settings
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import DELIVERED, FormTalk, given

FORM = "refund_status_form"
CANCELLED = {"status": "cancelled", "placed": "T-3d", "paid": "T-3d", "items": [{"sku": "p2014-1"}]}
PLAIN = {**DELIVERED, "items": [{"sku": "p2009-1"}]}
SCARF = {**DELIVERED, "items": [{"sku": "p2005-1"}]}
DONE = {"amount_fen": 8900, "created": "T-2d", "state": "done", "done": "T-1d 14:05"}
SALE = {"kind": "return", "reason": "other", "items": [{"sku": "p2005-1"}], "created": "T-1d"}


def test_the_only_order_with_something_under_way_is_not_asked_for(
    actions: ActionServer, settings: Settings
) -> None:
    refund = {"amount_fen": 8900, "created": "T-1d", "expected": "T+1d"}
    id = given(settings, "r1", PLAIN, {**CANCELLED, "refunds": [refund]}, SCARF)
    found = FormTalk(actions, FORM, id).say("退款到哪了", "refund_status")
    assert found.slots["order"]["items"][0]["sku"] == "p2014-1"


def test_of_two_it_is_asked_among_them(actions: ActionServer, settings: Settings) -> None:
    refund = {"amount_fen": 8900, "created": "T-1d"}
    id = given(settings, "r2", PLAIN, {**CANCELLED, "refunds": [refund]}, {**SCARF, "after_sales": [SALE]})
    asked = FormTalk(actions, FORM, id).say("退款到哪了", "refund_status")
    assert asked.slots["requested_slot"] == "order_no"
    assert len(asked.slots["order_choices"]["orders"]) == 2


@pytest.mark.parametrize(
    ("id", "order", "response", "said"),
    [
        (
            "r3",
            {**CANCELLED, "refunds": [{"amount_fen": 8900, "created": "T-1d", "expected": "T+1d"}]},
            "utter_refund_status_processing",
            {"amount": "¥89.00", "when": "，预计明天到账"},
        ),
        (
            "r4",
            {**CANCELLED, "refunds": [DONE]},
            "utter_refund_status_done",
            {"amount": "¥89.00", "at": "昨天 14:05"},
        ),
        (
            "r5",
            {**CANCELLED, "refunds": [{"amount_fen": 8900, "created": "T-2d", "state": "failed"}]},
            "utter_refund_status_failed",
            {},
        ),
        (
            "r6",
            {**SCARF, "after_sales": [{**SALE, "state": "approved"}]},
            "utter_refund_status_after_sale_refunds",
            {"amount": "¥99.00", "items": "羊毛混纺围巾 焦糖格纹"},
        ),
        (
            "r7",
            {**SCARF, "after_sales": [{**SALE, "state": "done", "refund": {**DONE, "amount_fen": 9900}}]},
            "utter_refund_status_after_sale_done",
            {"amount": "¥99.00"},
        ),
        ("r8", SCARF, "utter_refund_status_none", {}),
    ],
)
def test_each_state_is_told(
    actions: ActionServer,
    settings: Settings,
    shop: RestShop,
    id: str,
    order: dict[str, object],
    response: str,
    said: dict[str, str],
) -> None:
    given(settings, id, order)
    [bought] = shop.orders(Customer(id)).items
    slots = {"order": {**kept(bought), "several": False}}
    told = actions.call("action_refund_status", intent="refund_status", customer=id, slots=slots)
    assert told.names == [response]
    assert {name: told.responses[0][name] for name in said} == said
    assert bool(told.cards) == ("after_sale" in response)
