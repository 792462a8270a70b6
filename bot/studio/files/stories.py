"""Rules and stories: read from and written into their files, each as the YAML it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from bot.data_faults import Fault
from bot.data_files import Unreadable, line_of, mapping, parse

from . import yaml_edit
from .language import HEAD
from .snapshot import Draft, Files
from .troubles import Refused

FOLDER = "data/stories"
Kind = Literal["rule", "story"]
_SECTION: dict[Kind, str] = {"rule": "rules", "story": "stories"}
LONGEST = 20_000
"""Characters of a rule or story."""


@dataclass(frozen=True)
class Told:
    """A rule or a story."""

    kind: Kind
    name: str
    path: str
    line: int
    """From 1."""
    source: str
    """As it is written, from its dash on."""
    steps: tuple[Any, ...]
    condition: tuple[Any, ...]


def told(files: Files) -> list[Told]:
    """All rules and stories in the order of the files."""
    paths = [path for path in files.files(FOLDER) if path.endswith(".yml")]
    return [each for path in paths for each in _told(path, files.text(path))]


@lru_cache(maxsize=256)
def _told(path: str, text: str) -> tuple[Told, ...]:
    try:
        content = mapping(parse(path, text), path)
    except Unreadable:
        return ()
    found = []
    for kind, section in _SECTION.items():
        for number, each in enumerate(content.get(section) or ()):
            if isinstance(each, dict) and kind in each:
                keys = (section, number)
                steps, condition = (tuple(each.get(name) or ()) for name in ("steps", "condition"))
                source = yaml_edit.source(path, text, keys)
                line = line_of(content[section], number)
                found.append(Told(kind, str(each[kind]), path, line, source, steps, condition))
    return tuple(found)


def add(draft: Draft, path: str, source: str) -> None:
    """Add a rule or a story, given as YAML (``- rule: …``), to a file, which is made if it is not there.

    Raises:
        Refused: it is no YAML of one rule or story, or one of this kind has its name.
    """
    kind, name, source = read(source)
    if any((each.kind, each.name) == (kind, name) for each in told(draft)):
        raise Refused([Fault(f"{kind}_taken", name=name)])
    if path not in draft.files():
        draft.write(path, HEAD)
    draft.write(path, yaml_edit.add_item(path, draft.text(path), (_SECTION[kind],), source))


def replace(draft: Draft, kind: Kind, name: str, source: str) -> None:
    """Let a rule or a story be another, given as YAML.

    Raises:
        Refused: it is not there any more, or the new one is no YAML of one rule or story.
    """
    path, keys = _place(draft, kind, name)
    other_kind, other_name, source = read(source)
    if other_kind != kind:
        remove(draft, kind, name)
        add(draft, path, source)
        return
    if other_name != name and any((t.kind, t.name) == (kind, other_name) for t in told(draft)):
        raise Refused([Fault(f"{kind}_taken", name=other_name)])
    draft.write(path, yaml_edit.replace_item(path, draft.text(path), keys, source))


def remove(draft: Draft, kind: Kind, name: str) -> None:
    """Remove a rule or a story; its file too where it was the last.

    Raises:
        Refused: it is not there any more.
    """
    path, keys = _place(draft, kind, name)
    text = yaml_edit.remove_item(path, draft.text(path), keys)
    content = yaml_edit.value(path, text)
    if isinstance(content.get(keys[0]), list):
        draft.write(path, text)
    elif any(isinstance(content.get(section), list) for section in _SECTION.values()):
        draft.write(path, yaml_edit.remove_item(path, text, keys[:1]))
    else:
        draft.remove(path)


def read(source: str) -> tuple[Kind, str, str]:
    """Kind and name of a rule or story given as YAML, and the YAML from its dash on.

    Raises:
        Refused: it is no YAML of one rule or story with steps.
    """
    if len(source) > LONGEST:
        raise Refused([Fault("story_long", most=LONGEST)])
    source = dashed(source)
    item = yaml_edit.value("", source)
    if isinstance(item, list) and len(item) == 1 and isinstance(item[0], dict):
        for kind in _SECTION:
            name, steps = item[0].get(kind), item[0].get("steps")
            if isinstance(name, str) and name.strip() and isinstance(steps, list):
                return kind, name, source
    raise Refused([Fault("story_shape")])


def dashed(source: str) -> str:
    """The YAML of a rule or story from its dash on, which may be left out.

    Raises:
        Refused: it is no YAML.
    """
    source = source.strip("\r\n")
    if isinstance(yaml_edit.value("", source), dict):
        first, *others = source.split("\n")
        source = "\n".join([f"- {first}", *(f"  {line}" for line in others)])
    return source


def _place(draft: Draft, kind: Kind, name: str) -> tuple[str, tuple[str, int]]:
    for path in draft.files(FOLDER):
        content = yaml_edit.value(path, draft.text(path)) if path.endswith(".yml") else None
        items: Sequence[Any] = (content or {}).get(_SECTION[kind]) or ()
        for number, each in enumerate(items):
            if isinstance(each, dict) and each.get(kind) == name:
                return path, (_SECTION[kind], number)
    raise Refused([Fault(f"{kind}_gone", name=name)])
