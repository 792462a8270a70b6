"""What a job knows, and what a change of mind takes along."""

from dataclasses import asdict

import pytest
from rasa_sdk import Tracker

from actions.job import Job
from actions.turn import TOPIC_TURNS, Turn
from tests.actions.conftest import slot, user

RETURN, EXCHANGE = "return_request_form", "exchange_request_form"
BEGUN = Job(RETURN, order_no="n1", values={"items": ["p1-1"], "reason": "quality", "postage": "shop"})


def turn(job: Job, later: int = 0) -> Turn:
    """A message after ``job`` and so many others."""
    events = [user("return_request"), slot("job", asdict(job)), *[user("greet")] * later, user("inform")]
    return Turn(Tracker("test", {"job": asdict(job)}, {}, events, False, None, {}, "action_listen"))


def test_a_form_goes_on_with_its_own_job() -> None:
    assert Job.of(turn(BEGUN), RETURN, starting=False) == BEGUN


def test_another_job_takes_the_order_and_what_is_carried() -> None:
    job = Job.of(turn(BEGUN), EXCHANGE, starting=True)
    assert job == Job(EXCHANGE, order_no="n1", values={"items": ["p1-1"], "reason": "quality"})


@pytest.mark.parametrize(("outcome", "later"), [("done", 0), ("left", 0), (None, TOPIC_TURNS)])
def test_what_has_ended_or_is_long_ago_leaves_nothing(outcome: str | None, later: int) -> None:
    ended = Job(**{**asdict(BEGUN), "outcome": outcome})
    assert Job.of(turn(ended, later), EXCHANGE, starting=True) == Job(EXCHANGE)


def test_what_is_forgotten_is_given_back() -> None:
    job = Job(RETURN, values={"items": ["p1-1"], "reason": "quality"})
    assert job.forget("items", "evidence") == {"items": ["p1-1"]}
    assert job.values == {"reason": "quality"}
