"""Names as the code writes them: each text in it that may be an intent, an answer, a slot …, with its place.

Files only, nothing is run: a name that the code puts together at run time is a pattern.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# The code that speaks of what the data names. The order backends name other things alike.
FOLDERS = ("actions", "bot/engine", "bot/handoff")
ACTIONS = "actions/"
FOREIGN = re.compile(r"actions/(backend/|server\.py)|bot/engine/evaluation/")
HOLE = "{…}"
# Signs of a name that must be written out for a pattern to say something.
SAYING = 5
_NAME = re.compile(r"/?[\w/]{2,80}")


@dataclass(frozen=True)
class Written:
    """A text of the code that may be a name."""

    text: str
    """With ``{…}`` for what is known at run time only."""
    path: str
    line: int
    within: str
    """The class or function around it; empty at the top of a module."""

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What it may become at run time; None: it is what it is."""
        if HOLE not in self.text:
            return None
        return re.compile(r"\w+".join(map(re.escape, self.text.split(HOLE))))


def written(code: Path) -> tuple[Written, ...]:
    """All such texts below the folder ``code``; read again where a module has changed."""
    paths = [path for folder in FOLDERS for path in sorted((code / folder).rglob("*.py"))]
    ours = [path for path in paths if not FOREIGN.match(path.relative_to(code).as_posix())]
    return tuple(each for path in ours for each in _module(code, path, path.stat().st_mtime_ns))


@lru_cache(maxsize=512)
def _module(code: Path, path: Path, _changed: int) -> tuple[Written, ...]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return ()  # the data check says so
    return tuple(_texts(tree, path.relative_to(code).as_posix(), ""))


def _texts(node: ast.AST, path: str, within: str) -> Iterator[Written]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        within = f"{within}.{node.name}" if within else node.name
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # it says something about the code
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # A payload may carry entities behind the intent: /inform{"choice": …}
        found = _NAME.match(node.value)
        if found and (found[0] == node.value or node.value[found.end()] == "{"):
            yield Written(found[0], path, node.lineno, within)
        return
    if isinstance(node, ast.JoinedStr):
        parts = [
            each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else HOLE
            for each in node.values
        ]
        text = "".join(parts)
        plain = text.replace(HOLE, "")
        if len(plain) >= SAYING and _NAME.fullmatch(plain):
            yield Written(text, path, node.lineno, within)
            return
        head = _NAME.match(text)
        if head and text.startswith("/") and text[head.end() : head.end() + 1] == "{":
            yield Written(head[0], path, node.lineno, within)
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, path, within)
