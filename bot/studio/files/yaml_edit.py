"""Edits of YAML text that leave every other line as it is: comments, order, quotes, indents, line ends.

Each function takes the text and gives it back changed. It finds its place by the positions of the parsed
text, changes these lines only, parses the result, and gives it only if that says what it should.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.data_faults import Fault

from .troubles import Refused

Keys = tuple[str | int, ...]
"""The way to a part of the text: names of mappings, numbers in lists."""

# What ends a line for YAML.
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+")
_END = re.compile(r"[\n\r\x85\u2028\u2029]+$")


def value(path: str, text: str, keys: Keys = ()) -> Any:
    """What stands there, as plain lists, dicts and texts; None where there is nothing.

    Raises:
        Refused: the text is no YAML.
    """
    return _plain(_find(_parsed(path, text), keys))


def set_text(path: str, text: str, keys: Keys, new: str, typed: bool = True) -> str:
    """Let the text at ``keys`` be ``new``; the last of the keys is added where it is not there.

    Args:
        typed: whether 48 must be quoted to be a text; else it may stand as it is.

    Raises:
        Refused: it cannot be written there.
    """
    root = _parsed(path, text)
    node, holder = _find(root, keys), _find(root, keys[:-1])
    if node is None and isinstance(holder, MappingNode):
        ways = [_added(text, holder, str(keys[-1]), each) for each in _quoted(new)]
    elif isinstance(node, ScalarNode):
        block = node.style in ("|", ">")
        if node.style == "|" and node.value.endswith("\n") and not new.endswith("\n"):
            new += "\n"
        line, column, last, end = _range(text, node)
        ways = []
        if block or "\n" in new:
            deeper = " " * (_indent_of(text, line) + 2)
            ways += _block(text, node, new, deeper)
        ways += [_cut(text, line, column, last, end, each) for each in _quoted(new, node.style)]
        if not node.value and (line, column) == (last, end):
            ways = [_after_colon(text, root, keys, each) for each in _quoted(new)]
    else:
        ways = []
    if not typed:
        return _first(path, text, ways, lambda data: _put(data, keys, new), _untyped)
    return _first(path, text, ways, lambda data: _put(data, keys, new))


def add_line(path: str, text: str, keys: Keys, line: str) -> str:
    """Add a line, or several with line ends between them, at the end of the text at ``keys``.

    Raises:
        Refused: it cannot be written there.
    """
    node = _find(_parsed(path, text), keys)
    if not isinstance(node, ScalarNode):
        raise Refused([_no_place(path, node)])
    new = f"{node.value.rstrip()}\n{line}\n" if node.value.strip() else f"{line}\n"
    lines = _lines(text)
    found = _content(text, node)
    if node.style != "|" or not found:
        return set_text(path, text, keys, new)
    first = found[0][1]
    last = max(number for number, _, content in found if content.strip())
    fresh = _newline(lines).join(f"{' ' * first}{each}" for each in line.split("\n"))
    lines[last : last + 1] = _behind(lines, last, fresh)
    return _first(path, text, ["".join(lines)], lambda data: _lined(data, keys, node.value, new))


def replace_line(path: str, text: str, keys: Keys, number: int, line: str | None) -> str:
    """Let line ``number`` of the text at ``keys``, from 0, be ``line``; None: it goes.

    Raises:
        Refused: there is no such line, or it cannot be written there.
    """
    node = _find(_parsed(path, text), keys)
    if not isinstance(node, ScalarNode):
        raise Refused([_no_place(path, node)])
    old = node.value.split("\n")
    new = "\n".join([*old[:number], *([] if line is None else [line]), *old[number + 1 :]])
    found = _content(text, node)
    if node.style != "|" or number >= len(found):
        return set_text(path, text, keys, new)
    lines = _lines(text)
    at, indent, _ = found[number]
    if line is None:
        lines = _without(lines, at, at)
    else:
        lines[at] = f"{' ' * indent}{line}{_end(lines[at])}"
    return _first(path, text, ["".join(lines)], lambda data: _lined(data, keys, node.value, new))


def add_item(path: str, text: str, keys: Keys, item: str, apart: bool = True) -> str:
    """Add an item, given as YAML, at the end of the list or mapping at ``keys``, made at the top if need be.

    Args:
        apart: whether a blank line may stand before it, as between those that are there.

    Raises:
        Refused: it is no YAML of one item, or cannot be written there.
    """
    item = item.strip("\r\n") + "\n"
    node = _find(_parsed(path, text), keys)
    given = _plain(_parsed(path, item))
    lines = _lines(text)
    if isinstance(node, SequenceNode | MappingNode) and node.flow_style:
        bare = item.strip().removeprefix("- ")
        ways = [_within(text, node, bare)]
    elif isinstance(node, SequenceNode | MappingNode) and node.value:
        last = _last_line(text, node)
        fresh = _indented(item, node.start_mark.column, _newline(lines))
        if apart and _spaced(text, node):
            fresh = [_newline(lines), *fresh]
        ways = ["".join([*lines[:last], *_behind(lines, last, "".join(fresh)), *lines[last + 1 :]])]
    elif len(keys) == 1:
        ways = [_new_section(text, str(keys[0]), item, emptied=keys[0] in (value(path, text) or {}))]
    else:
        ways = []
    return _first(path, text, ways, lambda data: _joined(data, keys, given))


def replace_item(path: str, text: str, keys: Keys, item: str) -> str:
    """Let the item at ``keys`` be ``item``, given as YAML.

    Raises:
        Refused: it is no YAML of one item, or cannot be written there.
    """
    item = item.strip("\r\n") + "\n"
    given = _plain(_parsed(path, item))
    given = given[0] if isinstance(given, list) else given[keys[-1]]
    holder, node = (_find(_parsed(path, text), way) for way in (keys[:-1], keys))
    if isinstance(holder, SequenceNode) and holder.flow_style and node:
        start, end = node.start_mark, node.end_mark
        ways = [_cut(text, start.line, start.column, end.line, end.column, item.strip().removeprefix("- "))]
    else:
        first, last, column = _extent(path, text, keys)
        lines = _lines(text)
        fresh = _indented(item, column, _newline(lines))
        fresh[-1] = fresh[-1].rstrip("\r\n") + _end(lines[last])
        ways = ["".join([*lines[:first], *fresh, *lines[last + 1 :]])]
    return _first(path, text, ways, lambda data: _put(data, keys, given))


def remove_item(path: str, text: str, keys: Keys) -> str:
    """Remove the item at ``keys`` from its list or mapping; from the top, also a list that gets empty.

    Raises:
        Refused: there is none, or it does not stand on lines of its own.
    """
    holder = _find(_parsed(path, text), keys[:-1])
    number = _number(holder, keys[-1])
    if number is not None and isinstance(holder, SequenceNode | MappingNode) and holder.flow_style:
        marks = [
            (each[0].start_mark, each[1].end_mark)
            if isinstance(each, tuple)
            else (each.start_mark, each.end_mark)
            for each in holder.value
        ]
        start, end = marks[number]
        if number + 1 < len(marks):
            end = marks[number + 1][0]
        elif number:
            start = marks[number - 1][1]
        ways = [_cut(text, start.line, start.column, end.line, end.column, "")]
    else:
        first, last, _ = _extent(path, text, keys)
        ways = ["".join(_without(_lines(text), first, last))]
    return _first(path, text, ways, lambda data: _gone(data, keys))


def set_plain(path: str, text: str, keys: Keys, new: str) -> str:
    """Let what stands at ``keys`` on one line be ``new``, given as YAML: ``null``, ``true``, ``48``.

    Raises:
        Refused: there is nothing, or it cannot be written there.
    """
    root = _parsed(path, text)
    node = _find(root, keys)
    if not isinstance(node, ScalarNode):
        raise Refused([_no_place(path, node)])
    line, column, last, end = _range(text, node)
    empty = not node.value and (line, column) == (last, end)
    way = _after_colon(text, root, keys, new) if empty else _cut(text, line, column, last, end, new)
    return _first(path, text, [way], lambda data: _put(data, keys, _plain(_parsed(path, new))))


def add_before(path: str, text: str, keys: Keys, item: str) -> str:
    """Add an entry, given as YAML, to a mapping, before the one at ``keys`` and the comments above it.

    Raises:
        Refused: it is no YAML of one entry, or cannot be written there.
    """
    first, _, column = _extent(path, text, keys)
    lines = _lines(text)
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    fresh = _indented(item.strip("\r\n") + "\n", column, _newline(lines))
    given = _plain(_parsed(path, item))

    def joined(data: Any) -> Any:
        there = value(path, text, keys[:-1])
        before = list(there)[: list(there).index(keys[-1])]
        return _put(data, keys[:-1], {**{name: there[name] for name in before}, **given, **there})

    return _first(path, text, ["".join([*lines[:first], *fresh, *lines[first:]])], joined)


def move_item(path: str, text: str, keys: Keys, to: int) -> str:
    """Let the item at ``keys`` be number ``to`` of its list, from 0; the comments above it go with it.

    Raises:
        Refused: there is none, or it does not stand on lines of its own.
    """
    holder, number = _find(_parsed(path, text), keys[:-1]), keys[-1]
    if not isinstance(holder, SequenceNode) or not isinstance(number, int) or number >= len(holder.value):
        raise Refused([_no_place(path, holder)])
    order = list(range(len(holder.value)))
    order.insert(to, order.pop(number))
    way = text
    if holder.flow_style:
        written = [source(path, text, (*keys[:-1], each)).removeprefix("- ") for each in order]
        for node, each in reversed(list(zip(holder.value, written, strict=True))):
            start, end = node.start_mark, node.end_mark
            way = _cut(way, start.line, start.column, end.line, end.column, each)
    else:
        lines, ranges = _lines(text), [_extent(path, text, (*keys[:-1], each)) for each in sorted(order)]
        begin = ranges[0][0]
        while begin and lines[begin - 1].lstrip().startswith("#"):
            begin -= 1
        ends = [last + 1 for _, last, _ in ranges]
        tail = _end(lines[ends[-1] - 1])
        lines[ends[-1] - 1] = _END.sub("", lines[ends[-1] - 1]) + _newline(lines)
        parts = ["".join(lines[a:b]) for a, b in zip([begin, *ends], ends, strict=False)]
        moved = _END.sub("", "".join(parts[each] for each in order)) + tail
        way = "".join([*lines[:begin], moved, *lines[ends[-1] :]])
    items = value(path, text, keys[:-1])
    return _first(path, text, [way], lambda data: _put(data, keys[:-1], [items[each] for each in order]))


def source(path: str, text: str, keys: Keys) -> str:
    """The item of a list at ``keys`` as it is written, from its dash on, its outer indent taken away.

    Raises:
        Refused: there is none.
    """
    lines, node = _lines(text), _find(_parsed(path, text), keys)
    holder = _find(_parsed(path, text), keys[:-1])
    if node and isinstance(holder, SequenceNode) and holder.flow_style:
        start, end = node.start_mark, node.end_mark
        after = len("".join(lines[: end.line])) + end.column
        return f"- {text[len(''.join(lines[: start.line])) + start.column : after]}"
    first, last, column = _extent(path, text, keys)
    own = lines[first : last + 1]
    return "".join(line[column:] if not line[:column].strip() else line.lstrip() for line in own).rstrip()


def scalar(text: str, flow: bool = False) -> str:
    """The text as YAML, on one line, as plainly as it can be; ``flow``: within brackets.

    Raises:
        Refused: it cannot be written.
    """
    for each in _quoted(text):
        try:
            if _plain(_parsed("", f"[{each}]" if flow else f"- {each}")) == [text]:
                return each
        except Refused:
            continue
    raise Refused([Fault("yaml_text", text=text[:40])])


# ---- reading ----


@lru_cache(maxsize=64)
def _composed(text: str) -> Node | None:
    reader = YAML(typ="safe", pure=True)
    # As the data check and Rasa read it.
    reader.version = (1, 1)
    node: Node | None = reader.compose(text.removeprefix("\ufeff"))
    return node


def _parsed(path: str, text: str) -> Node | None:
    try:
        return _composed(text)
    except (YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        place = f"{path}:{(mark.line if mark else 0) + 1}"
        raise Refused([Fault("yaml_now", place=place, why=why)]) from error


def _find(node: Node | None, keys: Keys) -> Node | None:
    for key in keys:
        if isinstance(node, MappingNode):
            node = next((each for name, each in node.value if name.value == key), None)
        elif isinstance(node, SequenceNode) and isinstance(key, int) and -1 < key < len(node.value):
            node = node.value[key]
        else:
            return None
    return node


def _number(holder: Node | None, key: str | int) -> int | None:
    """Which of the items of a list or mapping is under the key."""
    if isinstance(holder, MappingNode):
        return next((number for number, (name, _) in enumerate(holder.value) if name.value == key), None)
    if isinstance(holder, SequenceNode) and isinstance(key, int) and -1 < key < len(holder.value):
        return key
    return None


def _plain(node: Node | None) -> Any:
    if isinstance(node, MappingNode):
        # As pairs, where names repeat: none may be lost unseen.
        pairs = [(_name(name), _plain(each)) for name, each in node.value]
        return dict(pairs) if len(dict(pairs)) == len(pairs) else pairs
    if isinstance(node, SequenceNode):
        return [_plain(each) for each in node.value]
    if isinstance(node, ScalarNode):
        return node.value if str(node.tag).endswith(":str") else (node.tag, node.value)
    return None


def _name(node: Node) -> Any:
    return node.value if isinstance(node, ScalarNode) else repr(_plain(node))


def _lines(text: str) -> list[str]:
    return list(_split(text))


# One text is asked for its lines many times over.
@lru_cache(maxsize=16)
def _split(text: str) -> tuple[str, ...]:
    return tuple(_LINE.findall(text))


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _newline(lines: Sequence[str]) -> str:
    return (_end(lines[0]) if lines else "") or "\n"


def _indent_of(text: str, line: int) -> int:
    own = _lines(text)[line].removeprefix("\ufeff")
    return len(own) - len(own.lstrip(" "))


def _content(text: str, node: ScalarNode) -> list[tuple[int, int, str]]:
    """Of a block (`|`): number of each of its lines, its indent, what it says."""
    if node.style not in ("|", ">"):
        return []
    lines = _lines(text)
    first = node.start_mark.line + 1
    indent = 0
    found = []
    for number in range(first, len(lines)):
        line = _END.sub("", lines[number])
        if not line.strip(" "):
            found.append((number, indent, line[indent:]))
            continue
        own = len(line) - len(line.lstrip(" "))
        indent = indent or own
        if (
            own < indent
            or number > node.end_mark.line
            or (number == node.end_mark.line and node.end_mark.column == 0)
        ):
            break
        found.append((number, indent, line[indent:]))
    while found and not found[-1][2].strip():
        found.pop()
    return [(number, indent, content) for number, _, content in found]


def _last_line(text: str, node: Node, own: int = 0) -> int:
    """The last line with something of the node; ``own`` where it is empty, or an alias of one before."""
    if node.start_mark.line < own:
        return own
    if isinstance(node, ScalarNode):
        if node.style in ("|", ">"):
            content = _content(text, node)
            return content[-1][0] if content else int(node.start_mark.line)
        empty = not node.value and node.style is None and node.start_mark.index == node.end_mark.index
        return own if empty else max(own, int(node.end_mark.line))
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return max(own, int(node.end_mark.line))
    last = node.value[-1]
    if isinstance(node, MappingNode):
        return _last_line(text, last[1], int(last[0].end_mark.line))
    return _last_line(text, last, int(last.start_mark.line))


def _range(text: str, node: ScalarNode) -> tuple[int, int, int, int]:
    start, end = node.start_mark, node.end_mark
    content = _content(text, node)
    if node.style in ("|", ">"):
        last = content[-1][0] if content else start.line
        return start.line, start.column, last, len(_END.sub("", _lines(text)[last]))
    return start.line, start.column, end.line, end.column


def _extent(path: str, text: str, keys: Keys) -> tuple[int, int, int]:
    """First and last line of an item, and its column.

    Raises:
        Refused: there is none, or others stand on its lines.
    """
    holder = _find(_parsed(path, text), keys[:-1])
    key = keys[-1]
    if isinstance(holder, MappingNode) and not holder.flow_style:
        for number, (name, each) in enumerate(holder.value):
            if name.value == key:
                first = int(name.start_mark.line)
                if number or first != _dash_line(text, holder):
                    last = _last_line(text, each, int(name.end_mark.line))
                    return first, last, int(name.start_mark.column)
    item = _find(holder, (key,)) if isinstance(holder, SequenceNode) and not holder.flow_style else None
    if holder and item:
        lines, column, first = _lines(text), int(holder.start_mark.column), int(item.start_mark.line)
        # The dash may stand on a line before its item.
        while not lines[first].removeprefix("\ufeff")[column:].startswith("-") and first:
            first -= 1
        return first, _last_line(text, item, first), column
    raise Refused([_no_place(path, _find(_parsed(path, text), keys))])


def _dash_line(text: str, node: MappingNode) -> int:
    """The line on which a mapping begins behind a dash; -1 where it does not."""
    line = _lines(text)[node.start_mark.line].removeprefix("\ufeff")[: node.start_mark.column]
    return int(node.start_mark.line) if line.strip() else -1


def _spaced(text: str, node: Node) -> bool:
    """Whether the items of a list or mapping stand apart."""
    lines, items = _lines(text), [e[0] if isinstance(e, tuple) else e for e in node.value]
    if len(items) == 1:
        return isinstance(node, SequenceNode) and _last_line(text, node) > items[0].start_mark.line
    line = int(items[-1].start_mark.line) - 1
    while line >= 0 and lines[line].lstrip().startswith(("#", "-\n")):
        line -= 1
    return not lines[line].strip()


def _no_place(path: str, node: Node | None) -> str:
    line = f":{node.start_mark.line + 1}" if node else ""
    return Fault("not_here", place=f"{path}{line}")


# ---- writing ----


def _quoted(text: str, style: str | None = None) -> list[str]:
    """Ways to write the text on one line, those like ``style`` first."""
    signs = []
    for sign in text:
        if sign in '"\\':
            signs.append(f"\\{sign}")
        elif sign == "\n":
            signs.append("\\n")
        elif sign.isprintable():
            signs.append(sign)
        else:
            signs.append(f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}")
    double, single = f'"{"".join(signs)}"', "'{}'".format(text.replace("'", "''"))
    if "\n" in text or not text.isprintable():
        return [double]
    ways = [text, double, single]
    return sorted(ways, key=lambda way: way != {'"': double, "'": single}.get(style or "", text))


def _block(text: str, node: ScalarNode, new: str, deeper: str) -> list[str]:
    """Ways to write the text as a block in the place of the node."""
    lines, (line, column, last, end) = _lines(text), _range(text, node)
    content = _content(text, node)
    indent = " " * content[0][1] if content else deeper
    header = _END.sub("", lines[line])[column:] if node.style == "|" else ""
    newline = _newline(lines)
    body = [f"{indent}{each}" if each else "" for each in new.removesuffix("\n").split("\n")]
    headers = [header] if header else []
    headers.append("|" if new.endswith("\n") else "|-")
    return [_cut(text, line, column, last, end, newline.join([each, *body])) for each in headers]


def _cut(text: str, line: int, column: int, last: int, end: int, new: str) -> str:
    """The text with what stands from one place to the other replaced."""
    lines = _lines(text)
    if not text or line >= len(lines):
        return text + new
    bom = 1 if text.startswith("\ufeff") and not line else 0
    close = 1 if text.startswith("\ufeff") and not last else 0
    before, after = lines[line][: column + bom], lines[last][end + close :] if last < len(lines) else ""
    return "".join([*lines[:line], f"{before}{new}{after}", *lines[last + 1 :]])


def _after_colon(text: str, root: Node | None, keys: Keys, new: str) -> str:
    holder = _find(root, keys[:-1])
    if not isinstance(holder, MappingNode):
        return text
    mark = next(name.end_mark for name, _ in holder.value if name.value == keys[-1])
    colon = _lines(text)[mark.line].index(":", mark.column) + 1
    return _cut(text, mark.line, colon, mark.line, colon, f" {new}")


def _within(text: str, node: Node, new: str) -> str:
    """The text with something more before the closing bracket of ``node``."""
    if node.value:
        last = node.value[-1]
        mark = (last[1] if isinstance(last, tuple) else last).end_mark
        line, column, new = mark.line, mark.column, f", {new}"
    else:
        line, column = node.end_mark.line, node.end_mark.column - 1
    return _cut(text, line, column, line, column, new)


def _added(text: str, holder: MappingNode, key: str, new: str) -> str:
    lines, name = _lines(text), scalar(key)
    if holder.flow_style:
        return _within(text, holder, f"{name}: {new}")
    last = _last_line(text, holder)
    fresh = _behind(lines, last, f"{' ' * holder.value[0][0].start_mark.column}{name}: {new}")
    return "".join([*lines[:last], *fresh, *lines[last + 1 :]])


def _behind(lines: Sequence[str], last: int, new: str) -> list[str]:
    """Line ``last`` and the new one behind it; the file ends with a line end where it did."""
    own, newline = lines[last], _newline(lines)
    body = new.rstrip("\r\n")
    return [own, f"{body}{_end(own)}"] if _end(own) else [f"{own}{newline}", body]


def _without(lines: Sequence[str], first: int, last: int) -> list[str]:
    """The lines without these, and without a blank one too many."""
    before, after = list(lines[:first]), list(lines[last + 1 :])
    if before and not after and not _end(lines[last]):
        before[-1] = _END.sub("", before[-1])
    apart = bool(after) and not after[0].strip()
    if apart and before and before[-1].rstrip().endswith(":"):
        after.pop(0)
    elif before and not before[-1].strip():
        if apart:
            after.pop(0)
        elif not any(line.strip() for line in after):
            before.pop()
    return [*before, *after]


def _indented(item: str, column: int, newline: str) -> list[str]:
    lines = [_END.sub("", line) for line in _lines(item)]
    outer = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return [f"{' ' * column}{line[outer:]}{newline}" if line.strip() else newline for line in lines]


def _new_section(text: str, key: str, item: str, emptied: bool) -> str:
    lines = _lines(text)
    newline = _newline(lines)
    fresh = _indented(item, 0, newline)
    if not item.lstrip().startswith("- "):
        fresh = [f"  {line}" if line.strip() else line for line in fresh]
    if emptied:
        at = next(i for i, line in enumerate(lines) if re.match(rf"{re.escape(key)}\s*:", line))
        return "".join([*lines[: at + 1], *fresh, *lines[at + 1 :]])
    whole = text if not text or _end(lines[-1]) else text + newline
    return f"{whole}{newline if whole else ''}{key}:{newline}{''.join(fresh)}"


# ---- what must come of it ----


def _first(
    path: str,
    text: str,
    ways: Sequence[str],
    change: Callable[[Any], Any],
    seen: Callable[[Any], Any] = lambda data: data,
) -> str:
    """The first of the texts that says what it should."""
    wanted = change(seen(value(path, text)))
    for way in ways:
        try:
            if repr(seen(value(path, way))) == repr(wanted):
                return way
        except Refused:
            continue
    raise Refused([Fault("not_here", place=path)])


def _untyped(data: Any) -> Any:
    """The same with all values as texts, as the readers of policies and days take them."""
    if isinstance(data, dict):
        return {name: _untyped(each) for name, each in data.items()}
    if isinstance(data, list):
        return [_untyped(each) for each in data]
    if isinstance(data, tuple):
        return data[1] if str(data[0]).startswith("tag:") else (data[0], _untyped(data[1]))
    return data


def _put(data: Any, keys: Keys, new: Any) -> Any:
    if not keys:
        return new
    key, rest = keys[0], keys[1:]
    if isinstance(data, dict):
        return {**data, key: _put(data.get(key), rest, new)}
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return [*data[:key], _put(data[key], rest, new), *data[key + 1 :]]
    return {key: _put(None, rest, new)} if data is None else data


def _lined(data: Any, keys: Keys, old: str, new: str) -> Any:
    """As ``_put``; a text keeps the line ends behind it as they were."""
    body, ends = new.rstrip("\n"), old[len(old.rstrip("\n")) :]
    return _put(data, keys, body and f"{body}{ends}")


def _joined(data: Any, keys: Keys, given: Any) -> Any:
    there = data
    for key in keys:
        if isinstance(there, dict):
            there = there.get(key)
        else:
            there = there[key] if isinstance(there, list) and isinstance(key, int) else None
    if isinstance(there, dict) and isinstance(given, dict):
        return _put(data, keys, {**there, **given})
    if isinstance(there, list):
        return _put(data, keys, [*there, *(given if isinstance(given, list) else [given])])
    return _put(data, keys, given)


def _gone(data: Any, keys: Keys) -> Any:
    key, rest = keys[0], keys[1:]
    if rest:
        inner = data[key]
        return _put(data, (key,), _gone(inner, rest) or ("tag:yaml.org,2002:null", ""))
    if isinstance(data, dict):
        return {name: each for name, each in data.items() if name != key}
    return [each for number, each in enumerate(data) if number != key]
