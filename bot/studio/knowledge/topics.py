"""The FAQ topics as people look for them: by area, by what is asked and answered, and how each stands."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from bot.data_check import MADE_BY_ENGINE
from bot.data_files import Unreadable, entries, mapping, parse
from bot.settings import Settings
from bot.studio.files import Change, Files, Repository, Snapshot, Trouble
from bot.studio.files.language import DOMAIN, FAQ, TITLES, Topic, topics
from bot.studio.models import Models, UnknownModel
from bot.studio.serving import serving

from . import saying, usage

WORDING = "data/wording.yml"


@dataclass(frozen=True)
class Days:
    """What the days of a topic's wordings mean today."""

    silent: bool
    """Whether there is nothing to be said in any channel."""
    over: int
    """Wordings whose last day has passed."""
    later: date | None
    """The first day of the wording that begins next."""


@dataclass(frozen=True)
class Fresh:
    """Topics that the model which answers was not trained with, or with other questions."""

    added: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def why(self, name: str) -> str:
        """``added``, ``changed``, or nothing."""
        return "added" if name in self.added else "changed" if name in self.changed else ""


def area(topic: Topic) -> str:
    """The file's name without folder and suffix."""
    return PurePosixPath(topic.path).stem


def title(topic: Topic) -> str:
    """What people call a topic: its first question."""
    return topic.questions[0].plain if topic.questions else topic.name


def areas(files: Files) -> dict[str, str]:
    """What each file of topics is called on the pages, in the order of the files."""
    called = _part(files, TITLES, "areas")
    stems = [PurePosixPath(path).stem for path in files.files(FAQ) if path.endswith(".yml")]
    return {stem: called.get(stem, stem) for stem in stems}


def intents(files: Files) -> dict[str, str]:
    """The intents that a topic may count as, in the order of domain.yml, with what people call them."""
    titles = _titles(files)
    others = {usage.FAQ, *(each.name.partition("/")[0] for each in topics(files)), *MADE_BY_ENGINE}
    try:
        listed = [each.name for each in entries(_read(files, DOMAIN), "intents", DOMAIN)]
    except Unreadable:
        listed = []
    return {name: titles.get(name, name) for name in listed if name not in others}


def usual_intents(files: Files) -> dict[str, str]:
    """By area, as which intent most of its topics count."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for each in topics(files):
        counted[area(each)][each.intent] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in counted.items()}


def called(files: Files) -> dict[str, str]:
    """What people call each intent and each topic."""
    return {**_titles(files), **{each.name: title(each) for each in topics(files)}}


def days(topic: Topic, today: date) -> Days:
    """What the days of the topic's wordings mean today."""
    over = sum(each.until is not None and each.until < today for each in topic.answers)
    firsts = [each.since for each in topic.answers if each.since and each.since > today]
    silent = not any(saying.within(each, today) for each in topic.answers)
    return Days(silent, over, min(firsts, default=None))


def fresh(files: Repository, now: Snapshot, settings: Settings) -> Fresh | None:
    """What waits for a training; None where it is not known of which data the model is."""
    commit = _trained_from(settings)
    if commit is None:
        return None
    try:
        trained = {each.name: _asked(each) for each in topics(files.at(commit))}
    except Trouble:
        return None
    current = {each.name: _asked(each) for each in topics(now)}
    changed = (name for name, asked in current.items() if name in trained and trained[name] != asked)
    return Fresh(frozenset(set(current) - set(trained)), frozenset(changed))


def last_change(files: Repository, topic: Topic) -> Change | None:
    """The newest change of a topic's questions or answers; None where it is not found."""
    name = re.escape(topic.name)
    block = re.compile(rf"^( *)- +intent: *{name}[ \r]*$(?:\n(?!\1- |\S).*)*", re.MULTILINE)
    answer = re.compile(rf"^( +)utter_{name}:.*$(?:\n(?!\1[^ \-#\n]|\S).*)*", re.MULTILINE)

    def part(text: str) -> object:
        return [found[0] if (found := each.search(text)) else None for each in (block, answer)]

    return files.last_change(topic.path, part)


def _trained_from(settings: Settings) -> str | None:
    models = Models(settings.models_dir)
    for name in sorted(serving(settings)):
        try:
            if commit := models.model(name).commit:
                return commit
        except UnknownModel:
            continue
    return None


def _asked(topic: Topic) -> tuple[str, frozenset[str]]:
    """What a model learns of it; the first question names it on buttons."""
    return title(topic), frozenset(each.text for each in topic.questions)


def _titles(files: Files) -> dict[str, str]:
    return {**_part(files, TITLES, "titles"), **_part(files, WORDING, "readings")}


def _part(files: Files, path: str, key: str) -> dict[str, str]:
    try:
        part: Mapping[Any, Any] = _read(files, path).get(key) or {}
    except Unreadable:
        return {}
    return {str(name): str(each) for name, each in part.items()} if isinstance(part, dict) else {}


def _read(files: Files, path: str) -> dict[Any, Any]:
    if path not in files.files():
        return {}
    return mapping(parse(path, files.text(path)), path)
