"""Which order an anonymous visitor may see: the one that she proves."""

import time

import httpx
import pytest

from actions.backend.contract import Order
from actions.backend.rest import RestShop
from tests.actions.conftest import ActionServer, Said
from tests.actions.test_backend import tail
from tests.actions.test_order_choice import BEGIN, STATUS, TRACK, begin


def test_a_visitor_hears_nothing_before_she_is_verified(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    order = orders["c1001"][0]
    said = begin(actions, TRACK, "快递到哪了")
    assert said.slots["requested_slot"] == "order_no" and said.responses == []
    said = begin(actions, TRACK, order.no, entities={"order_no": order.no})
    assert said.slots == {"order_no": order.no, "order_attempts": 0, "requested_slot": "phone_tail"}
    unknown = begin(actions, TRACK, entities={"order_no": "2020010100000000"})
    assert unknown.slots["requested_slot"] == "phone_tail"


@pytest.mark.parametrize(
    ("entities", "slots"),
    [
        pytest.param({"order_no": "{no}", "phone_tail": "{tail}"}, {}, id="together"),
        pytest.param({"order_no": "{no}"}, {"phone_tail": "{tail}"}, id="the phone earlier"),
        pytest.param({"phone_tail": "{tail}"}, {"order_no": "{no}"}, id="the number earlier"),
    ],
)
def test_a_visitor_is_not_asked_for_what_she_gave(
    actions: ActionServer,
    orders: dict[str, list[Order]],
    entities: dict[str, str],
    slots: dict[str, str],
) -> None:
    order = orders["c1004"][0]
    known = {"{no}": order.no, "{tail}": tail("c1004")}
    said = begin(
        actions,
        TRACK,
        entities={name: known[value] for name, value in entities.items()},
        slots={name: known[value] for name, value in slots.items()},
    )
    assert said.slots["order"]["no"] == order.no and said.slots["requested_slot"] is None
    assert said.slots["order_token"]["order_no"] == order.no and said.slots["phone_tail"] is None


def test_a_wrong_phone_and_an_unknown_order_sound_the_same(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    answers = []
    for number in (orders["c1005"][0].no, "2020010100000001"):
        said = begin(actions, STATUS, entities={"order_no": number, "phone_tail": "0000"})
        answers.append(
            (said.names, {k: v for k, v in said.slots.items() if k not in ("order_no", "wrong_proofs")})
        )
        assert len(said.slots["wrong_proofs"]) == 1
    assert answers[0] == answers[1]
    assert answers[0][0] == ["utter_verification_failed"]
    assert answers[0][1] == {"phone_tail": None, "order_attempts": 1, "requested_slot": "phone_tail"}


def test_a_locked_order_says_when_to_come_back(actions: ActionServer, orders: dict[str, list[Order]]) -> None:
    number = orders["c1007"][0].no
    for _ in range(5):
        begin(actions, STATUS, entities={"order_no": number, "phone_tail": "0000"})
    said = begin(actions, STATUS, entities={"order_no": number, "phone_tail": tail("c1007")})
    assert said.names == ["utter_verification_locked"]
    assert 1 <= int(said.responses[0]["minutes"]) <= 15
    assert said.slots["order"] is None and said.slots["requested_slot"] is None


def test_a_verified_visitor_goes_on_with_her_order_only(
    actions: ActionServer, shop: RestShop, orders: dict[str, list[Order]]
) -> None:
    mine, other = orders["c1006"][0].no, orders["c1001"][0].no
    proof = shop.verify(mine, tail("c1006"))
    token = {"order_no": mine, "token": proof.token, "expires_at": proof.expires_at.isoformat()}
    slots = {"order_no": mine, "order_token": token}
    assert begin(actions, TRACK, "那它什么时候到", slots=slots).slots["order"]["no"] == mine
    said = begin(actions, TRACK, entities={"order_no": other}, slots={**slots, "order_no": other})
    assert said.slots["requested_slot"] == "phone_tail" and "order" not in said.slots
    old = {**slots, "order_token": {**token, "expires_at": "2020-01-01T00:00:00+08:00"}}
    assert begin(actions, TRACK, slots=old).slots["requested_slot"] == "phone_tail"
    before = {**slots, "order_token": {**token, "service": 7}}
    assert begin(actions, TRACK, slots=before).slots["requested_slot"] == "phone_tail"
    another = begin(actions, TRACK, entities={"ordinal": "other"}, slots=slots)
    assert another.slots["requested_slot"] == "order_no"


def test_an_unverified_customer_is_a_visitor(actions: ActionServer) -> None:
    request = actions.request(STATUS, "", "order_status", None, "c1001", {}, None, [BEGIN[STATUS]])
    request["tracker"]["latest_message"]["metadata"]["customer"]["verified"] = False
    answer = httpx.post(
        f"{actions.address}/webhook", json=request, headers=actions.headers, timeout=10
    ).json()
    said = Said(**answer)
    assert said.slots["requested_slot"] == "order_no" and "order_choices" not in said.slots


@pytest.mark.parametrize(("minutes", "locked"), [(5, True), (20, False)])
def test_wrong_proofs_of_whichever_orders_count_for_a_while(
    actions: ActionServer, orders: dict[str, list[Order]], minutes: int, locked: bool
) -> None:
    proof = {"order_no": orders["c1003"][0].no, "phone_tail": tail("c1003")}
    wrong = [time.time() - 60 * minutes] * 5
    said = begin(actions, STATUS, entities=proof, slots={"wrong_proofs": wrong})
    assert said.names == (["utter_verification_locked"] if locked else [])
    assert bool(said.slots.get("order")) != locked
