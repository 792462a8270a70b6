"""The shop's written answers (data/nlu/faq), found by what a shopper says.

One document holds all questions of a topic, cut into pairs of characters, and SQLite ranks the documents by
BM25. That found the right topic first more often than words cut by a dictionary, than each question as a
document, and than the most similar question by its letters.
"""

import math
import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ruamel.yaml import YAML

from bot.conversations.titles import title
from bot.settings import ROOT

FOLDER = ROOT / "data" / "nlu" / "faq"

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
    """The topics of the files as they are now; making it takes a moment."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._answers: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self._reading = Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("CREATE VIRTUAL TABLE faq USING fts5(topic UNINDEXED, said)")
        yaml = YAML(typ="safe")
        for path in sorted(folder.glob("*.yml")):
            content = yaml.load(path)
            for name, variations in content["responses"].items():
                self._answers[name.removeprefix("utter_")] = str(variations[0]["text"])
            for topic in content["nlu"]:
                self._titles[topic["intent"]] = title(topic["intent"])
                said = " ".join(bigrams(_MARKED.sub(r"\1", topic["examples"])))
                self._index.execute("INSERT INTO faq VALUES (?, ?)", (topic["intent"], said))

    def find(self, text: str, limit: int = 3) -> list[Found]:
        """The topics that fit the text, best first; none when it is not about any."""
        asked = dict.fromkeys(bigrams(text[:READ]))
        if not asked:
            return []
        query = "SELECT topic, -bm25(faq) FROM faq WHERE faq MATCH ? ORDER BY bm25(faq) LIMIT ?"
        match = " OR ".join(f'"{word}"' for word in asked)
        with self._reading:
            rows = self._index.execute(query, (match, limit)).fetchall()
        ranks = [(topic, rank / math.sqrt(len(asked))) for topic, rank in rows]
        return [
            Found(topic, self._titles[topic], self._answers[topic], rank / (rank + SURE))
            for topic, rank in ranks
            if rank >= max(SURE, BESIDE * ranks[0][1]) and topic in self._answers
        ]

    def vocabulary(self) -> set[str]:
        """All words of the answers, and those that more than one topic's questions have."""
        words = {word for answer in self._answers.values() for word in bigrams(answer)}
        with self._reading:
            self._index.execute("CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5vocab(faq, row)")
            return words | {row[0] for row in self._index.execute("SELECT term FROM words WHERE doc > 1")}
