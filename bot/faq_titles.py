"""What FAQ topics are called: by their first question in the files as they are now. For both environments."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bot.data_files import Unreadable, read_plain
from bot.followed import Followed

Titles = Mapping[str, str]


class FaqTitles(Followed[Titles, Titles]):
    """``now`` gives the title of each topic, by its name: ``faq/return_days``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(partial(files, folder), partial(read, folder), merged)


def files(folder: Path) -> list[Path]:
    """The files of a bot's folder that hold topics."""
    return sorted((folder / "data" / "nlu" / "faq").glob("*.yml"))


def read(folder: Path, path: Path) -> Titles:
    """The titles of the topics in one of them.

    Raises:
        Unreadable: it is broken.
    """
    titles = {}
    for topic in topics(path.name, read_plain(folder, path)):
        first = str(topic.get("examples") or "").strip().partition("\n")[0].removeprefix("-").strip()
        if first:
            titles[str(topic["intent"])] = first
    return titles


def topics(file: str, content: Mapping[Any, Any]) -> Iterable[Mapping[str, Any]]:
    """The topics in what ``file`` holds, as Rasa has them.

    Raises:
        Unreadable: there is something else.
    """
    found = content.get("nlu") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable(f"{file}: `nlu` must hold a list of topics. Correct the indents.")
    return [each for each in found if each.get("intent")]


def merged(contents: Mapping[Path, Titles]) -> Titles:
    """All of the files' titles."""
    return {name: title for titles in contents.values() for name, title in titles.items()}
