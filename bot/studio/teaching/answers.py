"""What the bot says, but for the FAQ: listed, searched, and its wording changed, each change one commit.

A text is filled at run time: with the shop's policies, with slots, and with what the code gives it. What the
code gives may not get lost unseen, and nothing may be asked for that nobody gives.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bot import validity
from bot.data_check import folded
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Files, Repository, Snapshot, language, lexicon, yaml_edit
from bot.studio.files.language import Response, Variation
from bot.studio.uses import Use, Uses

CHANNELS = ("web", "wechat")
LONGEST, MOST = 2000, 20
"""Characters of a text, texts of an answer."""
_FILLED = re.compile(r"{([^{}\n]*)}")
_OWN = {"text", "channel", "buttons"}

FilledBy = Literal["policy", "slot", "code"]


@dataclass(frozen=True)
class Row:
    """An answer, as the list shows it."""

    name: str
    text: str
    """Of its first variation."""
    variations: int
    channels: tuple[str, ...]
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Text:
    """A variation of an answer, with what stands beside its text."""

    variation: Variation
    buttons: tuple[str, ...]
    """Their titles."""
    others: tuple[str, ...]
    """Names of what else there is, as pictures or conditions: it stays as it is."""


@dataclass(frozen=True)
class Filling:
    """What is filled into an answer's texts under a name."""

    name: str
    by: FilledBy
    value: str
    """Of a policy; else empty."""


@dataclass(frozen=True)
class Answer:
    """All that the bot says under one name."""

    name: str
    path: str
    line: int
    version: str
    """Of its file, when it was read."""
    texts: tuple[Text, ...]
    fillings: tuple[Filling, ...]
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Wanted:
    """A text as it should be."""

    text: str
    channel: str = ""
    since: date | None = None
    until: date | None = None
    was: int | None = None
    """The number of the variation that it is, from 0; None: it is new."""


# ---- reading ----


def listed(files: Files, used: Uses, asked: str = "") -> list[Row]:
    """The answers in the order of the files; those whose name or text has what is ``asked`` for."""
    sought = folded(asked) if asked.strip() else ""
    return [
        Row(
            each.name,
            each.variations[0].text if each.variations else "",
            len(each.variations),
            tuple(dict.fromkeys(v.channel for v in each.variations if v.channel)),
            used.of("response", each.name),
        )
        for each in _ours(files)
        if not sought
        or any(sought in folded(text) for text in (each.name, *(v.text for v in each.variations)))
    ]


def found(files: Snapshot, used: Uses, name: str) -> Answer | None:
    """An answer with all its texts; None: there is none of this name."""
    response = next((each for each in _ours(files) if each.name == name), None)
    if response is None:
        return None
    policies, slots = lexicon.policies(files), {each.name for each in used.all("slot")}
    return Answer(
        *(name, response.path, response.line, files.version(response.path) or ""),
        tuple(_texts(files, response)),
        tuple(
            Filling(each, "policy", policies[each])
            if each in policies
            else Filling(each, "slot" if each in slots else "code", "")
            for each in sorted(_filled(v.text for v in response.variations))
        ),
        used.of("response", name),
    )


def channels(files: Files) -> list[str]:
    """The channels that a text may be for."""
    said = (v.channel for each in language.responses(files).values() for v in each.variations)
    return [*dict.fromkeys([*CHANNELS, *filter(None, said)])]


def _ours(files: Files) -> list[Response]:
    return [each for each in language.responses(files).values() if "/" not in each.name]


def _texts(files: Files, response: Response) -> Iterable[Text]:
    written = yaml_edit.value(response.path, files.text(response.path), ("responses", response.name))
    for variation, each in zip(response.variations, written, strict=False):
        content: dict[str, Any] = each if isinstance(each, dict) else {}
        buttons = content.get("buttons")
        days = content.get(validity.METADATA)
        beside = set(days) - {validity.SINCE, validity.UNTIL} if isinstance(days, dict) else set()
        others = set(content) - _OWN - (set() if beside else {validity.METADATA})
        yield Text(
            variation,
            tuple(str(b.get("title", "")) for b in buttons or () if isinstance(b, dict)),
            tuple(sorted(map(str, others))),
        )


def _filled(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _FILLED.findall(text)}


# ---- changes ----


def save(
    files: Repository,
    author: Author,
    summary: str,
    name: str,
    version: str,
    wanted: Sequence[Wanted],
    dropping: bool = False,
) -> str | None:
    """Let the bot say ``wanted`` under ``name``; buttons and all else beside a text stay with it.

    Args:
        version: of the file, as the editor was shown it.
        dropping: what the code fills in may vanish from the texts.

    Returns:
        The commit; None where nothing changed.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    path = next((each.path for each in _ours(files.look()) if each.name == name), None)
    if path is None:
        raise Cannot("no_answer_there", name=name)
    with files.edit(author, summary, {path: version}) as draft:
        there = language.responses(draft).get(name)
        if there is None or there.path != path:
            raise Cannot("no_answer_there", name=name)
        _check(there.variations, wanted, set(lexicon.policies(draft)), channels(draft), dropping)
        kept = {each.was: each for each in wanted if each.was is not None}
        before = [kept.get(number) for number in range(len(there.variations))]
        # First all that stays and comes, then what goes: no button gets beside another text.
        language.set_response(
            draft,
            name,
            [
                *(_as(new) if new else old for new, old in zip(before, there.variations, strict=True)),
                *(_as(each) for each in wanted if each.was is None),
            ],
        )
        for number in reversed([n for n, new in enumerate(before) if new is None]):
            way = ("responses", name, number)
            draft.write(path, yaml_edit.remove_item(path, draft.text(path), way))
    return draft.commit


def _as(wanted: Wanted) -> Variation:
    text = wanted.text.replace("\r\n", "\n").strip()
    return Variation(text, wanted.channel, wanted.since, wanted.until)


def _check(
    there: Sequence[Variation],
    wanted: Sequence[Wanted],
    policies: set[str],
    known: Sequence[str],
    dropping: bool,
) -> None:
    numbers = [each.was for each in wanted if each.was is not None]
    if len({*numbers}) < len(numbers) or not all(0 <= number < len(there) for number in numbers):
        raise Cannot("no_answer_there", name="")
    if not 0 < len(wanted) <= MOST or not all(0 < len(each.text.strip()) <= LONGEST for each in wanted):
        raise Cannot("text", most=LONGEST)
    if any(unicodedata.category(sign) in ("Cc", "Cf") for each in wanted for sign in _bare(each.text)):
        raise Cannot("control")
    if any(each.channel and each.channel not in known for each in wanted):
        raise Cannot("channel")
    if any(each.since and each.until and each.until < each.since for each in wanted):
        raise Cannot("days")
    always = [each for each in wanted if not (each.channel or each.since or each.until)]
    if not always and any(not (each.channel or each.since or each.until) for each in there):
        raise Cannot("nothing_said")
    filled = _filled(each.text for each in there) - policies
    strange = _filled(each.text for each in wanted) - policies - filled
    if strange:
        raise Cannot("unfilled", names=_shown(strange))
    lost = filled - _filled(each.text for each in wanted)
    for each in wanted:
        if each.was is not None:
            lost |= _filled([there[each.was].text]) - policies - _filled([each.text])
    if lost and not dropping:
        raise Cannot("lost", names=_shown(lost))


def _bare(text: str) -> str:
    """The text without what may be in it unseen: line ends, and what joins two emoji."""
    return text.replace("\r\n", "").replace("\n", "").replace("\u200d", "")


def _shown(names: Iterable[str]) -> str:
    return " ".join(f"{{{name}}}" for name in sorted(names))
