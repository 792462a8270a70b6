"""Asking back once, then handing over."""

from typing import Any

import httpx
import pytest

from tests.actions.conftest import ActionServer, Said, bot, user

HANDOFF = bot("utter_handoff_low_confidence", custom={"handoff": {"reason": "low_confidence"}})


@pytest.mark.parametrize(
    ("ranking", "topics", "offered"),
    [
        pytest.param(
            ["nlu_fallback", "refund_status", "return_request", "invoice", "greet"],
            [],
            ["/refund_status", "/return_request", "/invoice"],
            id="three readings",
        ),
        pytest.param(
            ["nlu_fallback", "greet", "out_of_scope", "invoice", "thanks"],
            [],
            ["/invoice"],
            id="small talk is not offered",
        ),
        pytest.param(
            ["nlu_fallback", "faq", "return_request", "invoice"],
            ["return_postage", "return_period", "refund_time"],
            ["/faq/return_postage", "/faq/return_period", "/return_request"],
            id="two topics when a question is likeliest",
        ),
        pytest.param(
            ["nlu_fallback", "return_request", "faq", "invoice"],
            ["return_postage", "return_period"],
            ["/return_request", "/faq/return_postage", "/invoice"],
            id="one topic behind an intent",
        ),
        pytest.param(
            ["nlu_fallback", "faq", "invoice"], ["no_such_topic"], ["/invoice"], id="a topic without a title"
        ),
    ],
)
def test_the_first_unsure_turn_offers_the_likeliest_readings(
    actions: ActionServer, ranking: list[str], topics: list[str], offered: list[str]
) -> None:
    said = actions.call(
        "action_ask_back",
        text="退",
        intent="nlu_fallback",
        ranking=ranking,
        topics=dict.fromkeys(topics, "faq"),
    )
    assert said.names == ["utter_ask_back"]
    assert said.buttons == [*offered, "/human_agent"]
    assert all(button["title"] for button in said.responses[0]["buttons"])


def test_without_a_reading_the_shopper_is_asked_to_say_it_again(actions: ActionServer) -> None:
    said = actions.call("action_ask_back", intent="nlu_fallback", ranking=["nlu_fallback", "greet"])
    assert (said.names, said.buttons) == (["utter_ask_rephrase"], ["/human_agent"])


@pytest.mark.parametrize("intent", ["nlu_fallback", "out_of_scope"])
@pytest.mark.parametrize(
    ("before", "hands_over"),
    [
        pytest.param([], False, id="first message"),
        pytest.param([user("nlu_fallback"), bot("utter_ask_back")], True, id="unsure before"),
        pytest.param([user("out_of_scope"), bot("utter_out_of_scope")], True, id="out of scope before"),
        pytest.param([user("nlu_fallback"), user("order_status")], False, id="understood in between"),
        pytest.param([user("nlu_fallback"), bot("utter_ask_back"), user("invoice")], False, id="button"),
        pytest.param([user("nlu_fallback"), HANDOFF], False, id="a human came in between"),
    ],
)
def test_the_second_unsure_turn_in_a_row_hands_over(
    actions: ActionServer, intent: str, before: list[dict[str, Any]], hands_over: bool
) -> None:
    said = actions.call("action_ask_back", intent=intent, before=before, ranking=[intent, "invoice"])
    if hands_over:
        assert said.names == ["utter_handoff_low_confidence"]
        assert said.handoff["reason"] == "low_confidence"
    else:
        assert said.names == [
            {"nlu_fallback": "utter_ask_back", "out_of_scope": "utter_out_of_scope"}[intent]
        ]


def test_what_an_agent_settled_is_told_once(actions: ActionServer) -> None:
    def ask(slots: dict[str, Any]) -> Said:
        call = actions.request("action_ask_back", "那个呢", "nlu_fallback", None, None, slots, None, None)
        call["tracker"]["latest_message"]["metadata"]["context"] = {"settled": "补发一件"}
        response = httpx.post(f"{actions.address}/webhook", json=call, headers=actions.headers, timeout=20)
        return Said(**response.json())

    told = ask({})
    assert told.names[0] == "utter_settled" and told.responses[0]["settled"] == "补发一件"
    assert "utter_settled" not in ask(told.slots).names
