"""From YAML to what it declares, or to one sentence that says what is wrong, where, and what to write."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from bot.shop.loading.declared import File

Place = tuple[str | int, ...]
"""Keys and positions on the way to a member, such as ``("orders", 2, "status")``."""


class CannotLoad(Exception):
    """One sentence that names file, line and what to write."""


class Source:
    """A file, or what a test declares without one."""

    def __init__(self, declared: Path | Mapping[str, Any]) -> None:
        self._path = declared if isinstance(declared, Path) else None
        self._text = self._read(declared) if isinstance(declared, Path) else ""
        self._content = self._parsed() if self._path else declared

    def _read(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise CannotLoad(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CannotLoad(f"{path} is not written in UTF-8; save it as UTF-8.") from None

    def _parsed(self) -> Any:
        try:
            return YAML(typ="safe").load(self._text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise CannotLoad(f"{self._path}, line {line}: this is no YAML ({error.problem}).") from None
        except YAMLError:
            raise CannotLoad(f"{self._path} is no YAML.") from None

    def file(self) -> File:
        """What is declared; raises CannotLoad."""
        if not isinstance(self._content, Mapping):
            self.fail((), "write lists named customers, products, orders and promotions")
        try:
            return File.model_validate(self._content)
        except ValidationError as error:
            first = error.errors()[0]
            self.fail(first["loc"], _sentence(first))

    def fail(self, place: Place, what: str) -> NoReturn:
        """Raise CannotLoad for what stands at ``place``."""
        # People count from one.
        spoken = " ".join(str(part + 1 if isinstance(part, int) else part) for part in place)
        where = f"{self._path or 'data'}"
        if self._path:
            where += f", line {self._line(place)}"
        raise CannotLoad(f"{where}: {f'{spoken}: ' if spoken else ''}{what}.")

    def _line(self, place: Place) -> int:
        node: Node | None = YAML().compose(self._text)
        line = 1
        for part in place:
            found = _inside(node, part)
            if found is None:
                break
            line, node = found
        return line


def _inside(node: Node | None, part: str | int) -> tuple[int, Node] | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _sentence(fault: Any) -> str:
    given = fault["input"]
    match fault["type"]:
        case "missing":
            return "this is missing; add it"
        case "extra_forbidden":
            return "there is no such member; correct its name or take it out"
        case "literal_error":
            return f"{given!r} is not known; write one of {fault['ctx']['expected']}"
        case "string_pattern_mismatch":
            return f"{given!r} does not fit the pattern {fault['ctx']['pattern']}"
        case "string_type":
            return f"{given!r} is no text; put it into quotation marks"
        case "value_error":
            return str(fault["ctx"]["error"])
    said: str = fault["msg"]
    return f"{said[:1].lower()}{said[1:]}, not {given!r}"
