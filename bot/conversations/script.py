"""Simplified or traditional: which script a shopper writes, and our words in hers."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from opencc import OpenCC
from ruamel.yaml import YAML

from bot.settings import ROOT

HANS, HANT = "Hans", "Hant"  # ISO 15924

# What somebody quotes, a brand or a title, is not how she writes.
QUOTED = re.compile(r"「.*?」|『.*?』|《.*?》|【.*?】|“.*?”|\".*?\"", re.DOTALL)
KANA = re.compile("[\u3041-\u30ff]")
ADDRESS = r"https?://[^\s，。！？；：、（）「」【】]+"
# Parts of a message that nobody reads; codes and dates have no Chinese in them anyway.
UNREAD = {"payload", "image", "url"}


def written_in(text: str) -> str | None:
    """The script that ``text`` is written in, None where it does not tell.

    Only characters that live in one script alone count, and the greater number decides. Kana count against
    both, since the characters of a Japanese name come from either.
    """
    simplified, traditional = _telling()
    own = QUOTED.sub("", text)
    lead = sum((char in traditional) - (char in simplified) for char in own)
    if abs(lead) <= len(KANA.findall(own)):
        return None
    return HANT if lead > 0 else HANS


def traditional(said: Any, names: Iterable[str] = ()) -> Any:
    """``said``, a text or parts of a message, in traditional characters.

    Args:
        names: of people, which stay as their owners write them.
    """
    return _traditional(said, _known(*names))


def _traditional(said: Any, known: re.Pattern[str]) -> Any:
    if isinstance(said, str):
        pieces = known.split(said)
        pieces[::2] = [_converter("s2tw").convert(piece) for piece in pieces[::2]]
        pieces[1::2] = [_words().get(piece, piece) for piece in pieces[1::2]]
        return "".join(pieces)
    if isinstance(said, dict):
        return {k: v if k in UNREAD else _traditional(v, known) for k, v in said.items()}
    if isinstance(said, list):
        return [_traditional(part, known) for part in said]
    return said


@lru_cache
def _known(*names: str) -> re.Pattern[str]:
    """What OpenCC does not get to see: addresses, people's names and the words that we know better."""
    texts = filter(None, (*names, *_words()))
    return re.compile(f"({'|'.join([ADDRESS, *map(re.escape, texts)])})")


@cache
def _words() -> dict[str, str]:
    words: dict[str, str] = YAML(typ="safe").load(ROOT / "data" / "traditional.yml")
    return words


@cache
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


@cache
def _telling() -> tuple[set[str], set[str]]:
    """The characters that only simplified, and those that only traditional text has.

    GB 2312 and the first level of Big5 list what is in daily use on either side. That one of them lacks a
    character and OpenCC would replace it is proof; 后, 里 or 只, which both have, prove nothing.
    """
    common = [chr(code) for code in range(0x4E00, 0xA000)]

    def changed_by(name: str) -> set[str]:
        # On lines of their own, so that no phrase can join two of them.
        pairs = zip(common, _converter(name).convert("\n".join(common)).split("\n"), strict=True)
        return {char for char, other in pairs if char != other}

    mainland = {char for char in common if char.encode("gb2312", "ignore")}
    abroad = {char for char in common if b"" < char.encode("big5", "ignore") < b"\xc7"}
    # Hong Kong and Taiwan differ in a few characters (户, 税), where one of them writes as the mainland.
    simplified = changed_by("s2tw") & changed_by("s2hk")
    return (mainland & simplified) - abroad, (abroad & changed_by("t2s")) - mainland
