"""What the rule of a new intent may let the bot do: actions and answers, what each is for and says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.data_files import Unreadable, mapping, parse
from bot.studio.files import Files, language, stories
from bot.studio.files.stories import Told
from bot.studio.uses import Uses

ACTIONS, DIRECT, OTHERS = "actions", "direct", "others"
"""Groups: what looks something up or sees to it; answers that rules say; answers of no intent's name."""
SHORT = 80
"""Signs of what is said."""
TITLES = 3
"""Intents that are named."""


@dataclass(frozen=True)
class Doing:
    """An action or an answer."""

    name: str
    group: str
    """ACTIONS, DIRECT, OTHERS, or the intent of whose answers it is one; the code says most of these."""
    intents: tuple[str, ...]
    """The intents for which the bot does it, as far as the rules tell."""
    says: str
    """What is said then, or some of it; empty where nobody knows."""


def names(files: Files) -> list[str]:
    """The actions and answers that a rule may name."""
    given = _domain(files).get("actions") or ()
    actions = [str(each) for each in given if str(each).startswith("action_")]
    whole = [each for each in actions if not each.startswith("action_ask_")]
    return [*whole, *(name for name in language.responses(files) if "/" not in name)]


def known(files: Files, used: Uses) -> list[Doing]:
    """The same with what is known of them, by groups: actions, answers of rules, of each intent, others."""
    said = {
        name: " ".join(each.variations[0].text.split()) if each.variations else ""
        for name, each in language.responses(files).items()
    }
    asked = _asked(stories.told(files))
    intents = [each.name for each in language.intents(files)]
    found = []
    for name in names(files):
        if name in said:
            ruled = any(use.by in ("rule", "story") for use in used.of("response", name))
            group, text = DIRECT if ruled else _of(name, intents), said[name]
        else:
            group, text = ACTIONS, _said_by(name, said, used)
        text = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
        alike = name.partition("_")[2]
        own = [alike] if alike in intents else asked.get(name, [])
        found.append(Doing(name, group, tuple(own[:TITLES]), text))
    order = {group: number for number, group in enumerate((ACTIONS, DIRECT, *intents, OTHERS))}
    return sorted(found, key=lambda each: order[each.group])


def _asked(told: Sequence[Told]) -> dict[str, list[str]]:
    """For which intents each action is done: those of its rules, or of the rules that begin its form."""
    rules = [each for each in told if each.kind == "rule"]
    direct: dict[str, list[str]] = {}
    for rule in rules:
        for action in _named(rule.steps, "action"):
            there = direct.setdefault(action, [])
            there += [intent for intent in _named(rule.steps, "intent") if intent not in there]
    found = {action: list(intents) for action, intents in direct.items()}
    for rule in rules:
        if next(_named(rule.steps, "intent"), None):
            continue
        forms = {*_named(rule.condition, "active_loop"), *_named(rule.steps, "active_loop")}
        for action in _named(rule.steps, "action"):
            for form in sorted(forms - {action}):
                found[action] += [each for each in direct.get(form, ()) if each not in found[action]]
    return found


def _named(steps: Sequence[Any], key: str) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Mapping):
            if step.get(key):
                yield str(step[key])
            yield from _named(step.get("or") or (), key)


def _of(response: str, intents: list[str]) -> str:
    """The intent whose name the answer's begins with, the longest of them."""
    fitting = [each for each in intents if response.startswith((f"utter_{each}_", f"utter_ask_{each}_"))]
    fitting += [each for each in intents if response == f"utter_{each}"]
    return max(fitting, key=len, default=OTHERS)


def _said_by(action: str, said: Mapping[str, str], used: Uses) -> str:
    """The first answer in the class of an action; empty where there is none."""
    own = {(use.path, use.name.partition(".")[0]) for use in used.of("action", action) if use.by == "code"}
    lines = [
        (use.line, name)
        for name in said
        for use in used.of("response", name)
        if use.by == "code" and not use.maybe and (use.path, use.name.partition(".")[0]) in own
    ]
    return said[min(lines)[1]] if lines else ""


def _domain(files: Files) -> dict[Any, Any]:
    try:
        return mapping(parse(language.DOMAIN, files.text(language.DOMAIN)), language.DOMAIN)
    except Unreadable:
        return {}
