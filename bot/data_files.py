"""The data files as they are written: what each holds, on which line, or why it cannot be read.

Runs in both environments: nothing is imported from Rasa or from our settings.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor, SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from bot.data_faults import Fault


class Unreadable(Exception):
    """A file cannot be used; the text says which line of it, why, and what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """The text; where it is a fault, it can be said in other languages too."""


@dataclass(frozen=True)
class Entry:
    """An entry of a list or a mapping (then under ``name``), with its place, ``FILE:LINE``."""

    name: str
    value: Any
    place: str


def read_text(root: Path, path: Path) -> str:
    """Return the text of ``path``, called as it lies under ``root``.

    Raises:
        Unreadable: it is not there, or is not UTF-8.
    """
    file = _name(root, path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(Fault("missing", file=file, why=error.strerror)) from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable(Fault("utf16", file=file))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(Fault("not_utf8", place=f"{file}:{line}")) from error


def read_yaml(root: Path, path: Path) -> Any:
    """Return what the YAML file ``path`` holds, to be read only; its parts know their lines.

    Raises:
        Unreadable: it is not there, no UTF-8, no YAML, or empty.
    """
    return parse(_name(root, path), read_text(root, path))


def read_plain(root: Path, path: Path) -> dict[Any, Any]:
    """Return what the YAML file ``path`` holds, quickly, as plain lists, dicts and texts.

    Raises:
        Unreadable: it is not there, no UTF-8, no YAML, or no mapping.
    """
    return parse_plain(_name(root, path), read_text(root, path))


def parse_plain(file: str, text: str) -> dict[Any, Any]:
    """Return what the ``text`` of ``file`` holds, as ``read_plain`` does.

    Raises:
        Unreadable: it is no YAML, or no mapping.
    """
    reader = YAML(typ="safe")
    reader.Constructor = _Plain
    return mapping(_made(file, text, reader.load), f"{file}:1")


def parse(file: str, text: str) -> Any:
    """Return what the ``text`` of ``file`` holds, as ``read_yaml`` does.

    Raises:
        Unreadable: it is no YAML, or empty.
    """
    return _made(file, text, _loaded)


def _made(file: str, text: str, load: Callable[[str], Any]) -> Any:
    try:
        content = load(text)
    except (YAMLError, ValueError) as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", 0)
        line = (mark.line if mark else text.count("\n", 0, position)) + 1
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise Unreadable(Fault("yaml", place=f"{file}:{line}", why=why)) from error
    if content is None:
        raise Unreadable(Fault("empty", file=file))
    return content


def _name(root: Path, path: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


class _Lined(RoundTripConstructor):
    """Leaves a day the text it is: what there is no such day of is told by whoever knows what it is for."""


class _Plain(SafeConstructor):
    """The same."""


for _each in (_Lined, _Plain):
    _each.add_constructor("tag:yaml.org,2002:timestamp", _each.construct_scalar)


# Most files are as they were when the data was checked last.
@lru_cache(maxsize=256)
def _loaded(text: str) -> Any:
    reader = YAML()
    reader.Constructor = _Lined
    # Rasa's reader still has the signs of YAML 1.1: [么?, 吗] is an error to it.
    reader.version = (1, 1)
    return reader.load(text)


def line_of(node: Any, key: Any) -> int:
    """Return the line of entry ``key`` of a mapping or list that ``read_yaml`` returned."""
    return int(node.lc.data[key][0]) + 1


def mapping(value: Any, place: str) -> dict[Any, Any]:
    """Return ``value``.

    Raises:
        Unreadable: it is no mapping.
    """
    if not isinstance(value, dict):
        raise Unreadable(Fault("no_mapping", place=place, shown=str(value)[:40]))
    return value


def entries(parent: Any, key: str, place: str) -> Iterator[Entry]:
    """Give the entries of the list or mapping ``parent[key]``; none where there is no such key.

    Raises:
        Unreadable: ``parent`` is no mapping, or there is neither a list nor a mapping.
    """
    value, file = mapping(parent, place).get(key), place.partition(":")[0]
    if isinstance(value, dict):
        for name, each in value.items():
            yield Entry(str(name), each, f"{file}:{line_of(value, name)}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            # A name, or a name with settings.
            name = next(iter(each), "") if isinstance(each, dict) else each
            yield Entry(str(name), each, f"{file}:{line_of(value, index)}")
    elif value is not None:
        raise Unreadable(Fault("no_list", place=f"{file}:{line_of(parent, key)}", key=key))


def lines(parent: dict[str, Any], key: str, place: str) -> Iterator[tuple[str, str]]:
    """Give the lines of the text ``parent[key]`` that are not blank, each with its place.

    Raises:
        Unreadable: there is something else than a text.
    """
    value, file = parent.get(key), place.partition(":")[0]
    if value is None:
        return
    if not isinstance(value, str):
        raise Unreadable(Fault("no_lines", place=f"{file}:{line_of(parent, key)}", key=key))
    # A block (`|`) begins on the next line; any other text counts as one line.
    block = isinstance(value, LiteralScalarString)
    first = parent.lc.data[key][2] + (2 if block else 1)  # type: ignore[attr-defined]
    for index, line in enumerate(value.splitlines()):
        if line.strip():
            yield line, f"{file}:{first + (index if block else 0)}"
