"""All rules and stories by file, and the search among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from bot.studio.files import Snapshot
from bot.studio.files.stories import FOLDER, Kind, Told, told

from .known import Known, known
from .steps import Step, Story, story_told


@dataclass(frozen=True)
class Row:
    """A rule or a story in the list."""

    told: Told
    story: Story
    words: str
    """All that the search looks at, in small letters."""
    again: bool
    """Whether another of its kind before it has its name."""


@dataclass(frozen=True)
class File:
    """A file of rules and stories."""

    path: str
    stem: str
    title: str
    """What people call its capability; empty where that has no title of its own."""
    rows: tuple[Row, ...]


@lru_cache(maxsize=2)
def rows(files: Snapshot) -> tuple[Row, ...]:
    """All rules and stories in the order of the files."""
    names, found, there = known(files), [], set[tuple[Kind, str]]()
    for each in told(files):
        story = story_told(each)
        key = (each.kind, each.name)
        found.append(Row(each, story, _words(each, story, names), key in there))
        there.add(key)
    return tuple(found)


def search(files: Snapshot, text: str = "", kind: Kind | None = None, path: str = "") -> list[Row]:
    """Those that have every word of ``text`` in their name, file, or steps: a name or what it is called."""
    wanted = text.lower().split()
    return [
        row
        for row in rows(files)
        if kind in (None, row.told.kind)
        and path in ("", row.told.path)
        and all(word in row.words for word in wanted)
    ]


def by_file(files: Snapshot, found: Sequence[Row]) -> list[File]:
    """The rows by their files, in the order of the rows."""
    names, paths = known(files), dict[str, list[Row]]()
    for row in found:
        paths.setdefault(row.told.path, []).append(row)
    return [_file(path, tuple(each), names) for path, each in paths.items()]


def files_of(files: Snapshot) -> list[File]:
    """All files, and how many each holds."""
    return by_file(files, rows(files))


def path_for(files: Snapshot, story: Story | None) -> str:
    """The file in which a new rule or story belongs: that of the first intent's capability.

    Empty where that cannot be told.
    """
    names = known(files)
    intent = next((step.name for step in _flat(story) if step.kind == "intent" and step.name), "")
    if intent in names.stems:
        return f"{FOLDER}/{intent}.yml"
    for row in rows(files):
        if any(step.name == intent for step in _flat(row.story) if step.kind == "intent"):
            return row.told.path
    return ""


def _flat(story: Story | None) -> list[Step]:
    return list(story.every()) if story else []


def _file(path: str, found: tuple[Row, ...], names: Known) -> File:
    stem = PurePosixPath(path).stem
    title = names.title(stem)
    return File(path, stem, "" if title == stem else title, found)


def _words(each: Told, story: Story, names: Known) -> str:
    parts = [each.name, each.path]
    for step in story.every():
        parts.append(step.name)
        if step.kind == "intent":
            parts.append(names.title(step.name))
        elif step.kind == "action":
            parts.append(names.called(step.name, "zh"))
        parts += [named.name for named in (*step.slots, *step.entities)]
    return "\n".join(parts).lower()
