"""cancel_order, and what all jobs share: one effect of a yes, a lost answer, leaving, another order."""

from collections.abc import Iterator

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from tests.actions.conftest import ActionServer, action_server
from tests.actions.form_talk import FormTalk, given
from tests.shop_proxy import Fault, ShopProxy, shop_proxy

FORM = "cancel_order_form"
PAID = {"status": "paid", "placed": "T-1d", "paid": "T-1d", "items": [{"sku": "p2014-1"}]}
CANCEL = "/v1/orders/*/cancel"


@pytest.fixture(scope="module")
def proxied(shop_url: str, settings: Settings) -> Iterator[tuple[ActionServer, ShopProxy]]:
    with shop_proxy(shop_url) as proxy, action_server(proxy.address, settings.data_dir) as server:
        yield server, proxy


def cancelled(shop: RestShop, id: str) -> list[bool]:
    return [order.status == "cancelled" for order in shop.orders(Customer(id)).items]


def test_an_order_is_cancelled_after_a_yes(actions: ActionServer, settings: Settings, shop: RestShop) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ca1", PAID))
    shown = talk.say("取消订单", "cancel_order")
    assert shown.names == ["utter_cancel_order_propose_paid"]
    assert (shown.responses[0]["amount"], shown.responses[0]["method"]) == ("¥89.00", "原支付方式")
    assert cancelled(shop, "ca1") == [False]
    done = talk.say("好的", "affirm")
    assert done.names == ["utter_cancel_order_done_paid"]
    assert done.slots["requested_slot"] is None and done.slots["job"]["outcome"] == "done"
    assert cancelled(shop, "ca1") == [True]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("嗯…算了", "affirm"),
        ("好吧，不过再想想", "affirm"),
        ("可以取消吗", "cancel_order"),
        ("等等", "inform"),
    ],
)
def test_what_is_no_plain_yes_does_nothing(
    actions: ActionServer, settings: Settings, shop: RestShop, text: str, intent: str
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ca2", PAID))
    talk.say("取消订单", "cancel_order")
    said = talk.say(text, intent)
    assert said.names[0] in {"utter_cancel_order_propose_paid", "utter_confirm_again", "utter_left"}
    assert cancelled(shop, "ca2") == [False]


def test_only_the_button_of_what_is_shown_acts(
    actions: ActionServer, settings: Settings, shop: RestShop
) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ca3", PAID))
    talk.say("取消订单", "cancel_order")
    assert talk.tap("affirm", proposal="an.earlier.one").names[0] == "utter_confirm_again"
    assert cancelled(shop, "ca3") == [False]
    assert talk.tap("affirm", proposal=talk.slots["job"]["key"]).names == ["utter_cancel_order_done_paid"]


@pytest.mark.parametrize(
    ("status", "button"), [("shipped", "/logistics_track"), ("delivered", "/return_request")]
)
def test_what_cannot_be_cancelled_is_explained(
    actions: ActionServer, settings: Settings, status: str, button: str
) -> None:
    order = {**PAID, "status": status, "shipped": "T-1d"}
    if status == "delivered":
        order["delivered"] = "T"
    talk = FormTalk(actions, FORM, given(settings, f"ca4{status}", order))
    said = talk.say("取消订单", "cancel_order")
    assert said.names == ["utter_refused"] and said.slots["requested_slot"] is None
    assert said.buttons[0].startswith(button) and "/human_agent" in said.buttons


def test_turned_down_twice_a_human_is_offered(actions: ActionServer, settings: Settings) -> None:
    talk = FormTalk(actions, FORM, given(settings, "ca5", PAID))
    for expected in ("utter_left", "utter_left_twice"):
        talk.say("取消订单", "cancel_order")
        assert talk.say("算了", "deny").names == [expected]


def test_a_lost_answer_leaves_one_effect(
    proxied: tuple[ActionServer, ShopProxy], settings: Settings, shop: RestShop
) -> None:
    actions, proxy = proxied
    talk = FormTalk(actions, FORM, given(settings, "ca6", PAID))
    talk.say("取消订单", "cancel_order")
    with proxy.troubled(Fault(path=CANCEL, ends="lost")):
        said = talk.say("好的", "affirm")
    assert said.names == ["utter_write_unsure"] and said.slots["requested_slot"] == "confirmed"
    assert cancelled(shop, "ca6") == [True]
    again = talk.tap("affirm", proposal=talk.slots["job"]["key"])
    assert again.names == ["utter_cancel_order_done_paid"]
    assert len(shop.refunds(Customer("ca6")).items) == 1


@pytest.mark.parametrize("path", [CANCEL, "*"])
def test_failed_twice_a_human_is_offered(
    proxied: tuple[ActionServer, ShopProxy], settings: Settings, shop: RestShop, path: str
) -> None:
    actions, proxy = proxied
    id = given(settings, f"ca7{path == '*':d}", PAID)
    talk = FormTalk(actions, FORM, id)
    talk.say("取消订单", "cancel_order")
    with proxy.troubled(Fault(customer=id, path=path, ends="error")):
        assert talk.say("好的", "affirm").names == ["utter_write_unsure"]
        assert talk.tap("affirm", proposal=talk.slots["job"]["key"]).names == ["utter_write_failed"]
        left = talk.say("算了", "deny")
    assert left.names == ["utter_left_undecided"]
    assert cancelled(shop, id) == [False]
