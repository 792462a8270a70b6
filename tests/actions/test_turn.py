"""One turn as the actions see it."""

from typing import Any

import pytest
from rasa_sdk import Tracker

from actions.turn import LEAST_SECONDS, TOPIC_TURNS, TURN_SECONDS, Turn
from tests.actions.conftest import bot, slot, user


def turn(
    message: dict[str, Any] | None = None, *events: dict[str, Any], slots: dict[str, Any] | None = None
) -> Turn:
    return Turn(Tracker("test", slots or {}, message or {}, list(events), False, None, {}, "action_listen"))


@pytest.mark.parametrize(
    ("text", "read"), [(" ＯＫ，訂單 ", "OK,订单"), ('/inform{"order_no": "1"}', ""), (None, "")]
)
def test_a_text_is_folded_and_a_buttons_is_none(text: str | None, read: str) -> None:
    assert turn({"text": text}).text == read


@pytest.mark.parametrize(
    "customer", [None, {"id": "c1001"}, {"id": "c1001", "verified": False}, {"id": "", "verified": True}]
)
def test_whom_the_front_did_not_verify_is_a_visitor(customer: dict[str, Any] | None) -> None:
    assert turn({"metadata": {"customer": customer}}).customer is None


def test_of_several_values_the_first_said_and_the_last_known_count() -> None:
    said = [{"entity": "size", "value": "M"}, {"entity": "size", "value": "L"}, {"entity": "colour"}]
    assert turn({"entities": said}).entities == {"size": "M"}
    assert turn(slots={"order_no": ["1", "2", {"a": 1}]}).known("order_no") == "2"
    assert turn(slots={"order_no": {"a": 1}}).known("order_no") is None


@pytest.mark.parametrize(("later", "topic"), [(0, True), (TOPIC_TURNS - 1, True), (TOPIC_TURNS, False)])
def test_what_was_spoken_of_stays_the_topic_for_a_while(later: int, topic: bool) -> None:
    events = [user("stock"), slot("product", "台灯"), slot("order_no", None)]
    now = turn({}, *events, *[user("greet")] * later, user("inform"))
    assert now.lately("product") is topic
    assert not now.lately("order_no")


@pytest.mark.parametrize(
    ("payloads", "offered"),
    [
        (["/human_agent", "/deny"], True),
        (["/logistics_track", "/human_agent", "/deny"], True),
        (["/human_agent"], False),
        (['/affirm{"proposal": "k"}', "/human_agent", "/deny"], False),
    ],
)
def test_the_offer_of_a_human_is_a_question_with_yes_and_no(payloads: list[str], offered: bool) -> None:
    said = bot("utter_x", *payloads)
    assert turn({}, user("stock"), said, user("affirm")).offered_human is offered


def test_a_tapped_reading_means_what_was_typed_before() -> None:
    typed = user("nlu_fallback") | {"text": "改到杭州"}
    tapped = {"text": "/change_address"}
    assert turn(tapped, typed, bot("utter_ask_back"), user("change_address")).meant["text"] == "改到杭州"
    assert turn(tapped, typed, bot("utter_greet"), user("change_address")).meant["text"] == ""


def test_a_turns_time_runs_out_but_for_a_little() -> None:
    spent = turn({}, user("stock")).seconds_left  # it began a minute ago
    assert (spent, turn().seconds_left) == (LEAST_SECONDS, TURN_SECONDS)
