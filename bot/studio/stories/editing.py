"""Edits of the text of one rule or story, as its form asks for them; all other lines stay as they are.

Each takes the text and gives it back changed. ``keys`` is the way to a part from the rule or story:
``("steps", 2)``, ``("steps", 2, "or", 0, "intent")``.
"""

import re
from typing import Literal

from bot.data_faults import Fault
from bot.studio.files import Refused, yaml_edit
from bot.studio.files.stories import Kind, dashed

from .steps import NO_LOOP, Keys

Sort = Literal["intent", "action", "slots", "loop", "checkpoint", "or"]
Flag = Literal["conversation_start", "wait_for_user_input"]
# What a rule has where nothing is said.
_USUAL: dict[Flag, bool] = {"conversation_start": False, "wait_for_user_input": True}
_TYPED = re.compile(r"null|true|false|-?\d+(\.\d+)?|\[.*\]")
_LONGEST_NAME = 200


def set_name(source: str, name: str) -> str:
    """Let the rule or story have another name.

    Raises:
        Refused: as all of these, it cannot be written there; the text is to be edited itself.
    """
    source = dashed(source)
    for kind in ("rule", "story"):
        if yaml_edit.value("", source, (0, kind)) is not None:
            return yaml_edit.set_text("", source, (0, kind), name[:_LONGEST_NAME])
    raise Refused([Fault("no_story")])


def set_kind(source: str, kind: Kind) -> str:
    """Let a rule be a story, or a story a rule."""
    source = dashed(source)
    other = "story" if kind == "rule" else "rule"
    changed = re.sub(rf"^((?:\s*#.*\n)*\s*-\s+\{{?\s*){other}(\s*:)", rf"\g<1>{kind}\g<2>", source, count=1)
    if yaml_edit.value("", changed, (0, kind)) is None:
        raise Refused([Fault("only_in_text")])
    return changed


def set_flag(source: str, name: Flag, on: bool) -> str:
    """Let ``conversation_start`` or ``wait_for_user_input`` of a rule be on or off."""
    source, keys = dashed(source), (0, name)
    there = yaml_edit.value("", source, keys)
    if there is None:
        return _with(source, f"{name}: {_yes(on)}") if on != _USUAL[name] else source
    if on == _USUAL[name]:
        return yaml_edit.remove_item("", source, keys)
    return yaml_edit.set_plain("", source, keys, _yes(on))


def set_choice(source: str, keys: Keys, name: str) -> str:
    """Let the intent, action, form or checkpoint at ``keys`` be another; the form ``""``: the form ends."""
    source, keys = dashed(source), (0, *keys)
    if keys[-1] == "active_loop" and name == NO_LOOP:
        return yaml_edit.set_plain("", source, keys, "null")
    return yaml_edit.set_plain("", source, keys, yaml_edit.scalar(name, flow=True))


def add_step(source: str, keys: Keys, number: int, sort: Sort, name: str) -> str:
    """Add a step to the list at ``keys``, as number ``number`` of it, from 0; ``name``: what it names."""
    source = dashed(source)
    return _insert(source, (0, *keys), number, _step(sort, name), _step(sort, name, flow=True))


def add_branch(source: str, keys: Keys, intent: str) -> str:
    """Let the customer say ``intent`` instead of what the step at ``keys`` has her say."""
    source, way = dashed(source), (0, *keys)
    if yaml_edit.value("", source, (*way, "or")) is not None:
        return add_step(source, (*keys, "or"), 1 << 20, "intent", intent)
    item = yaml_edit.source("", source, way)
    first, *others = item.split("\n")
    lines = ["- or:", f"  {first}", *(f"  {line}" for line in others), f"  {_step('intent', intent)}"]
    return yaml_edit.replace_item("", source, way, "\n".join(lines))


def move(source: str, keys: Keys, to: int) -> str:
    """Let the step at ``keys`` be number ``to`` of its list, from 0."""
    return yaml_edit.move_item("", dashed(source), (0, *keys), to)


