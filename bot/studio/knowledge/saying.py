"""What a wording says: filled with the shop's numbers, on which days and in which channels."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.data_files import Unreadable, entries, mapping, parse
from bot.studio.files import Files
from bot.studio.files.language import DOMAIN, Variation

CHANNELS = ("web", "wechat")
"""As conversations and the variations of a response name them."""
Kind = Literal["text", "policy", "slot", "unknown"]
_NAME = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True)
class Piece:
    """A part of a wording; ``name`` is the placeholder that it stands for."""

    kind: Kind
    text: str
    name: str = ""


def names(text: str) -> set[str]:
    """The placeholders in a wording."""
    return {found[1] for found in _NAME.finditer(text)}


def pieces(text: str, policies: Mapping[str, str], slots: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """A wording in parts, its placeholders filled; what only the conversation knows stays as written."""
    at = 0
    for found in _NAME.finditer(text):
        if found.start() > at:
            yield Piece("text", text[at : found.start()])
        name = found[1]
        if name in policies:
            yield Piece("policy", policies[name], name)
        else:
            yield Piece("slot" if name in slots else "unknown", found[0], name)
        at = found.end()
    if at < len(text):
        yield Piece("text", text[at:])


def slots(files: Files) -> frozenset[str]:
    """What a conversation knows by name."""
    try:
        content = mapping(parse(DOMAIN, files.text(DOMAIN)), DOMAIN)
        return frozenset(each.name for each in entries(content, "slots", DOMAIN))
    except Unreadable:
        return frozenset()


def within(each: Variation, on: date) -> bool:
    """Whether the wording may be said on a day."""
    return not (each.since and on < each.since) and not (each.until and each.until < on)


def said(wordings: Sequence[Variation], channel: str, on: date) -> list[int]:
    """Numbers of the wordings of which the bot takes one; what goes before what: see bot/validity.py."""
    there = [number for number, each in enumerate(wordings) if within(each, on)]
    own = [number for number in there if wordings[number].channel == channel]
    fitting = own or [number for number in there if not wordings[number].channel]
    return [number for number in fitting if wordings[number].since or wordings[number].until] or fitting
