"""The words that the bot knows: jieba's, the spellings of the lexicon, synonyms, goods; and a sentence tried.

What is found in a sentence here is by the dictionaries alone, as the model that is trained of them would find
it where no pattern of its own comes first.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from opencc import OpenCC

from bot.data_check import folded
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Draft, Files, Repository, Snapshot, language, lexicon
from bot.studio.review import segments, words

WORDS, SYNONYMS, CATALOGUE = "words", "synonyms", "catalogue"
GOODS = f"{lexicon.FOLDER}/catalogue.txt"
# The component that would put a synonym's value for what was written.
SYNONYMS_READ_BY = "EntitySynonymMapper"
REASONS, FESTIVALS = "reasons", "festivals"
SHORTEST = 2
"""Characters of a spelling: a single one is in too many words."""
TRIED = 300
"""Characters of a sentence that is tried."""
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class Dictionary:
    """A list of the lexicon."""

    name: str
    """``words``, ``synonyms``, ``catalogue``, or a file of spellings without folder and suffix."""
    path: str
    entries: int
    fixed: bool = False
    """Not changed here: others write it."""
    closed: bool = False
    """Its entries are known to the code: none is added, what is typed for them is."""


@dataclass(frozen=True)
class Entry:
    """A word, or a name with what shoppers type for it."""

    name: str
    typed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A name of the lexicon in a sentence."""

    dictionary: str
    name: str
    start: int
    end: int
    """In the sentence, as it was given."""


@dataclass(frozen=True)
class Read:
    """A sentence as the lexicon reads it."""

    words: list[str]
    hits: list[Hit]


@dataclass(frozen=True)
class Change:
    """A word, or what is typed for a name, that comes or goes."""

    dictionary: str
    name: str
    typed: str = ""
    """Empty for words."""


# ---- reading ----


def vocabulary(files: Files) -> str:
    """Lines of jieba's user dictionary."""
    return files.text(lexicon.WORDS) if lexicon.WORDS in files.files() else ""


def dictionaries(files: Files) -> list[Dictionary]:
    """All lists of the lexicon."""
    spelled = [
        Dictionary(_stem(path), path, len(names), closed=_stem(path) == REASONS)
        for path, names in lexicon.spellings(files).items()
    ]
    return [
        Dictionary(WORDS, lexicon.WORDS, len(entries(files, WORDS))),
        *spelled,
        Dictionary(CATALOGUE, GOODS, len(entries(files, CATALOGUE)), fixed=True),
        Dictionary(SYNONYMS, language.NLU, len(entries(files, SYNONYMS))),
    ]


def entries(files: Files, dictionary: str, asked: str = "") -> list[Entry]:
    """What stands in a list; of it what has ``asked`` in its name or among what is typed.

    Raises:
        Cannot: there is no such list.
    """
    sought = folded(asked) if asked.strip() else ""
    return [
        each
        for each in _entries(files, dictionary)
        if not sought or any(sought in folded(text) for text in (each.name, *each.typed))
    ]


def synonyms_work(files: Files) -> bool:
    """Whether config.yml has the component that reads synonyms."""
    return SYNONYMS_READ_BY in (files.text("config.yml") if "config.yml" in files.files() else "")


def read(files: Files, sentence: str) -> Read:
    """The words and the names in a sentence."""
    sentence = sentence[:TRIED]
    return Read(segments.cut(sentence, vocabulary(files)), _found(_spellings(files), sentence))


def tried(files: Snapshot, sentence: str, change: Change | None) -> tuple[Read, Read | None]:
    """A sentence as it is read now, and as it would be after a change; None where there is none.

    Raises:
        Cannot, Trouble (of the files): the change cannot be made.
    """
    now = read(files, sentence)
    if change is None:
        return now, None
    draft = Draft(files)
    _add(draft, change)
    return now, read(draft, sentence)


def _entries(files: Files, dictionary: str) -> Iterator[Entry]:
    if dictionary == WORDS:
        for line in vocabulary(files).splitlines():
            if line.strip() and not line.startswith("#"):
                yield Entry(line.split()[0])
    elif dictionary == SYNONYMS:
        for name, typed in language.synonyms(files).items():
            yield Entry(name, typed)
    elif dictionary == CATALOGUE:
        for name in _goods(files):
            yield Entry(name)
    else:
        for name, spelled in lexicon.spellings(files)[_path(files, dictionary)].items():
            yield Entry(name, spelled)


def _goods(files: Files) -> list[str]:
    text = files.text(GOODS) if GOODS in files.files() else ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _path(files: Files, dictionary: str) -> str:
    found = next((path for path in lexicon.spellings(files) if _stem(path) == dictionary), None)
    if found is None:
        raise Cannot("no_list", name=dictionary)
    return found


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


# ---- changes ----


