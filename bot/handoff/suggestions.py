"""What an agent could answer: the shop's written answers and what colleagues said to similar messages."""

import time
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock
from typing import Literal

from bot.conversations.store import Store

from . import replies
from .faq import Faq, bigrams
from .past_answers import PastAnswers, folded

LEARN_SECONDS = 10.0


@dataclass(frozen=True)
class Suggestion:
    """A text to begin with; ``score`` from 0 to 1, ``title`` empty for a past answer."""

    kind: Literal["faq", "past"]
    title: str
    text: str
    score: float


class Suggestions:
    """For all pages of a process; call it from a thread.

    The first call reads files and log, which takes a second or two; every other takes milliseconds.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._making = Lock()
        self._learned: float | None = None

    def for_(self, text: str, limit: int = 3, channel: str = "") -> list[Suggestion]:
        """What fits the shopper's message, best first; rather none than one that does not.

        A written answer is in the words that the bot has for the channel.

        Raises:
            SQLAlchemyError: the database is away.
        """
        with self._making:
            faq, past = _faq(), self._past
            if self._learned is None or time.monotonic() - self._learned > LEARN_SECONDS:
                past.learn()
                self._learned = time.monotonic()
        found = [
            *(
                Suggestion("faq", f.title, replies.fill(f.answer, {}), f.score)
                for f in faq.find(text, limit, channel)
            ),
            *(Suggestion("past", "", p.text, p.score) for p in past.find(text, limit)),
        ]
        best: dict[str, Suggestion] = {}
        for each in sorted(found, key=lambda each: -each.score):
            best.setdefault(folded(each.text), each)
        return list(best.values())[:limit]

    @cached_property
    def _past(self) -> PastAnswers:
        return PastAnswers(self._store, _known())


@cache
def _faq() -> Faq:
    return Faq()


@cache
def _known() -> set[str]:
    """The shop's own words."""
    return _faq().vocabulary() | {word for each in replies.canned() for word in bigrams(each.text)}
