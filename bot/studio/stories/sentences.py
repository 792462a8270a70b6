"""A contradiction as a sentence: parts of text, and the rules and stories that it speaks of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.staff import texts

from .checking import Contradiction, Party

SENTENCES = texts.load(Path(__file__).parent.parent / "texts" / "stories.yml")
"""The sentences of the stories' pages, by language."""


@dataclass(frozen=True)
class Part:
    """A piece of a sentence; with ``party`` it is that one's name."""

    text: str
    party: Party | None = None


Say = Callable[..., str]
"""A sentence of texts/stories.yml by its key and values."""
_LONGEST = 20
"""Characters of what an action is called, or says."""
# What stands in a sentence for a rule or story, until it is put in.
_PLACE = "\0"
# What RulePolicy calls the rules that it brings along.
_BUILT_IN = {"handling active loops and forms": "built_in_forms", "predicting default action": "built_in"}


def told(say: Say, what: Contradiction, called: Callable[[str], str] = str) -> list[Part]:
    """The sentence, in order.

    Args:
        called: what people read beside an action's name; empty or the name itself: nothing.
    """
    actions = [_with_called(say, name, called(name)) for name in what.actions]
    match what.what:
        case "contradiction":
            kind = say(what.parties[0].kind or "rule")
            action, other = actions
            sentence = say("said_contradiction", kind=kind, a=_PLACE, action=action, b=_PLACE, other=other)
            return _filled(say, sentence, list(what.parties))
        case "conflict":
            sides = say("joined").join(say("said_side", a=_PLACE, action=action) for action in actions)
            key = "said_conflict" if what.after else "said_conflict_at_once"
            return _filled(say, say(key, after=what.after, sides=sides), list(what.parties))
        case "incomplete":
            key = "said_without_slots" if what.slots else "said_without_loop"
            sentence = say(key, a=_PLACE, action=actions[0], slots=", ".join(what.slots))
            return _filled(say, sentence, list(what.parties))
    return _filled(say, say("said_messages", a=_PLACE), list(what.parties))


def plain(parts: list[Part]) -> str:
    """The sentence as one text."""
    return "".join(part.text for part in parts)


def _filled(say: Say, sentence: str, parties: list[Party]) -> list[Part]:
    """The sentence with the parties in their places, as far as there are places."""
    first, *rest = sentence.split(_PLACE)
    found = [Part(first)]
    for text, party in zip(rest, parties, strict=False):
        found += [Part(_name(say, party), party if party.kind else None), Part(text)]
    return found


def _with_called(say: Say, name: str, called: str) -> str:
    if called in ("", name):
        return name
    called = called if len(called) <= _LONGEST else f"{called[: _LONGEST - 1]}…"
    return say("said_action", name=name, called=called)


def _name(say: Say, party: Party) -> str:
    for begin, key in _BUILT_IN.items():
        if not party.kind and party.name.startswith(begin):
            return say(key)
    return party.name
