"""What the bot says, as it stands in the files of its folder now. Runs in both environments.

Whole answers are responses, in domain.yml and beside the questions; data/wording.yml has the pieces of text
that code puts together.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot import validity
from bot.data_files import Unreadable, parse_plain, read_plain, read_text
from bot.followed import ROOT, Followed

Variation = dict[str, Any]
"""One of the wordings of a response, with all that Rasa lets stand beside its text."""
Responses = Mapping[str, Sequence[Variation]]


class Wordings(Followed[Responses, Responses]):
    """``now`` gives the variations of each response in domain.yml and beside the questions in data/nlu."""

    def __init__(self, folder: Path) -> None:
        super().__init__(lambda: _files(folder), partial(_responses, folder), _merged)


class Words(dict[str, Any]):
    """data/wording.yml as it was read once; hashable, so that what is made of it can be kept as long."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def words(folder: Path) -> Followed[dict[Any, Any], Words]:
    """Follow data/wording.yml of a bot's folder; what it leaves out is as in the project's own.

    Raises:
        Unreadable: it is broken now.
    """
    own, projects = (each / "data" / "wording.yml" for each in (folder, ROOT))
    kinds: dict[Any, type] = {}

    def files() -> list[Path]:
        return list(dict.fromkeys((projects, own) if own.exists() else (projects,)))

    def read(path: Path) -> dict[Any, Any]:
        content = read_plain(folder, path)
        for name, each in content.items():
            # Code relies on it, at any moment.
            if kinds.setdefault(name, type(each)) is not type(each):
                raise Unreadable(f"{path}: {name} must hold what it held, another text or list. Correct it.")
        for pattern in (pattern for some in content.get("about_me", {}).values() for pattern in some):
            try:
                re.compile(pattern)
            except re.error as error:
                raise Unreadable(f"{path}: about_me: “{pattern}” cannot be used: {error}.") from error
        return content

    def whole(contents: Mapping[Path, dict[Any, Any]]) -> Words:
        return Words({name: each for content in contents.values() for name, each in content.items()})

    return Followed(files, read, whole, strict=True)


def text_for(variations: Sequence[Variation], channel: str) -> str | None:
    """The first text for the channel that may be said today and depends on nothing else, if any.

    What goes before what: see bot/validity.py.
    """
    there = validity.in_force(variations, validity.today())
    said = [each for each in there if each.get("text") and not each.get("condition")]
    for wanted in (channel, None):
        for each in validity.foremost([each for each in said if each.get("channel") == wanted]):
            return str(each["text"])
    return None


def responses(file: str, content: Mapping[Any, Any]) -> Responses:
    """The responses in what ``file`` holds.

    Raises:
        Unreadable: one of them cannot be said.
    """
    found = content.get("responses") or {}
    if not isinstance(found, dict):
        raise Unreadable(f"{file}: `responses` must hold names, each with its texts. Correct the indents.")
    for name, variations in found.items():
        if not (isinstance(variations, list) and variations and all(map(_can_be_said, variations))):
            raise Unreadable(f"{file}: {name} must hold a list of `- text: …`. Correct it.")
        try:
            validity.in_force(variations, validity.today())
        except validity.WrongDays as error:
            raise Unreadable(f"{file}: {name}: {error}.") from error
    return found


def _responses(folder: Path, path: Path) -> Responses:
    file, text = path.relative_to(folder).as_posix(), read_text(folder, path)
    # Most files hold examples alone; an empty one is broken.
    return responses(file, parse_plain(file, text)) if "responses" in text or not text.strip() else {}


def _can_be_said(variation: Any) -> bool:
    return isinstance(variation, dict) and isinstance(variation.get("text", ""), str)


def _files(folder: Path) -> list[Path]:
    nlu = folder / "data" / "nlu"
    domain = folder / "domain.yml"
    found = sorted(path for path in nlu.rglob("*.yml") if nlu / "lexicon" not in path.parents)
    return [*([domain] if domain.exists() else ()), *found]


def _merged(contents: Mapping[Path, Responses]) -> Responses:
    merged: dict[str, Sequence[Variation]] = {}
    for found in contents.values():
        for name, variations in found.items():
            merged.setdefault(name, variations)
    return merged