def add(files: Repository, author: Author, summary: str, change: Change) -> str | None:
    """Add a word, or what is typed for a name; the commit.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    with files.edit(author, summary) as draft:
        _add(draft, change)
    return draft.commit


def remove(files: Repository, author: Author, summary: str, change: Change) -> str | None:
    """Remove a word, or what is typed for a name; with the last of it, the name goes.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    with files.edit(author, summary) as draft:
        there = {each.name: each.typed for each in _entries(draft, change.dictionary)}
        spelled = change.dictionary not in (WORDS, CATALOGUE)
        if change.name not in there or (spelled and change.typed not in there[change.name]):
            raise Cannot("word_gone", name=change.typed or change.name)
        if change.dictionary == CATALOGUE:
            raise Cannot("fixed")
        if change.dictionary == REASONS and len(there[change.name]) == 1:
            raise Cannot("last_spelling", name=change.name)
        if change.dictionary == WORDS:
            lexicon.remove_word(draft, change.name)
        elif change.dictionary == SYNONYMS:
            language.remove_synonym(draft, change.name, change.typed)
        else:
            lexicon.remove_spelling(draft, _path(draft, change.dictionary), change.name, change.typed)
    return draft.commit


def _add(draft: Draft, change: Change) -> None:
    name, typed = words.visible(change.name), words.visible(change.typed)
    spelled = change.dictionary not in (WORDS, CATALOGUE)
    if change.dictionary == CATALOGUE:
        raise Cannot("fixed")
    for text in (name, typed) if spelled else (name,):
        if not 0 < len(text) <= lexicon.LONGEST or not any(map(str.isalnum, text)):
            raise Cannot("no_word", most=lexicon.LONGEST)
    there = {each.name: each.typed for each in _entries(draft, change.dictionary)}
    if change.dictionary == WORDS:
        if name in there:
            raise Cannot("word_there", name=name)
        if " " in name or name.startswith("#") or len(name) < SHORTEST:
            raise Cannot("no_single_word", name=name)
        lexicon.add_word(draft, name)
    elif change.dictionary == SYNONYMS:
        if typed in there.get(name, ()):
            raise Cannot("stands_already", typed=typed, name=name)
        language.add_synonym(draft, name, typed)
    else:
        _spell(draft, _path(draft, change.dictionary), name, typed, there)


def _spell(draft: Draft, path: str, name: str, typed: str, there: Mapping[str, tuple[str, ...]]) -> None:
    dictionary = _stem(path)
    if len(typed) < SHORTEST:
        raise Cannot("too_short", typed=typed, least=SHORTEST)
    if name not in there and dictionary == REASONS:
        raise Cannot("reason_unknown", name=name)
    if name not in there and dictionary == FESTIVALS and not _DAY.fullmatch(name):
        raise Cannot("no_day", name=name)
    # A spelling that two names claim is understood as one of them only.
    plain = _solid(typed)
    for other, names in lexicon.spellings(draft).items():
        for known, spelled in names.items():
            if plain in map(_solid, spelled) or ((other, known) != (path, name) and plain == _solid(known)):
                raise Cannot("stands_already", typed=typed, name=known)
    lexicon.add_spelling(draft, path, name, typed)


# ---- names in a sentence ----


def _spellings(files: Files) -> dict[str, tuple[str, str]]:
    """By what is typed: the list and the name it stands for; the first that claims it has it."""
    found: dict[str, tuple[str, str]] = {}
    for name in _goods(files):
        found.setdefault(_solid(name), (CATALOGUE, name))
    for path, names in lexicon.spellings(files).items():
        dictionary = _stem(path)
        for name, typed in names.items():
            # Nobody types the code of a reason or the number of a day.
            own = () if name.isascii() else (name,)
            for each in (*own, *typed):
                found.setdefault(_solid(each), (dictionary, name))
    found.pop("", None)
    return found


def _found(spellings: Mapping[str, tuple[str, str]], sentence: str) -> list[Hit]:
    """The names in a sentence; of overlapping ones the longest. Blanks inside a name do not matter."""
    places = [index for index, sign in enumerate(sentence) if not sign.isspace()]
    solid = "".join(_sign(sentence[index]) for index in places)
    longest = max(map(len, spellings), default=0)
    hits = []
    for start in range(len(solid)):
        for length in range(min(longest, len(solid) - start), 0, -1):
            named = spellings.get(solid[start : start + length])
            first, last = places[start], places[start + length - 1] + 1
            if named and not _cuts_latin_word(sentence, first, last):
                hits.append(Hit(*named, first, last))
                break
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _solid(text: str) -> str:
    return "".join(_sign(sign) for sign in text if not sign.isspace())


@lru_cache(maxsize=16384)
def _sign(sign: str) -> str:
    """A sign as it is compared: simplified, of usual width, without case; one stays one."""
    plain = _simplified().convert(unicodedata.normalize("NFKC", sign)).lower()
    return plain if len(plain) == 1 else sign


@lru_cache(maxsize=1)
def _simplified() -> Any:
    return OpenCC("t2s")


def _cuts_latin_word(text: str, start: int, end: int) -> bool:
    """Whether a name such as ``ems`` lies inside a longer word such as ``items``."""
    return any(
        0 < edge < len(text) and _is_latin(text[edge - 1]) and _is_latin(text[edge]) for edge in (start, end)
    )


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
