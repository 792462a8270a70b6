"""Replies that agents need again and again (data/replies.yml), read anew as soon as the file changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bot import policies
from bot.data_files import Unreadable, read_plain
from bot.followed import Followed, data_file
from bot.policies import Policies
from bot.settings import settings


@dataclass(frozen=True)
class Canned:
    """A reply as it is written: ``text`` has ``{variables}``; ``queue`` is whose agents need it most."""

    shortcut: str
    title: str
    text: str
    queue: str


@cache
def _policies() -> Policies:
    return Policies(data_file(settings.bot_dir, policies.FILE))


@dataclass(frozen=True)
class _File:
    canned: list[Canned]
    labels: dict[str, str]


class Replies:
    """The replies of one file as they are now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def canned(self) -> list[Canned]:
        """All replies, in the order of the file."""
        return self._file.now().canned

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
        labels = self._file.now().labels
        known = {**_policies().now(), **{name: value for name, value in values.items() if value}}

        def value(variable: re.Match[str]) -> str:
            name = variable[1].strip()
            return str(known.get(name) or f"【{labels.get(name, name)}】")

        return re.sub(r"{([^{}]*)}", value, text)

    @cached_property
    def _file(self) -> Followed[_File, _File]:
        return Followed(lambda: [self._path], _read, lambda found: found.get(self._path, _File([], {})))


def _read(path: Path) -> _File:
    content = read_plain(path.parent, path)
    try:
        canned = [
            Canned(str(each["shortcut"]), str(each["title"]), str(each["text"]), str(queue))
            for queue, group in content["replies"].items()
            for each in group
        ]
        return _File(canned, {str(name): str(label) for name, label in content["variables"].items()})
    except (LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"{path} does not hold replies; `bot data check` tells the line.") from error


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


_replies = Replies(data_file(settings.bot_dir, "replies.yml"))
canned, search, fill = _replies.canned, _replies.search, _replies.fill
