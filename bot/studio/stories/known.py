"""What a step may name: the intents, actions, forms, slots and entities of the bot, as people know them."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.data_check import MADE_BY_ENGINE, RASA_ACTIONS, RASA_SLOT
from bot.data_files import Unreadable, parse
from bot.studio.action_names import called
from bot.studio.files import Snapshot, language
from bot.studio.files.language import DOMAIN, NLU, TITLES

WORDING = "data/wording.yml"
STORIES = "data/stories"
SHORT = 60
"""Signs of a text that stands beside a name."""


@dataclass(frozen=True)
class Intent:
    """An intent as people know it."""

    name: str
    title: str
    example: str
    """Something that customers say; empty where there is nothing."""


@dataclass(frozen=True)
class Known:
    """All that there is at one commit."""

    intents: dict[str, Intent] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)
    """FAQ topics, which no step names: ``faq/return_days``."""
    actions: dict[str, str] = field(default_factory=dict)
    """Actions, responses and forms, each with what is said then, as far as that is known."""
    forms: set[str] = field(default_factory=set)
    slots: dict[str, str] = field(default_factory=dict)
    """Each with its type."""
    entities: list[str] = field(default_factory=list)
    stems: list[str] = field(default_factory=list)
    """Capabilities: each has a file of examples, and may have one of rules and stories."""

    def title(self, intent: str) -> str:
        """What people call an intent; its name where it has no title."""
        found = self.intents.get(intent)
        return found.title if found else intent

    def called(self, action: str, language: str) -> str:
        """What people read beside the name of an action, a form or a response; empty where there is nothing.

        Args:
            language: zh or en.
        """
        said, name = self.actions.get(action, ""), called(action, self.title, language)
        # What a form asks first tells less than what it is for.
        return name or said if action in self.forms else said or name


def path_of(stem: str) -> str:
    """The file of the rules and stories of a capability."""
    return f"{STORIES}/{stem}.yml"


@lru_cache(maxsize=2)
def known(files: Snapshot) -> Known:
    """What the files of a commit name."""
    domain, said = _loaded(files, DOMAIN), language.responses(files)
    words = {name: short(each.variations[0].text) for name, each in said.items() if each.variations}
    titles = {**_part(files, TITLES, "titles"), **_part(files, WORDING, "readings")}
    examples: dict[str, str] = {}
    for each in language.examples(files):
        examples.setdefault(each.intent.partition("/")[0], each.plain)
    intents = {
        name: Intent(name, str(titles.get(name) or name), short(examples.get(name, "")))
        for name in [*_names(domain.get("intents")), *sorted(MADE_BY_ENGINE)]
    }
    topics = {each.name for each in language.topics(files)}
    forms = domain.get("forms")
    forms = forms if isinstance(forms, dict) else {}
    asked = {str(name): _asked(str(name), form, words) for name, form in forms.items()}
    retrieval = {f"utter_{name.partition('/')[0]}": "" for name in topics}
    actions = {
        **{name: text for name, text in words.items() if "/" not in name},
        **retrieval,
        **{name: words.get(name, "") for name in _names(domain.get("actions"))},
        **asked,
        **dict.fromkeys(sorted(RASA_ACTIONS), ""),
    }
    slots = domain.get("slots")
    types = {
        str(name): str(each.get("type", "")) if isinstance(each, dict) else ""
        for name, each in (slots if isinstance(slots, dict) else {}).items()
    }
    return Known(
        intents,
        topics,
        actions,
        set(asked),
        {**types, RASA_SLOT: "text"},
        _names(domain.get("entities")),
        _stems(files),
    )


def short(text: str) -> str:
    """The text on one line, its end cut off where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def _asked(form: str, content: Any, words: dict[str, str]) -> str:
    """What a form asks first."""
    slots = content.get("required_slots") if isinstance(content, dict) else None
    for slot in slots if isinstance(slots, list) else ():
        for name in (f"utter_ask_{form}_{slot}", f"utter_ask_{slot}"):
            if words.get(name):
                return words[name]
    return ""


def _stems(files: Snapshot) -> list[str]:
    found = [path.removeprefix(f"{NLU}/") for path in files.files(NLU)]
    own = {name.partition("/")[0].removesuffix(".yml") for name in found if name.endswith(".yml")}
    return sorted(own - {"lexicon"})


def _part(files: Snapshot, path: str, key: str) -> dict[Any, Any]:
    found = _loaded(files, path).get(key)
    return found if isinstance(found, dict) else {}


def _loaded(files: Snapshot, path: str) -> dict[Any, Any]:
    if path not in files.blobs:
        return {}
    try:
        content = parse(path, files.text(path))
    except Unreadable:
        return {}  # the history page says what is wrong with it
    return content if isinstance(content, dict) else {}


def _names(listed: Any) -> list[str]:
    each = listed if isinstance(listed, list) else []
    return [str(next(iter(name), "")) if isinstance(name, dict) else str(name) for name in each]
