"""Which order the shopper means: the forms' validation, called as the engine calls it."""

from typing import Any

import httpx
import pytest

from actions.backend.contract import Order
from actions.cards import kept
from tests.actions.conftest import ActionServer, Said, bot, loop, slot, user

STATUS, TRACK = "validate_order_status_form", "validate_logistics_track_form"
BEGIN = {STATUS: loop("order_status_form"), TRACK: loop("logistics_track_form")}
INTENT = {STATUS: "order_status", TRACK: "logistics_track"}


def begin(actions: ActionServer, form: str, text: str = "", **call: Any) -> Said:
    """The form begins with this message."""
    return actions.call(form, text=text, **{"intent": INTENT[form], "since": [BEGIN[form]], **call})


def choices(customer: str, orders: list[Order], first: int = 0, more: bool = False) -> dict[str, Any]:
    """The slot of orders on show."""
    return {
        "customer": customer,
        "first": first,
        "more": more,
        "unknown": False,
        "orders": [kept(order) for order in orders],
    }


def asked(customer: str, orders: list[Order], failed: int = 0) -> dict[str, Any]:
    """The slots while the form asks which of ``orders``."""
    return {
        "requested_slot": "order_no",
        "order_attempts": failed,
        "order_choices": choices(customer, orders),
    }


@pytest.mark.parametrize(
    ("form", "customer", "text", "entities", "chosen"),
    [
        pytest.param(STATUS, "c1001", "订单到哪一步了", {}, 0, id="the only order"),
        pytest.param(STATUS, "c1002", "我的台灯发货了吗", {}, 0, id="by the name of its goods"),
        pytest.param(STATUS, "c1002", "那个白色的充电器呢", {}, 0, id="by specification and name"),
        pytest.param(TRACK, "c1002", "耳機什麼時候到？ 降噪的", {}, 1, id="by part of a name"),
        pytest.param(STATUS, "c1010", "T恤到哪了", {}, 1, id="by a mixed name"),
        pytest.param(STATUS, "c1010", "ｔ恤到哪了", {}, 1, id="by a wide and lower-case name"),
        pytest.param(STATUS, "c1002", "最近那单", {"ordinal": "latest"}, 0, id="the latest"),
        pytest.param(TRACK, "c1002", "最近那单", {"ordinal": "latest"}, 1, id="the latest that was sent"),
        pytest.param(STATUS, "c1002", "尾号00011518的订单", {}, 2, id="by a part of its number"),
        pytest.param(TRACK, "c1003", "卫衣的快递", {}, 0, id="goods that were not sent yet"),
        pytest.param(TRACK, "c1003", "快递到哪了", {}, 1, id="the only one that was sent"),
    ],
)
def test_an_order_is_chosen_at_once(
    actions: ActionServer,
    orders: dict[str, list[Order]],
    form: str,
    customer: str,
    text: str,
    entities: dict[str, str],
    chosen: int,
) -> None:
    said = begin(actions, form, text, customer=customer, entities=entities)
    assert said.slots["order_no"] == orders[customer][chosen].no
    assert said.slots["order"]["no"] == said.slots["order_no"]
    assert said.slots["requested_slot"] is None and said.responses == []
    address = said.slots["order"]["address"]
    assert (address["name"], address["phone"], address["text"]) == ("", "", "")


@pytest.mark.parametrize(
    ("form", "customer", "text", "offered"),
    [
        pytest.param(STATUS, "c1002", "查订单", [0, 1, 2, 3], id="all her orders"),
        pytest.param(TRACK, "c1002", "快递到哪了", [1, 2, 3], id="those that were sent"),
        pytest.param(TRACK, "c1010", "快递到哪了", [1, 2, 3, 4], id="on the way first"),
        pytest.param(STATUS, "c1010", "我买的坚果", [2], id="one that fits is not asked for"),
    ],
)
def test_several_orders_are_offered(
    actions: ActionServer,
    orders: dict[str, list[Order]],
    form: str,
    customer: str,
    text: str,
    offered: list[int],
) -> None:
    said = begin(actions, form, text, customer=customer)
    expected = [orders[customer][i].no for i in offered]
    if len(expected) == 1:
        assert said.slots["order_no"] == expected[0]
        return
    assert said.slots["requested_slot"] == "order_no" and said.slots["order_attempts"] == 0
    assert [order["no"] for order in said.slots["order_choices"]["orders"]] == expected


