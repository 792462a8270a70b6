"""What is wrong with a text is told with its line, as it is typed."""

import pytest

from bot.studio.files import Snapshot
from bot.studio.files.stories import told
from bot.studio.stories.known import Known
from bot.studio.stories.listing import rows
from bot.studio.stories.problems import read, taken

from .conftest import ORDER_STATUS

STORY = """- story: Talk
  steps:
  - intent: greet
  - action: utter_greet
  - checkpoint: after
  - or:
    - intent: thanks
    - slot_was_set:
      - order_no: null
  - bot: 您好
"""


def wrong(text: str, names: Known, **more: object) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in read(text, names, **more).wrong]  # type: ignore[arg-type]


def test_what_is_there_is_right(now: Snapshot, names: Known) -> None:
    assert len(rows(now)) == 6
    for row in rows(now):
        others = taken(told(now), (row.told.kind, row.told.name))
        assert read(row.told.source, names, others).wrong == ()
    assert wrong(STORY, names) == []
    assert ORDER_STATUS.count("rule:") == 2


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("intent: greet", "intent: greeting", (3, "intent")),
        ("intent: thanks", "intent: thank", (7, "intent")),
        ("intent: greet", "intent: faq/return_days", (3, "topic")),
        ("intent: greet", "intent:", (3, "no_intent")),
        ("utter_greet", "utter_hello", (4, "response")),
        ("utter_greet", "action_hello", (4, "action")),
        ("order_no", "order", (9, "slot")),
        ("checkpoint: after", "checkpoint:", (5, "no_checkpoint")),
        ("checkpoint: after", "active_loop: greet", (5, "loop")),
        ("checkpoint: after", "chekpoint: after", (5, "step")),
        ("story: Talk", "story: ''", (1, "no_name")),
        ("story: Talk", "story: 48", (1, "name_type")),
        ("story: Talk", 'story: "a\\u202Eb"', (1, "unseen")),
        ("story: Talk", "story: Talk\n  wait: true", (2, "part")),
        ("  - action", "   - action", (4, "indent")),
        ("  - action", "- action", (5, "indent")),
        ("  - action", "\t- action", (4, "sign")),
        ("intent: greet", "intent: 'greet", (3, "quote")),
        ("action: utter_greet", "action: utter: greet", (4, "colon")),
        ("intent: greet", "intent: greet\n    intent: thanks", (4, "twice")),
        ("intent: greet", "intent: &a greet\n  - intent: *a", (4, "alias")),
    ],
)  # fmt: skip
def test_each_problem_is_told_at_its_line(names: Known, old: str, new: str, found: tuple[int, str]) -> None:
    assert old in STORY
    assert wrong(STORY.replace(old, new, 1), names)[0] == found


def test_rules_have_limits_of_their_own(names: Known) -> None:
    rule = STORY.replace("story: Talk", "rule: Talk")
    assert wrong(rule, names) == [(5, "checkpoint_in_rule"), (6, "second_message"), (10, "bot_in_rule")]
    assert wrong("- rule: a\n  condition:\n  - intent: greet\n  steps: []", names) == [
        (3, "condition"),
        (4, "no_steps"),
    ]
    assert wrong("rule: a\nsteps:\n- intent: greet\nwait_for_user_input: maybe", names) == [(4, "yes_no")]


def test_a_name_is_taken_but_by_itself(now: Snapshot, names: Known) -> None:
    text = "- rule: Hello\n  steps:\n  - intent: greet\n"
    assert wrong(text, names, taken=taken(told(now), None)) == [(1, "taken_rule")]
    assert wrong(text, names, taken=taken(told(now), ("rule", "Hello"))) == []
    assert wrong(text.replace("rule", "story"), names, taken=taken(told(now), None)) == []


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "- a\n- b", "[" * 5000, "- rule: a\n" * 2, "a: " * 3000, "\0", "\ud800", "x" * 30_000,
     "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
     "- rule: a\n  steps: [[[1]], null, 3, {or: 5}, {or: [1, [2]]}]"],
)  # fmt: skip
def test_hostile_texts_are_told_and_not_raised(names: Known, text: str) -> None:
    assert wrong(text, names)
