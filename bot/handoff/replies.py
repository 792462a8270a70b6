"""Replies that agents need again and again (data/replies.yml), read anew as soon as the file changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.policies import Policies
from bot.settings import ROOT

PATH = ROOT / "data" / "replies.yml"

log = structlog.get_logger()


@dataclass(frozen=True)
class Canned:
    """A reply as it is written: ``text`` has ``{variables}``; ``queue`` is whose agents need it most."""

    shortcut: str
    title: str
    text: str
    queue: str


@cache
def _policies() -> Policies:
    return Policies()


class Replies:
    """The replies of one file, current at each call; while a changed file is broken, those read before."""

    def __init__(self, path: Path = PATH) -> None:
        self._path = path
        self._changed = -1
        self._canned: list[Canned] = []
        self._labels: dict[str, str] = {}

    def canned(self) -> list[Canned]:
        """All replies, in the order of the file."""
        self._refresh()
        return self._canned

    def search(self, words: str) -> list[Canned]:
        """The replies in which each of the words is found, best first; without words all of them.

        What begins with it as a shortcut is better than a title that has it, and that than a text.
        """
        wanted = words.lower().split()
        found = [(rank, each) for each in self.canned() if (rank := _rank(each, wanted)) is not None]
        return [each for _, each in sorted(found, key=lambda one: one[0])]

    def fill(self, text: str, values: Mapping[str, object]) -> str:
        """The text with its variables filled by ``values``, else by the shop's policies.

        What neither knows stays visible as 【订单号】, for the agent to write.
        """
        self._refresh()
        known = {**_policies().now(), **{name: value for name, value in values.items() if value}}

        def value(variable: re.Match[str]) -> str:
            name = variable[1].strip()
            return str(known.get(name) or f"【{self._labels.get(name, name)}】")

        return re.sub(r"{([^{}]*)}", value, text)

    def _refresh(self) -> None:
        changed = self._last_change()
        if changed == self._changed:
            return
        self._changed = changed
        try:
            content = YAML(typ="safe").load(self._path.read_text(encoding="utf-8"))
            canned = [
                Canned(str(each["shortcut"]), str(each["title"]), str(each["text"]), str(queue))
                for queue, group in content["replies"].items()
                for each in group
            ]
            labels = {str(name): str(label) for name, label in content["variables"].items()}
        except (OSError, UnicodeDecodeError, YAMLError, LookupError, TypeError, AttributeError) as error:
            log.error(
                "replies.unreadable", error=type(error).__name__, hint="`bot data check` tells the line"
            )
        else:
            self._canned, self._labels = canned, labels

    def _last_change(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0


def _rank(reply: Canned, words: list[str]) -> int | None:
    """How far from the best place the words are found; None where one is not."""
    shortcut, title, text = reply.shortcut.lower(), reply.title.lower(), reply.text.lower()
    total = 0
    for word in words:
        places = (
            word == shortcut,
            shortcut.startswith(word),
            title.startswith(word),
            word in title,
            word in text,
        )
        if not any(places):
            return None
        total += places.index(True)
    return total


_replies = Replies()
canned, search, fill = _replies.canned, _replies.search, _replies.fill
