"""The shop's written answers (data/nlu/faq), found by what a shopper says.

One document holds all questions of a topic, cut into pairs of characters, and SQLite ranks the documents by
BM25. That found the right topic first more often than words cut by a dictionary, than each question as a
document, and than the most similar question by its letters.
"""

import math
import re
import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from bot import faq_titles, wordings
from bot.conversations.titles import title
from bot.data_files import read_plain
from bot.followed import Followed
from bot.settings import settings

READ = 300  # characters of a message; what is longer tells no more
# BM25 over the square root of how much was asked. Above it the first topic is right four times out of five,
# and small talk finds nothing nine times out of ten.
SURE = 4.7
# Of the best topic's rank: what is far behind it is about something else.
BESIDE = 0.6

_RUN = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Found:
    """A topic that fits; ``answer`` still has its ``{policies}``, ``score`` is from 0.5 to 1."""

    topic: str
    title: str
    answer: str
    score: float


def bigrams(text: str) -> list[str]:
    """The pairs of Chinese characters that stand beside each other, and the Latin words and numbers."""
    found = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).lower()):
        if run.isascii() or len(run) == 1:
            found.append(run)
        else:
            found += [run[at : at + 2] for at in range(len(run) - 1)]
    return found


class Faq:
    """The topics of a bot's files as they are now. Making it takes a moment; any thread may ask."""

    def __init__(self, folder: Path = settings.bot_dir) -> None:
        self._files = Followed(partial(faq_titles.files, folder), partial(_read, folder), _Index)

    def find(self, text: str, limit: int = 3, channel: str = "") -> list[Found]:
        """The topics that fit the text, best first; none when it is not about any.

        The answer is in the words for the channel; a topic of which nothing may be said today is left out.
        """
        asked = dict.fromkeys(bigrams(text[:READ]))
        if not asked:
            return []
        index = self._files.now()
        ranks = [(topic, rank / math.sqrt(len(asked))) for topic, rank in index.ranks(asked, limit)]
        found = []
        for topic, rank in ranks:
            answer = wordings.text_for(index.answers.get(topic, ()), channel)
            if answer and rank >= max(SURE, BESIDE * ranks[0][1]):
                found.append(Found(topic, title(topic), answer, rank / (rank + SURE)))
        return found

    def vocabulary(self) -> set[str]:
        """All words of the answers, and those that more than one topic's questions have."""
        return self._files.now().vocabulary()


@dataclass(frozen=True)
class _File:
    said: Mapping[str, str]
    """The questions of each topic, as pairs of characters."""
    answers: wordings.Responses


def _read(folder: Path, path: Path) -> _File:
    content = read_plain(folder, path)
    said = {
        str(topic["intent"]): " ".join(bigrams(_MARKED.sub(r"\1", str(topic.get("examples") or ""))))
        for topic in faq_titles.topics(path.name, content)
    }
    return _File(said, wordings.responses(path.name, content))


class _Index:
    def __init__(self, files: Mapping[Path, _File]) -> None:
        self.answers = {
            name.removeprefix("utter_"): variations
            for file in files.values()
            for name, variations in file.answers.items()
        }
        self._reading = Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("CREATE VIRTUAL TABLE faq USING fts5(topic UNINDEXED, said)")
        self._index.execute("CREATE VIRTUAL TABLE words USING fts5vocab(faq, row)")
        rows = [row for file in files.values() for row in file.said.items()]
        self._index.executemany("INSERT INTO faq VALUES (?, ?)", rows)

    def ranks(self, asked: Mapping[str, None], limit: int) -> list[tuple[str, float]]:
        query = "SELECT topic, -bm25(faq) FROM faq WHERE faq MATCH ? ORDER BY bm25(faq) LIMIT ?"
        match = " OR ".join(f'"{word}"' for word in asked)
        with self._reading:
            return [(str(topic), float(rank)) for topic, rank in self._index.execute(query, (match, limit))]

    def vocabulary(self) -> set[str]:
        texts = [str(each.get("text", "")) for variations in self.answers.values() for each in variations]
        with self._reading:
            common = {row[0] for row in self._index.execute("SELECT term FROM words WHERE doc > 1")}
        return common | {word for text in texts for word in bigrams(text)}
