"""What agents answered when other shoppers said nearly the same, learned from the log.

Only ids and the shoppers' words are kept in memory; an answer is read, and judged, at the moment it is
offered, so that what was erased is gone. A message that PostgreSQL commits late may be passed over.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extract
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from bot.conversations.models import Conversation, Message
from bot.conversations.store import Store

from .impersonal import LONGEST, impersonal

KEPT = 5_000  # pairs of a message and its answer
LOOKED_BACK = 50_000  # messages of the log, at the start
SHORTEST = 4  # characters: “好的” is said to everything
LONGEST_ASKED = 200
# Percent of letters in common: two such questions are about the same thing nine times out of ten.
ALIKE = 70
JUDGED = 12  # of the most similar
HEARD = 40  # messages before an answer, in which a customer may have named what is hers

_asked, _answer, _said = aliased(Message), aliased(Message), aliased(Message)


@dataclass(frozen=True)
class Past:
    """An answer of an agent; ``score`` is how similar the question was, up to 1."""

    text: str
    score: float


def folded(text: str) -> str:
    """The text without case, width and signs."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


class PastAnswers:
    """The latest answers in one log. For threads; ``known`` are the shop's own words (``impersonal``)."""

    def __init__(self, store: Store, known: Collection[str]) -> None:
        self._store = store
        self._known = known
        self._pairs: dict[int, str] = {}
        self._head: int | None = None
        self._learning = Lock()

    def learn(self) -> None:
        """Take in what was answered since the last time."""
        with self._learning, self._store.reading() as session:
            newest = session.scalar(select(func.max(Message.id))) or 0
            if self._head is None or newest < self._head:  # the first time, or a database that was restored
                self._head, self._pairs = max(0, newest - LOOKED_BACK), {}
            pairs = (
                select(_answer.id, func.coalesce(_asked.text, ""))
                .join(
                    _asked,
                    (_asked.conversation_id == _answer.conversation_id) & (_asked.seq == _answer.seq - 1),
                )
                .where(_answer.id > self._head, _answer.id <= newest)
                .where(_answer.sender == "agent", func.length(_answer.text) <= LONGEST)
                .where(_asked.sender == "shopper", func.length(_asked.text) <= LONGEST_ASKED)
                .order_by(_answer.id.desc())
                .limit(KEPT)
            )
            found = reversed(session.execute(pairs).all())
            fresh = {row[0]: words for row in found if len(words := folded(row[1])) >= SHORTEST}
            self._pairs = dict([*self._pairs.items(), *fresh.items()][-KEPT:])
            self._head = newest

    def find(self, text: str, limit: int = 3) -> list[Past]:
        """Answers to similar messages, best first; none that could tell one customer about another."""
        words = folded(text[:LONGEST_ASKED])
        if len(words) < SHORTEST:
            return []
        near = extract(words, self._pairs, scorer=ratio, score_cutoff=ALIKE, limit=JUDGED)
        answers = self._shown([answer for _, _, answer in near])
        # Of the same words said often only the best stays.
        found: dict[str, Past] = {}
        for _, score, answer in near:
            if text := answers.get(answer, ""):
                found.setdefault(folded(text), Past(text, score / 100))
        return list(found.values())[:limit]

    def _shown(self, ids: list[int]) -> dict[int, str]:
        """Of these answers, those that may be shown to somebody else."""
        if not ids:
            return {}
        answers = (
            select(_answer.id, func.coalesce(_answer.text, ""), _answer.name, Conversation.customer_name)
            .join(Conversation, Conversation.id == _answer.conversation_id)
            .where(_answer.id.in_(ids))
        )
        said = (
            select(_answer.id, func.coalesce(_said.text, ""))
            .join(
                _said,
                (_said.conversation_id == _answer.conversation_id)
                & _said.seq.between(_answer.seq - HEARD, _answer.seq - 1),
            )
            .where(_answer.id.in_(ids), _said.sender == "shopper")
        )
        hers: dict[int, list[str]] = {}
        with self._store.reading() as session:
            rows = session.execute(answers).all()
            for answer, words in session.execute(said):
                hers.setdefault(answer, []).append(words)
        return {
            answer: text
            for answer, text, *names in rows
            if impersonal(text, names, hers.get(answer, ()), self._known)
        }
