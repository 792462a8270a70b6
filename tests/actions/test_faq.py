"""faq: what none of the written answers fits gets those nearest to it."""

import pytest

from tests.actions.conftest import ActionServer

HUMAN = ["/human_agent", "/deny"]


@pytest.mark.parametrize(
    ("topics", "offered"),
    [
        pytest.param({}, [], id="none"),
        pytest.param(
            {"return_period": "return_policy", "phone_change": "account_issue"},
            ["/faq/phone_change"],
            id="only those of the intent",
        ),
        pytest.param(
            dict.fromkeys(["no_such_topic", "real_name", "phone_change", "password_reset"], "account_issue"),
            ["/faq/real_name", "/faq/phone_change"],
            id="the nearest two that have a title",
        ),
    ],
)
def test_the_nearest_topics_are_offered_and_a_human(
    actions: ActionServer, topics: dict[str, str], offered: list[str]
) -> None:
    said = actions.call("action_nearest_topics", text="账号", intent="account_issue", topics=topics)
    assert said.names == ["utter_unanswered_account_issue"]
    assert said.buttons == [*offered, *HUMAN]
    assert all(button["title"] for button in said.responses[0]["buttons"])
