"""What is wrong with the text of one rule or story, line by line, as it is typed."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.data_files import line_of
from bot.studio.files.stories import Kind, Told

from .known import Known
from .steps import Named, NoYaml, Step, Story, item_of, loaded, story_of

MOST = 40
"""Problems that are told."""
# Signs that turn the text around them, or are not seen at all.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_PARTS: dict[Kind, set[str]] = {
    "rule": {"rule", "condition", "steps", "conversation_start", "wait_for_user_input", "metadata"},
    "story": {"story", "steps", "metadata"},
}
# What the reader of YAML says, and what people understand.
_READER = {
    "long": "long",
    "alias": "alias",
    "could not find expected ':'": "colon",
    "mapping values are not allowed here": "colon",
    "did not find expected '-' indicator": "indent",
    "expected <block end>": "indent",
    "did not find expected": "indent",
    "cannot start any token": "sign",
    "found unexpected end of stream": "quote",
    "duplicate key": "twice",
}


@dataclass(frozen=True)
class Wrong:
    """A problem; its sentence is ``wrong_CODE`` of texts/stories.yml, filled with ``values``."""

    line: int
    """From 1."""
    code: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """A text as far as it can be understood."""

    story: Story | None
    wrong: tuple[Wrong, ...]


def read(source: str, known: Known, taken: Collection[tuple[Kind, str]] = ()) -> Read:
    """The rule or story of a text, and what is wrong with it, in the order of its lines.

    Args:
        taken: kinds and names of all others.
    """
    try:
        content = loaded(source)
    except NoYaml as no:
        return Read(None, (_no_yaml(no),))
    found = item_of(content)
    story = story_of(content)
    if found is None or story is None:
        return Read(None, (Wrong(1, "none"),))
    item, _ = found
    wrong = [*_whole(item, story, taken), *_steps(story, known)]
    wrong.sort(key=lambda each: each.line)
    return Read(story, tuple(wrong[:MOST]))


def taken(all_told: Collection[Told], but: tuple[Kind, str] | None) -> set[tuple[Kind, str]]:
    """Kinds and names that are there, without that which is edited."""
    names = [(each.kind, each.name) for each in all_told]
    if but in names:
        names.remove(but)
    return set(names)


def _no_yaml(no: NoYaml) -> Wrong:
    code = next((code for part, code in _READER.items() if part in no.why), "yaml")
    return Wrong(no.line, code, {"why": no.why[:200]})


def _whole(item: dict[Any, Any], story: Story, taken: Collection[tuple[Kind, str]]) -> Iterator[Wrong]:
    kind = story.kind
    line = line_of(item, kind)
    if not isinstance(item[kind], str):
        yield Wrong(line, "name_type" if story.name else "no_name")
    elif not story.name.strip():
        yield Wrong(line, "no_name")
    elif any(unicodedata.category(sign) in _UNSEEN for sign in story.name):
        yield Wrong(line, "unseen")
    if (kind, story.name) in taken:
        yield Wrong(line, f"taken_{kind}", {"name": story.name})
    for name in item:
        if name not in _PARTS[kind]:
            yield Wrong(line_of(item, name), "part", {"name": name})
    if not isinstance(item.get("steps"), list):
        yield Wrong(line_of(item, "steps") if "steps" in item else line, "no_steps")
    elif not story.steps:
        yield Wrong(line_of(item, "steps"), "no_steps")
    if item.get("condition") is not None and not isinstance(item["condition"], list):
        yield Wrong(line_of(item, "condition"), "list", {"name": "condition"})
    for name in ("conversation_start", "wait_for_user_input"):
        if name in item and not isinstance(item[name], bool):
            yield Wrong(line_of(item, name), "yes_no", {"name": name})
    if kind == "rule":
        # What an alternative says is one message, whichever it is.
        messages = [step for step in story.steps if step.kind in ("intent", "or")]
        for step in messages[1:]:
            yield Wrong(step.line, "second_message")
        for step in story.every():
            if step.kind in ("checkpoint", "bot"):
                yield Wrong(step.line, f"{step.kind}_in_rule")
    for step in story.condition:
        if step.kind not in ("loop", "slots"):
            yield Wrong(step.line, "condition")


def _steps(story: Story, known: Known) -> Iterator[Wrong]:
    for step in story.every():
        match step.kind:
            case "intent":
                yield from _intent(step, known)
            case "action":
                yield from _action(step, known)
            case "loop":
                if step.name and step.name not in known.forms:
                    yield Wrong(step.line, "loop", {"name": step.name})
            case "checkpoint":
                if not step.name.strip():
                    yield Wrong(step.line, "no_checkpoint")
            case "slots":
                yield from _slots(step.slots, known, step)
            case "or":
                if not step.branches:
                    yield Wrong(step.line, "no_branches")
                for branch in step.branches:
                    if branch.kind not in ("intent", "slots"):
                        yield Wrong(branch.line, "branch")
            case "other":
                if step.more not in (("metadata",), ("user",)):
                    yield Wrong(step.line, "step", {"name": ", ".join(step.more)})


def _intent(step: Step, known: Known) -> Iterator[Wrong]:
    name = step.name
    if not name:
        yield Wrong(step.line, "no_intent")
    elif name in known.topics or "/" in name:
        yield Wrong(step.line, "topic", {"name": name, "intent": name.partition("/")[0]})
    elif name not in known.intents:
        yield Wrong(step.line, "intent", {"name": name})
    for entity in step.entities:
        if entity.name not in known.entities:
            yield Wrong(entity.line, "entity", {"name": entity.name})


def _action(step: Step, known: Known) -> Iterator[Wrong]:
    if not step.name:
        yield Wrong(step.line, "no_action")
    elif step.name not in known.actions:
        yield Wrong(
            step.line, "response" if step.name.startswith("utter_") else "action", {"name": step.name}
        )


def _slots(slots: tuple[Named, ...], known: Known, step: Step) -> Iterator[Wrong]:
    if not slots:
        yield Wrong(step.line, "no_slot")
    for slot in slots:
        if slot.name not in known.slots:
            yield Wrong(slot.line, "slot", {"name": slot.name})
