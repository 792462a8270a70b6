"""The n-grams by which the linear models see a message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from pypinyin import lazy_pinyin
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.nlu.learned import Learned
from bot.engine.nlu.normalizer import NORMALIZED

VECTOR = "ngram_vector"

_CHARS = range(1, 4)
_SYLLABLES = range(1, 4)
_LONG_NUMBER = re.compile(r"\d[\d -]{6,}\d")
_NUMBER = re.compile(r"\d{2,}")
_SPOKEN_NUMBER = re.compile(r"(?<!\d)\d{2,5}(?!\d)")
_SIGNS = re.compile(r"[^\w№]")


class Vector(NamedTuple):
    """A message's known n-grams: their columns, and their TF-IDF of length 1."""

    columns: np.ndarray
    values: np.ndarray
    width: int
    """How many columns there are."""


def ngrams(message: Message) -> list[str]:
    """Return a message's features: characters 1–3 (with its two ends), words 1–2 and syllables 1–3.

    Shoppers type by sound, so that a wrong character often has the right syllable. Signs stand in the
    words only. Numbers are replaced by their kind, as which order it is says nothing about what is wanted
    of it; short ones, which may be words (12315, 886), are given besides.
    """
    text = message.get(NORMALIZED) or ""
    masked = _mask(text).lower()
    plain = f"^{_SIGNS.sub('', masked)}$"
    grams = [plain[start : start + size] for size in _CHARS for start in range(len(plain) - size + 1)]
    words = [_mask(token.text).lower() for token in message.get(TOKENS_NAMES[TEXT]) or ()]
    grams += [f"w:{word}" for word in words]
    grams += [f"w:{first} {second}" for first, second in pairwise(words)]
    syllables = [syllable for char in masked if (syllable := _syllable(char))]
    grams += [
        "p:" + " ".join(syllables[start : start + size])
        for size in _SYLLABLES
        for start in range(len(syllables) - size + 1)
    ]
    grams += [f"n:{number}" for number in _SPOKEN_NUMBER.findall(text)]
    return grams


def _mask(text: str) -> str:
    return _NUMBER.sub("№", _LONG_NUMBER.sub("№№", text))


@lru_cache(maxsize=20_000)
def _syllable(char: str) -> str:
    """The commonest reading of a character, without its tone; empty for what is no Chinese character."""
    return "".join(lazy_pinyin(char, errors="ignore"))


def stacked(vectors: Sequence[Vector]) -> csr_matrix:
    """One row for each vector."""
    ends = np.cumsum([0, *(len(vector.columns) for vector in vectors)])
    columns = np.concatenate([vector.columns for vector in vectors])
    values = np.concatenate([vector.values for vector in vectors])
    return csr_matrix((values, columns, ends), shape=(len(vectors), vectors[0].width))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramFeaturizer(Learned):
    """Reads ``normalized`` and ``text_tokens``; writes ``ngram_vector`` (Vector), TF-IDF of the n-grams.

    scikit-learn finds the vocabulary; for a single message its own checks and conversions would cost
    several times the sums themselves.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # max_features: n-grams kept, the most frequent ones.
        return {"max_features": 100_000}

    def train(self, training_data: TrainingData) -> Resource:
        vectorizer = TfidfVectorizer(
            analyzer=ngrams, sublinear_tf=True, max_features=self._config["max_features"]
        ).fit(training_data.intent_examples)
        self._state = (vectorizer.vocabulary_, vectorizer.idf_)
        return self._keep()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.intent_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        vocabulary, idf = self._state
        for message in messages:
            known = Counter(vocabulary[gram] for gram in ngrams(message) if gram in vocabulary)
            columns = np.fromiter(known.keys(), np.int32, len(known))
            values = (1 + np.log(np.fromiter(known.values(), float, len(known)))) * idf[columns]
            message.set(VECTOR, Vector(columns, values / (np.linalg.norm(values) or 1.0), len(idf)))
        return messages
