"""What the bot's files teach already: the intents and topics to choose from, and sentences near another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extract
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot import data_check

from . import words

NEAR = 66  # percent of letters in common
SHOWN = 6
FAQ = "faq"


@dataclass(frozen=True)
class Choice:
    """An intent, or a FAQ topic as ``faq/TOPIC``, and what people call it."""

    name: str
    title: str


@dataclass(frozen=True)
class Near:
    """A sentence of the data like another; ``same`` where they differ in nothing that matters."""

    text: str
    intent: str
    title: str
    place: str
    percent: int

    @property
    def same(self) -> bool:
        return self.percent == 100


@dataclass(frozen=True)
class Taught:
    """The data at one moment."""

    choices: list[Choice] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    faq_files: list[str] = field(default_factory=list)
    """Files of topics, without folder and suffix."""
    normal: list[str] = field(default_factory=list)
    examples: list[data_check.Example] = field(default_factory=list)

    @property
    def titles(self) -> dict[str, str]:
        return {choice.name: choice.title for choice in self.choices}

    def under(self, intent: str) -> set[str]:
        """The sentences of an intent or a topic, as ``words.normal`` gives them."""
        pairs = zip(self.normal, self.examples, strict=True)
        return {normal for normal, example in pairs if example.intent == intent}

    def near(self, text: str) -> list[Near]:
        """The sentences most like this text, best first, at most one of an intent."""
        said = words.normal(text)
        found: dict[str, Near] = {}
        titles = self.titles
        for _, percent, index in extract(said, self.normal, scorer=ratio, score_cutoff=NEAR, limit=40):
            example = self.examples[index]
            name = titles.get(example.intent, example.intent)
            near = Near(example.text, example.intent, name, example.place, int(percent))
            found.setdefault(example.intent, near)
        return list(found.values())[:SHOWN]


class Known:
    """The data below ``root`` as it is now, read anew where a file has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._stamp: object = None
        self._taught = Taught()

    def now(self) -> Taught:
        """The data as it is; seconds after a change, else at once."""
        with self._lock:
            stamp = self._look()
            if stamp != self._stamp:
                self._taught, self._stamp = _read(self._root), stamp
            return self._taught

    def _look(self) -> object:
        paths = [self._root / "domain.yml", *sorted((self._root / "data").rglob("*.yml"))]
        return [(path, each.st_mtime_ns, each.st_size) for path in paths for each in (path.stat(),)]


def _read(root: Path) -> Taught:
    examples = data_check.examples(root)
    domain = _loaded(root / "domain.yml")
    called = {
        **(_loaded(root / "data" / "intents.yml").get("titles") or {}),
        **(_loaded(root / "data" / "wording.yml").get("readings") or {}),
    }
    topics = {example.intent: example for example in examples if example.names_topic}
    intents = {example.intent for example in examples} - set(topics)
    # In the order in which the domain lists them.
    listed = [name for name in _names(domain.get("intents")) if name in intents]
    choices = [Choice(name, str(called.get(name) or name)) for name in listed]
    choices += [Choice(name, example.text) for name, example in topics.items()]
    files = [path.stem for path in sorted((root / "data" / "nlu" / FAQ).glob("*.yml"))]
    return Taught(
        choices,
        _names(domain.get("entities")),
        files,
        [words.normal(example.text) for example in examples],
        examples,
    )


def _loaded(path: Path) -> Mapping[str, Any]:
    try:
        content = YAML(typ="safe").load(path)
    except (OSError, YAMLError, UnicodeDecodeError):
        return {}  # the data check says what is wrong with it
    return content if isinstance(content, Mapping) else {}


def _names(listed: Any) -> list[str]:
    each = listed if isinstance(listed, list) else []
    return [str(next(iter(name), "")) if isinstance(name, Mapping) else str(name) for name in each]
