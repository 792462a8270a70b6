"""The words of the lexicon, the shop's policies: read from and written into their files."""

import re
from collections.abc import Mapping
from typing import Any

from bot.data_faults import Fault
from bot.data_files import Unreadable, mapping, parse
from bot.policies import NUMBERS

from . import yaml_edit
from .snapshot import Draft, Files
from .troubles import Refused

FOLDER, WORDS, POLICIES = "data/nlu/lexicon", "data/nlu/lexicon/jieba/words.txt", "data/policies.yml"
# As the words that are there: so often, and as a noun.
USUAL = "200 n"
LONGEST = 40
"""Characters of a word."""


def spellings(files: Files) -> dict[str, dict[str, tuple[str, ...]]]:
    """By file of the lexicon: what each thing is called, and what shoppers type for it."""
    found = {}
    for path in files.files(FOLDER):
        if path.endswith(".yml"):
            found[path] = {
                str(name): tuple(map(str, typed))
                for name, typed in _content(path, files.text(path)).items()
                if isinstance(typed, list)
            }
    return found


def add_spelling(draft: Draft, path: str, name: str, typed: str) -> None:
    """Let shoppers' ``typed`` be understood as ``name``, which is added to the file if it is new.

    Raises:
        Refused: it is there already, or cannot be written.
    """
    typed = _word(typed)
    known = spellings(draft).get(path, {})
    taken = next((each for each, all_typed in known.items() if typed in all_typed), None)
    if taken is not None:
        raise Refused([Fault("stands_already", written=typed, meant=taken)])
    text, written = draft.text(path), yaml_edit.scalar(typed, flow=True)
    if name in known:
        draft.write(path, yaml_edit.add_item(path, text, (name,), f"- {written}"))
    else:
        draft.write(path, yaml_edit.add_item(path, text, (), f"{yaml_edit.scalar(name)}: [{written}]"))


def remove_spelling(draft: Draft, path: str, name: str, typed: str) -> None:
    """Let ``typed`` no longer be understood as ``name``; with the last one, the name goes.

    Raises:
        Refused: it is not there.
    """
    there = spellings(draft).get(path, {}).get(name, ())
    if typed not in there:
        raise Refused([Fault("stands_not", written=typed, meant=name)])
    keys: yaml_edit.Keys = (name, there.index(typed)) if len(there) > 1 else (name,)
    draft.write(path, yaml_edit.remove_item(path, draft.text(path), keys))


def words(files: Files) -> list[str]:
    """The words that are never cut in two."""
    return [line.split()[0] for line in files.text(WORDS).splitlines() if line.strip()]


def add_word(draft: Draft, word: str) -> None:
    """Let ``word`` never be cut in two.

    Raises:
        Refused: it is there already, or is no word.
    """
    word = _word(word)
    if " " in word or word in words(draft):
        raise Refused([Fault("word_there", word=word)])
    text = draft.text(WORDS)
    newline = "\r\n" if "\r\n" in text else "\n"
    draft.write(
        WORDS, f"{text}{'' if not text or text.endswith(newline) else newline}{word} {USUAL}{newline}"
    )


def remove_word(draft: Draft, word: str) -> None:
    """Let ``word`` be cut as others are.

    Raises:
        Refused: it is not there.
    """
    lines = draft.text(WORDS).splitlines(keepends=True)
    kept = [line for line in lines if line.split()[:1] != [word]]
    if len(kept) == len(lines):
        raise Refused([Fault("word_not_there", word=word)])
    draft.write(WORDS, "".join(kept))


def policies(files: Files) -> Mapping[str, str]:
    """The shop's own numbers and facts, each as it is written."""
    found: dict[str, str] = {}
    for name, each in (yaml_edit.value(POLICIES, files.text(POLICIES)) or {}).items():
        found[name] = str(each[1] if isinstance(each, tuple) else each)
    return found


def set_policy(draft: Draft, name: str, value: str) -> None:
    """Let the policy ``name``, new or not, be ``value``.

    Raises:
        Refused: it cannot be the name or the value of one.
    """
    value = value.strip()
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise Refused([Fault("policy_name", name=name)])
    if not value or "{" in value or not value.isprintable():
        raise Refused([Fault("policy_line", name=name)])
    if name in NUMBERS and not value.isdecimal():
        raise Refused([Fault("policy_whole", name=name)])
    text = draft.text(POLICIES)
    draft.write(POLICIES, yaml_edit.set_text(POLICIES, text, (name,), value, typed=False))


def _word(given: str) -> str:
    given = " ".join(given.split())
    if not given or len(given) > LONGEST or not given.isprintable():
        raise Refused([Fault("word_wrong", most=LONGEST)])
    return given


def _content(path: str, text: str) -> dict[Any, Any]:
    try:
        return mapping(parse(path, text), path)
    except Unreadable:
        return {}
