"""A rule or a story in its parts: what the form shows, the graph draws, and the check reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.tokens import AliasToken

from bot.data_files import Unreadable, line_of, parse
from bot.studio.files.stories import LONGEST, Kind, Told

Keys = tuple[str | int, ...]
StepKind = Literal["intent", "action", "bot", "slots", "loop", "checkpoint", "or", "other"]
NO_LOOP = ""
"""The name of a step that ends the form."""
_SHOWN: dict[StepKind, set[str]] = {
    "intent": {"intent", "entities"},
    "action": {"action"},
    "bot": {"bot"},
    "slots": {"slot_was_set"},
    "loop": {"active_loop"},
    "checkpoint": {"checkpoint"},
    "or": {"or"},
    "other": set(),
}
# Properties of an entity that are no entity.
_OF_ENTITIES = {"role", "group"}


class NoYaml(Exception):
    """The text is no YAML.

    ``line``: from 1. ``why``: as the reader of YAML says it.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


@dataclass(frozen=True)
class Named:
    """A slot or an entity with its value."""

    name: str
    value: str | None
    """As YAML; None where only the name is given."""
    keys: Keys
    line: int


@dataclass(frozen=True)
class Step:
    """One step."""

    kind: StepKind
    keys: Keys
    """The way to it from the rule or story."""
    line: int
    """From 1."""
    name: str = ""
    """Of the intent, action, form or checkpoint; of ``bot`` the words."""
    entities: tuple[Named, ...] = ()
    slots: tuple[Named, ...] = ()
    branches: tuple["Step", ...] = ()
    more: tuple[str, ...] = ()
    """What it holds that the form does not show."""


@dataclass(frozen=True)
class Story:
    """A rule or a story."""

    kind: Kind
    name: str
    condition: tuple[Step, ...]
    steps: tuple[Step, ...]
    first_only: bool = False
    """Whether the rule is for the beginning of a conversation only."""
    waits: bool = True
    """Whether the bot waits for the customer after the rule."""

    def every(self) -> Iterator[Step]:
        """All steps, those of the condition and of alternatives too."""
        for step in (*self.condition, *self.steps):
            yield step
            yield from step.branches


def loaded(source: str) -> Any:
    """What the text holds, its parts knowing their lines; None where it is empty.

    Raises:
        NoYaml: it cannot be read.
    """
    if len(source) > LONGEST:
        raise NoYaml(1, "long")
    if not source.strip():
        return None
    try:
        # What repeats a part many times over would take minutes to unfold.
        alias = next((t for t in YAML(typ="safe", pure=True).scan(source) if isinstance(t, AliasToken)), None)
        if alias:
            raise NoYaml(int(alias.start_mark.line) + 1, "alias")
        return parse("", source)
    except Unreadable as error:
        raise _told(error.__cause__ or error) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise _told(error) from error


def _told(error: BaseException) -> NoYaml:
    mark = getattr(error, "problem_mark", None)
    if "quoted scalar" in str(getattr(error, "context", None)):
        # The end of the text says nothing; the quote was opened before.
        mark = getattr(error, "context_mark", mark)
    why = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return NoYaml((mark.line if mark else 0) + 1, str(why))


def item_of(content: Any) -> tuple[dict[Any, Any], Kind] | None:
    """The one rule or story of what ``loaded`` gave, and what it is; None: it is none, or not one."""
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if isinstance(content, dict):
        for kind in _KINDS:
            if kind in content:
                return content, kind
    return None


_KINDS: tuple[Kind, ...] = ("rule", "story")


def story_of(content: Any) -> Story | None:
    """The rule or story of what ``loaded`` gave; None where it is none."""
    found = item_of(content)
    if found is None:
        return None
    item, kind = found
    given = item.get(kind)
    return Story(
        kind,
        "" if given is None else str(given),
        steps_of(item.get("condition"), ("condition",)),
        steps_of(item.get("steps"), ("steps",)),
        item.get("conversation_start") is True,
        item.get("wait_for_user_input") is not False,
    )


def story_told(told: Told) -> Story:
    """A rule or story of the files; the lines are those of its file."""
    return Story(
        told.kind, told.name, steps_of(told.condition, ("condition",)), steps_of(told.steps, ("steps",))
    )


def steps_of(values: Any, keys: Keys) -> tuple[Step, ...]:
    """The steps of a list of a rule or story, which lies at ``keys``."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    return tuple(_step(each, (*keys, number), _line(values, number)) for number, each in enumerate(values))


def _step(value: Any, keys: Keys, line: int) -> Step:
    if not isinstance(value, dict):
        return Step("other", keys, line)
    line = int(value.lc.line) + 1 if hasattr(value, "lc") else line
    kind = _kind(value)
    more = tuple(str(name) for name in value if name not in _SHOWN[kind])
    match kind:
        case "intent":
            entities = _named(value.get("entities"), (*keys, "entities"), line)
            return Step(kind, keys, line, _text(value.get("intent")), entities, more=more)
        case "action" | "bot" | "checkpoint":
            return Step(kind, keys, line, _text(value[kind]), more=more)
        case "loop":
            return Step(kind, keys, line, _text(value["active_loop"]), more=more)
        case "slots":
            slots = _named(value["slot_was_set"], (*keys, "slot_was_set"), line)
            return Step(kind, keys, line, slots=slots, more=more)
        case "or":
            return Step(kind, keys, line, branches=steps_of(value["or"], (*keys, "or")), more=more)
    return Step("other", keys, line, more=more)


def _kind(value: dict[Any, Any]) -> StepKind:
    # In the order in which Rasa looks.
    if "intent" in value:
        return "intent"
    if "user" in value:
        return "other"
    for name in ("or", "action", "bot", "checkpoint"):
        if name in value:
            return name
    if "slot_was_set" in value:
        return "slots"
    return "loop" if "active_loop" in value else "other"


def _named(values: Any, keys: Keys, line: int) -> tuple[Named, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        return ()
    found = []
    for number, each in enumerate(values):
        at = _line(values, number) or line
        if isinstance(each, dict):
            found += [
                Named(str(name), shown(value), (*keys, number), at)
                for name, value in each.items()
                if name not in _OF_ENTITIES
            ]
        else:
            found.append(Named(_text(each), None, (*keys, number), at))
    return tuple(found)


def shown(value: Any) -> str:
    """A value as people write it in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(shown(each) for each in value)}]"
    return str(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _line(values: Any, number: int) -> int:
    return line_of(values, number) if hasattr(values, "lc") else 0
