"""Numbers in an answer that may be the shop's own: said by name, they follow when the shop changes them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.studio.files import Files
from bot.studio.files.lexicon import POLICIES

from . import policies
from .policies import Policy

GUESSES = 4
"""Policies that are offered for one number, at most."""
SHORTEST = 5
"""Digits from which a number needs no unit to be known, as a telephone's."""
_AS_WRITTEN = {"天": "天日", "元": "元块"}
_UNIT = r"\s*(?P<unit>小时|分钟|个?工作日|个月|[^\W\d_a-zA-Z])?"
_SIDES = r"(?<![A-Za-z\d_.:：/–—~～-])(?<!\d [–—-] )", r"(?!\d|[.:：/–—~～-]\s?\d)"
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"月\s*$")
_NAME = re.compile(r"\{[^{}\n]*\}")
_SENTENCE = re.compile(r"[^。！？；!?;\n]+")


@dataclass(frozen=True)
class Guess:
    """A policy that a number may be; ``start`` and ``end`` of what its name would stand for."""

    name: str
    label: str
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Noticed:
    """A number in a text as it is said there, and the policies that it may be, likeliest first."""

    text: str
    guesses: tuple[Guess, ...]


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    shown: int
    """Where what is shown of it ends, with its unit."""
    likely: int
    guess: Guess


def noticed(files: Files, text: str) -> list[Noticed]:
    """The numbers in a text that have the value, and the unit, of policies, in their order.

    Raises:
        Refused (of the files): the policies are no YAML.
    """
    if POLICIES not in files.files():
        return []
    # Names that stand there already are no text; all else keeps its place.
    plain = _NAME.sub(lambda found: "\0" * len(found[0]), text)
    found = [
        each
        for group in policies.groups(files)
        for entry in group.entries
        for policy in entry.policies
        for each in _found(policy, entry.label or policy.name, plain)
    ]
    return [_noticed(text, some) for some in _overlapping(found)]


def _found(policy: Policy, label: str, text: str) -> Iterator[_Found]:
    contexts = [label, *_said(policy)]
    units = _units(policy, label)
    for match in _pattern(policy.value).finditer(text):
        end = match.end("value")
        unit = match["unit"] if "unit" in match.re.groupindex else None
        if units is not None and (not unit or unit[0] not in units):
            continue
        if unit and unit in "日号" and _DATE.search(text[: match.start()]):
            continue
        around = _pairs(_around(text, match.start()))
        likely = max(len(around & _pairs(each)) for each in contexts)
        shown = match.end("unit") if unit and units is not None else end
        start = match.start("value")
        yield _Found(start, end, shown, likely, Guess(policy.name, label, policy.value, start, end))


def _pattern(value: str) -> re.Pattern[str]:
    """The value as people write it, with other spaces and dashes; a plain number with the sign behind it."""
    before, after = _SIDES
    if _PLAIN.fullmatch(value):
        return re.compile(rf"{before}(?P<value>{re.escape(value)}){after}{_UNIT}")
    digits = re.sub(r"\D", "", value)
    if not digits:
        return re.compile(r"(?P<value>(?!))")
    if len(digits) >= 7 and re.fullmatch(r"[\d\s()（）+–—-]+", value):  # a telephone
        return re.compile(before + "(?P<value>" + r"[\s–—-]?".join(digits) + ")" + after)
    parts = re.findall(r"\d+|[–—~～-]|[^\W\d]+|\S", value)
    written = (r"[–—~～至到-]" if re.fullmatch(r"[–—~～-]", part) else re.escape(part) for part in parts)
    left, right = before if value[0].isdigit() else "", after if value[-1].isdigit() else ""
    return re.compile(left + "(?P<value>" + r"\s*".join(written) + ")" + right)


def _units(policy: Policy, label: str) -> set[str] | None:
    """The signs that follow the number where it is said, or that its comment speaks of; None: no matter."""
    if not _PLAIN.fullmatch(policy.value) or len(policy.value) >= SHORTEST:
        return None
    follow = re.compile(re.escape(f"{{{policy.name}}}") + r"\s*([^\W\d_a-zA-Z])")
    units = {sign for user in policy.users for sign in follow.findall(user.text)}
    units |= {sign for sign in "天时元分次件条个月年折" if sign in label}
    if "小时" in label or "钟点" in label:
        units.add("小")
    return {each for unit in units for each in _AS_WRITTEN.get(unit, unit)}


def _said(policy: Policy) -> list[str]:
    """The sentences that say it."""
    name = f"{{{policy.name}}}"
    return [said for user in policy.users for said in _SENTENCE.findall(user.text) if name in said]


def _around(text: str, at: int) -> str:
    return next((found[0] for found in _SENTENCE.finditer(text) if found.start() <= at < found.end()), text)


def _pairs(text: str) -> set[str]:
    """Pairs of letters that stand side by side, names and numbers left out."""
    letters = re.sub(r"[\W\d_a-zA-Z]+", " ", _NAME.sub(" ", text))
    return {letters[i : i + 2] for i in range(len(letters) - 1) if " " not in letters[i : i + 2]}


def _overlapping(found: Iterable[_Found]) -> list[list[_Found]]:
    groups: list[list[_Found]] = []
    for each in sorted(found, key=lambda one: (one.start, one.end)):
        if groups and each.start < max(other.end for other in groups[-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _noticed(text: str, found: list[_Found]) -> Noticed:
    shown = text[found[0].start : max(each.shown for each in found)]
    likeliest = sorted(found, key=lambda each: (-each.likely, each.start - each.end))
    return Noticed(shown, tuple(each.guess for each in likeliest[:GUESSES]))
