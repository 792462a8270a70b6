"""The columns of the sheet: what they are called, and what may stand in some of them."""

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from bot.staff import texts
from bot.staff.texts import Texts
from bot.studio.files import language
from bot.studio.files.language import Topic

Column = Literal["area", "topic", "intent", "question", "answer", "channel", "since", "until"]
COLUMNS: tuple[Column, ...] = get_args(Column)

SENTENCES = texts.load(Path(__file__).parent.parent / "texts" / "sheets.yml")

CHANNELS = ("web", "wechat")
"""The channels that have a name in the sheet; others stand there as the files have them."""
FAQ = "faq/"

# What makes Excel take a text for a formula, and any signs that were put before it on the way.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]")
# The latter would be read as such a sign: ``_x000A_``.
_NO_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"
)


def heading(t: Texts, column: Column) -> str:
    """What a column is called."""
    return t(f"column_{column}")


def column_named(text: str) -> Column | None:
    """The column that is called so in either language, whatever stands behind it in brackets."""
    return _NAMES.get(_folded(text))


def channel_name(t: Texts, channel: str) -> str:
    """What a channel is called."""
    return t(f"channel_{channel}") if channel in CHANNELS else channel


def channel_named(text: str, known: Collection[str]) -> str | None:
    """The channel that is called so, or is one of ``known``; None: there is none."""
    return next((each for each in known if each == text), _CHANNELS.get(_folded(text)))


def day(text: str) -> date | None:
    """The day that is written so, in any way Excel may write it; None: it is none."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def harmless(text: str) -> str:
    """The text as no program takes it for a formula; ``as_meant`` takes that back."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_meant(text: str) -> str:
    """A cell's text without the sign that keeps it from being a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def normal(text: str) -> str:
    """A text but for what nobody reads: its kind of line ends, and spaces around it."""
    return "\n".join(text.splitlines()).strip()


def for_excel(text: str) -> str:
    """The text with the signs that XML cannot hold written as Excel does; ``from_excel`` takes that back."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def from_excel(text: str) -> str:
    """What Excel shows of a cell's text."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def short(topic: str) -> str:
    """A topic's name as the sheet has it."""
    return topic.removeprefix(FAQ)


def full(name: str) -> str:
    """A topic's name as the files have it."""
    return name if "/" in name else f"{FAQ}{name}"


def area(topic: Topic) -> str:
    """The file that a topic lies in, without folder and suffix; the path of a file that lies elsewhere."""
    found = re.fullmatch(rf"{language.FAQ}/([\w-]+)\.yml", topic.path)
    return found[1] if found else topic.path


def _folded(text: str) -> str:
    plain = re.sub(r"[(\[【].*", "", unicodedata.normalize("NFKC", text)).strip(" *\t\n：:")
    return "".join(plain.casefold().split())


_NAMES = {
    _folded(name): column
    for column in COLUMNS
    for name in (column, *(heading(t, column) for t in SENTENCES.values()))
}
_CHANNELS = {
    _folded(name): channel
    for channel in CHANNELS
    for name in (channel, *(channel_name(t, channel) for t in SENTENCES.values()))
}