def test_orders_that_fit_equally_are_offered_alone(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    first, *others = (order.no for order in orders["c1010"])
    assert not any(no.startswith(first[:10]) for no in others)
    said = begin(actions, STATUS, f"订单号里有{first[:10]}那个", customer="c1010")
    assert said.slots["order_no"] == first
    # However old the year is: the newest three are of the last days.
    starts = (first[:length] for length in range(len(first), 0, -1))
    common = next(start for start in starts if all(no.startswith(start) for no in others[:2]))
    fitting = [no for no in (first, *others) if no.startswith(common)]
    said = begin(actions, STATUS, f"{common}开头的订单", customer="c1010")
    assert [o["no"] for o in said.slots["order_choices"]["orders"]] == fitting


@pytest.mark.parametrize(
    ("text", "intent", "entities", "chosen"),
    [
        pytest.param("第二个", "inform", {"ordinal": "2"}, 1, id="ordinal"),
        pytest.param("2", "nlu_fallback", {}, 1, id="bare number"),
        pytest.param("最后一个", "inform", {"ordinal": "last"}, 3, id="last"),
        pytest.param("耳机", "quality_complaint", {}, 1, id="goods alone, whatever they were taken for"),
        pytest.param("龙井那个呀", "out_of_scope", {}, 2, id="goods in an unsure message"),
        pytest.param("/inform", "inform", {"order_no": "{1}"}, 1, id="button"),
    ],
)
def test_the_question_which_order_is_answered(
    actions: ActionServer,
    orders: dict[str, list[Order]],
    text: str,
    intent: str,
    entities: dict[str, str],
    chosen: int,
) -> None:
    hers = orders["c1002"]
    entities = {name: hers[1].no if value == "{1}" else value for name, value in entities.items()}
    said = actions.call(
        STATUS, text=text, intent=intent, entities=entities, customer="c1002", slots=asked("c1002", hers)
    )
    assert said.slots["order_no"] == hers[chosen].no and said.slots["requested_slot"] is None


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("faq", "退货运费谁出"),
        ("greet", "你好"),
        ("human_agent", "转人工"),
        ("deny", "算了"),
        ("return_request", "这个台灯我要退"),
        ("logistics_track", "台灯"),
    ],
)
def test_a_message_about_something_else_is_left_to_the_rules(
    actions: ActionServer, orders: dict[str, list[Order]], intent: str, text: str
) -> None:
    request = actions.request(
        STATUS, text, intent, None, "c1002", asked("c1002", orders["c1002"]), None, None
    )
    response = httpx.post(f"{actions.address}/webhook", json=request, headers=actions.headers, timeout=10)
    assert (response.status_code, response.json()["action_name"]) == (400, "order_status_form")


def test_after_a_digression_the_same_is_asked_again(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    slots = asked("c1002", orders["c1002"])
    rejected = [{"event": "action_execution_rejected", "name": "order_status_form"}]
    said = actions.call(STATUS, intent="faq", customer="c1002", slots=slots, since=rejected)
    assert said.slots == {"requested_slot": "order_no"}
    said = actions.call("action_ask_order_no", intent="faq", customer="c1002", slots=slots, since=rejected)
    assert said.names == ["utter_choose_order_still"] and said.cards == []


def test_the_order_just_spoken_of_stays_the_topic_for_a_while(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    no = orders["c1002"][2].no
    spoken = [user("inform"), slot("order_no", no)]
    said = begin(actions, TRACK, "那它什么时候到", customer="c1002", slots={"order_no": no}, before=spoken)
    assert said.slots["order_no"] == no
    later = [*spoken, user("greet"), user("faq"), user("thanks")]
    said = begin(actions, TRACK, "快递到哪了", customer="c1002", slots={"order_no": no}, before=later)
    assert said.slots["requested_slot"] == "order_no"
    said = begin(actions, TRACK, "耳机呢", customer="c1002", slots={"order_no": no}, before=spoken)
    assert said.slots["order_no"] == orders["c1002"][1].no
    other = begin(
        actions, TRACK, customer="c1002", slots={"order_no": no}, before=spoken, entities={"ordinal": "other"}
    )
    assert other.slots["requested_slot"] == "order_no"


def test_another_customers_number_is_not_found_and_hers_are_offered(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    foreign = orders["c1001"][0]
    for number in (foreign.no, "2020010100000000"):
        said = begin(actions, STATUS, number, customer="c1002", entities={"order_no": number})
        assert said.slots["order_no"] is None and said.slots["order_choices"]["unknown"]
        assert foreign.items[0].name not in str(said.slots)
        shown = actions.call("action_ask_order_no", customer="c1002", slots=said.slots)
        assert shown.names == ["utter_order_not_found"]
        assert {card["order_no"] for card in shown.cards} == {order.no for order in orders["c1002"]}


def test_a_customer_without_orders_hears_so(actions: ActionServer) -> None:
    said = begin(actions, TRACK, "快递到哪了", customer="c1008")
    assert said.names == ["utter_no_orders"] and said.slots["requested_slot"] is None


def test_a_yes_to_the_offer_of_a_human_leaves_the_form(
    actions: ActionServer, orders: dict[str, list[Order]]
) -> None:
    offer = bot("utter_no_parcel", "/human_agent", "/deny")
    request = actions.request(
        STATUS, "好", "affirm", None, "c1002", asked("c1002", orders["c1002"]), [user("x"), offer], None
    )
    assert (
        httpx.post(
            f"{actions.address}/webhook", json=request, headers=actions.headers, timeout=10
        ).status_code
        == 400
    )


@pytest.mark.parametrize("value", [["1", "2"], {"a": 1}, 7, "../../etc", "2" * 5000, "", "１２３４"])
def test_a_forged_value_finds_nothing_and_breaks_nothing(actions: ActionServer, value: Any) -> None:
    """A payload may hold anything; Rasa puts it into entity and slot as it is."""
    forged = {"entities": {"order_no": value, "phone_tail": value}, "slots": {"order_no": value}}
    said = begin(actions, STATUS, customer="c1002", before=[slot("order_no", value)], **forged)
    assert said.slots["requested_slot"] == "order_no" and said.responses == []
    said = begin(actions, STATUS, **forged)
    assert said.names in ([], ["utter_verification_failed"])
    assert said.slots["requested_slot"] in {"order_no", "phone_tail"}
    said = actions.call("action_handoff", customer="c1002", before=[slot("order_no", value)], **forged)
    assert said.handoff["orders"] == []
