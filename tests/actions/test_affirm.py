"""affirm: what a yes outside of a form means."""

from typing import Any

import pytest

from tests.actions.conftest import ActionServer, Said, bot, slot, user

OTHERS = ["/cancel_order", "/human_agent", "/deny"]
DONE = {"form": "cancel_order_form", "key": "k1", "outcome": "done"}


def yes(actions: ActionServer, *before: dict[str, Any], **call: Any) -> Said:
    return actions.call("action_affirm", intent="affirm", before=[user("cancel_order"), *before], **call)


def test_a_yes_takes_the_offer_of_a_human(actions: ActionServer) -> None:
    said = yes(actions, bot("utter_cancel_order", "/human_agent", "/deny"), text="好的")
    assert said.handoff["reason"] == "asked_for_human"


@pytest.mark.parametrize("response", ["utter_refused", "utter_ask_back"])
def test_a_yes_picks_none_of_several_offers(actions: ActionServer, response: str) -> None:
    said = yes(actions, bot(response, *OTHERS), text="好的")
    assert (said.names, said.buttons) == (["utter_affirm_which"], OTHERS)


@pytest.mark.parametrize(
    ("job", "proposal", "response"),
    [
        pytest.param(DONE, "k1", "utter_done_already", id="its button again"),
        pytest.param(DONE, None, "utter_done_already", id="another yes"),
        pytest.param(DONE, "k0", "utter_done_already", id="an older button right after it"),
        pytest.param(
            {**DONE, "outcome": "left", "failures": 1}, "k1", "utter_left_undecided", id="the answer was lost"
        ),
        pytest.param({**DONE, "outcome": "left"}, "k1", "utter_nothing_to_confirm", id="it was left"),
        pytest.param({**DONE, "outcome": "left"}, None, "utter_affirm", id="a yes to nothing"),
    ],
)
def test_a_yes_after_a_job(
    actions: ActionServer, job: dict[str, Any], proposal: str | None, response: str
) -> None:
    entities = {"proposal": proposal} if proposal else {}
    said = yes(actions, slot("job", job), slots={"job": job}, entities=entities)
    assert said.names == [response]


def test_a_job_done_a_while_ago_is_not_meant(actions: ActionServer) -> None:
    said = yes(actions, slot("job", DONE), user("greet"), slots={"job": DONE}, text="好的")
    assert said.names == ["utter_affirm"]