def remove(source: str, keys: Keys) -> str:
    """Remove the step, alternative, slot or entity at ``keys``; a list that gets empty goes with it."""
    source, way = dashed(source), (0, *keys)
    holder = yaml_edit.value("", source, way[:-1])
    if isinstance(holder, list) and len(holder) == 1 and way[:-1] != (0, "steps"):
        whole = way[:-1]
        # Of a step that only lists slots or alternatives nothing would be left.
        step = yaml_edit.value("", source, whole[:-1])
        alone = isinstance(step, dict) and len(step) == 1 and len(whole) > 2
        return yaml_edit.remove_item("", source, whole[:-1] if alone else whole)
    return yaml_edit.remove_item("", source, way)


def set_named(source: str, keys: Keys, number: int | None, name: str, value: str | None) -> str:
    """Let a slot or an entity of the list at ``keys`` be ``name`` with ``value``; None: a further one.

    Args:
        value: as people type it; null, true, false and numbers are themselves, all else is text. None: only
            the name is given.
    """
    source, way = dashed(source), (0, *keys)
    there = yaml_edit.value("", source, way)
    item = _named(name, value)
    if number is None:
        count = len(there) if isinstance(there, list) else 0
        return _insert(source, way, count, f"- {item}", f"- {{{item}}}" if value is not None else f"- {item}")
    old = there[number] if isinstance(there, list) and number < len(there) else None
    if isinstance(old, dict) and name in old and value is not None:
        return yaml_edit.set_plain("", source, (*way, number, name), _value(value))
    if isinstance(old, str) and value is None:
        return yaml_edit.set_plain("", source, (*way, number), yaml_edit.scalar(name, flow=True))
    return yaml_edit.replace_item("", source, (*way, number), f"- {item}")


def _insert(source: str, way: Keys, number: int, item: str, flow: str) -> str:
    """Add an item, given as it stands in a list with lines of its own and in brackets."""
    there = yaml_edit.value("", source, way)
    if not isinstance(there, list):
        return _new_list(source, way, item, flow)
    try:
        changed = yaml_edit.add_item("", source, way, item)
        in_brackets = changed.count("\n") == source.count("\n")
    except Refused:
        in_brackets = True
    if in_brackets:
        changed = yaml_edit.add_item("", source, way, flow)
    if number >= len(there):
        return changed
    return yaml_edit.move_item("", changed, (*way, len(there)), number)


def _new_list(source: str, way: Keys, item: str, flow: str) -> str:
    name, holder = way[-1], way[:-1]
    if name in (yaml_edit.value("", source, holder) or {}):
        source = yaml_edit.remove_item("", source, way)
    block = "\n".join([f"{name}:", *item.split("\n")])
    if name == "condition":
        try:
            return yaml_edit.add_before("", source, (*holder, "steps"), block)
        except Refused:
            pass
    try:
        return yaml_edit.add_item("", source, holder, block)
    except Refused:
        return yaml_edit.add_item("", source, holder, f"{name}: [{flow.removeprefix('- ')}]")


def _with(source: str, entry: str) -> str:
    """The rule with one more entry, before its steps where that can be."""
    try:
        return yaml_edit.add_before("", source, (0, "steps"), entry)
    except Refused:
        return yaml_edit.add_item("", source, (0,), entry)


def _step(sort: Sort, name: str, flow: bool = False) -> str:
    given = yaml_edit.scalar(name, flow=True) if name else '""'
    match sort:
        case "intent" | "action" | "checkpoint":
            entry = f"{sort}: {given}"
        case "loop":
            entry = f"active_loop: {given if name != NO_LOOP else 'null'}"
        case "slots":
            return f"- {{slot_was_set: [{given}]}}" if flow else f"- slot_was_set:\n  - {given}"
        case "or":
            return f"- {{or: [{{intent: {given}}}]}}" if flow else f"- or:\n  - intent: {given}"
    return f"- {{{entry}}}" if flow else f"- {entry}"


def _named(name: str, value: str | None) -> str:
    given = yaml_edit.scalar(name, flow=True)
    return given if value is None else f"{given}: {_value(value)}"


def _value(value: str) -> str:
    value = value.strip()
    return value if _TYPED.fullmatch(value) else yaml_edit.scalar(value, flow=True)


def _yes(on: bool) -> str:
    return "true" if on else "false"
