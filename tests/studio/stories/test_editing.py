"""Edits of the form change their lines and no others: comments, order, quotes and indents stay."""

from collections.abc import Callable

import pytest

from bot.studio.files import Refused, yaml_edit
from bot.studio.stories import editing
from bot.studio.stories.steps import loaded, story_of

RULE = """- rule: Which order   # asked often
  # of the middle of a talk too
  steps:
  - intent: order_status   # in any words
    entities:
    - order_no   # sixteen digits
  # then the form
  - action: order_form
  - active_loop: order_form
  - slot_was_set:
    - requested_slot: null   # nothing is asked
    - order_no"""
FLOW = "- {rule: Thanks, steps: [{intent: thanks}, {action: utter_greet}]}  # short"


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (lambda s: editing.set_name(s, "Wo: 单"), "Which order ", '"Wo: 单" '),
        (lambda s: editing.set_kind(s, "story"), "- rule:", "- story:"),
        (lambda s: editing.set_choice(s, ("steps", 0, "intent"), "greet"), "order_status", "greet"),
        (lambda s: editing.set_choice(s, ("steps", 2, "active_loop"), ""), "loop: order_form", "loop: null"),
        (
            lambda s: editing.set_named(s, ("steps", 3, "slot_was_set"), 0, "requested_slot", "true"),
            "requested_slot: null",
            "requested_slot: true",
        ),
        (
            lambda s: editing.set_named(s, ("steps", 3, "slot_was_set"), 1, "order_no", "null"),
            "is asked\n    - order_no",
            "is asked\n    - order_no: null",
        ),
        (
            lambda s: editing.set_named(s, ("steps", 0, "entities"), None, "product", "七分裤"),
            "# sixteen digits\n",
            "# sixteen digits\n    - product: 七分裤\n",
        ),
        (
            lambda s: editing.set_named(s, ("steps", 0, "entities"), 0, "product", None),
            "- order_no ",
            "- product ",
        ),
        (
            lambda s: editing.remove(s, ("steps", 0, "entities", 0)),
            "    entities:\n    - order_no   # sixteen digits\n",
            "",
        ),
        (
            lambda s: editing.move(s, ("steps", 1), 0),
            """  - intent: order_status   # in any words
    entities:
    - order_no   # sixteen digits
  # then the form
  - action: order_form
""",
            """  # then the form
  - action: order_form
  - intent: order_status   # in any words
    entities:
    - order_no   # sixteen digits
""",
        ),
        (
            lambda s: editing.add_step(s, ("steps",), 1, "action", "utter_greet"),
            "  # then the form\n",
            "  - action: utter_greet\n  # then the form\n",
        ),
        (
            lambda s: editing.add_step(s, ("condition",), 0, "loop", "order_form"),
            "  # of the middle",
            "  condition:\n  - active_loop: order_form\n  # of the middle",
        ),
        (
            lambda s: editing.set_flag(s, "wait_for_user_input", False),
            "  # of the middle",
            "  wait_for_user_input: false\n  # of the middle",
        ),
        (
            lambda s: editing.add_branch(s, ("steps", 0), "greet"),
            """  - intent: order_status   # in any words
    entities:
    - order_no   # sixteen digits
""",
            """  - or:
    - intent: order_status   # in any words
      entities:
      - order_no   # sixteen digits
    - intent: greet
""",
        ),
        (lambda s: editing.remove(s, ("steps", 2)), "  - active_loop: order_form\n", ""),
    ],
)  # fmt: skip
def test_only_what_was_meant_changes(edit: Callable[[str], str], old: str, new: str) -> None:
    assert old in RULE
    assert edit(RULE) == RULE.replace(old, new, 1)


def test_in_brackets() -> None:
    made = editing.add_step(FLOW, ("steps",), 1, "slots", "order_no")
    assert made == FLOW.replace("{intent: thanks}, ", "{intent: thanks}, {slot_was_set: [order_no]}, ")
    assert "steps: [{action: utter_greet}, {intent: thanks}," in editing.move(made, ("steps", 2), 0)
    assert editing.remove(made, ("steps", 1)) == FLOW
    assert "conversation_start: true" in editing.set_flag(FLOW, "conversation_start", True)
    assert editing.set_name(FLOW, "x, y").startswith('- {rule: "x, y", steps')


def test_there_and_back() -> None:
    with_flag = editing.set_flag(RULE, "conversation_start", True)
    assert editing.set_flag(with_flag, "conversation_start", False) == RULE
    with_condition = editing.add_step(RULE, ("condition",), 0, "slots", "order_no")
    assert editing.remove(with_condition, ("condition", 0)) == RULE
    two = editing.add_branch(editing.add_branch(RULE, ("steps", 0), "greet"), ("steps", 0), "thanks")
    story = story_of(loaded(two))
    assert story and [each.name for each in story.steps[0].branches] == ["order_status", "greet", "thanks"]
    moved = editing.move(RULE, ("steps", 3), 0)
    assert editing.move(moved, ("steps", 0), 3) == RULE
    # What is taken out last leaves a place for what comes.
    bare = "- rule: Bare\n  steps:\n  - intent: greet"
    empty = editing.remove(bare, ("steps", 0))
    assert editing.add_step(empty, ("steps",), 0, "intent", "greet") == bare


def test_a_text_without_dash_and_hostile_names() -> None:
    given = RULE.removeprefix("- ").replace("\n  ", "\n")
    assert editing.set_choice(given, ("steps", 1, "action"), "utter_greet").startswith("- rule: Which")
    for name in ("a: b # c", "- x", "'\"", "{a", "null", "48", "<script>", "\u202eabc", "换\n行", "&a *b"):
        renamed = editing.set_name(RULE, name)
        assert yaml_edit.value("", renamed, (0, "rule")) == name
        named = editing.set_named(RULE, ("steps", 3, "slot_was_set"), None, "order_no", name)
        value = yaml_edit.value("", named, (0, "steps", 3, "slot_was_set", 2, "order_no"))
        assert value == name or value[1] == name


@pytest.mark.parametrize("text", ["", "- rule: [", "nothing", "- rule: a\n  steps: 1", "\t- rule: a"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        editing.move(text, ("steps", 0), 1)
