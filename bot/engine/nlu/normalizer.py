"""One spelling for what shoppers type in many: the same function before training and before serving."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

NORMALIZED = "normalized"
ORIGINS = "origins"

_LONGEST_RUN = 3


def normalize(text: str) -> str:
    """Return ``text`` in one plain spelling; ``normalize(normalize(x)) == normalize(x)``.

    NFKC, traditional characters to simplified ones, no invisible or control characters, white space
    to single blanks, runs of a repeated letter to three and of a repeated sign to one, trimmed.
    """
    return trace(text)[0]


def trace(text: str) -> tuple[str, list[int]]:
    """Normalize ``text`` and tell for each character of the result its index in ``text``."""
    visible = [(char, index) for index, char in enumerate(text) if not _is_invisible(char)]
    composed = [(_simplify(char), index) for cluster, index in _clusters(visible) for char in _nfkc(cluster)]
    kept: list[tuple[str, int]] = []
    run = 0
    for char, index in composed:
        if _is_invisible(char):
            continue
        char = " " if char.isspace() else char
        run = run + 1 if kept and kept[-1][0] == char else 1
        if run <= _longest_run(char):
            kept.append((char, index))
    while kept and kept[-1][0] == " ":
        kept.pop()
    if kept and kept[0][0] == " ":
        del kept[0]
    return "".join(char for char, _ in kept), [index for _, index in kept]


def _clusters(chars: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Join combining marks to the character before them, so that NFKC can compose them."""
    clusters: list[tuple[str, int]] = []
    for char, index in chars:
        if clusters and unicodedata.combining(char):
            clusters[-1] = (clusters[-1][0] + char, clusters[-1][1])
        else:
            clusters.append((char, index))
    return clusters


def _nfkc(cluster: str) -> str:
    return cluster if cluster.isascii() else unicodedata.normalize("NFKC", cluster)


@lru_cache(maxsize=4096)
def _is_invisible(char: str) -> bool:
    if char.isspace():
        return False
    # Cc control, Cf format (zero width, bidi), Cs lone surrogates, Co private, Cn unassigned.
    return unicodedata.category(char).startswith("C") or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=4096)
def _longest_run(char: str) -> int:
    # Digits are somebody's order number, and XXXXL is a size.
    if char.isdigit() or char in "xX":
        return 1 << 30
    return _LONGEST_RUN if unicodedata.category(char)[0] in "LM" else 1


def _simplify(char: str) -> str:
    return char if char.isascii() else _simplified().get(char, char)


@lru_cache(maxsize=1)
def _simplified() -> dict[str, str]:
    """Traditional character → simplified one, for each common CJK ideograph that differs.

    Character by character on purpose: a word-wise conversion changes lengths and rewrites words that
    are also used on the mainland, and n-grams need one spelling, not the finest one.
    """
    from opencc import OpenCC

    # On lines of their own, so that no phrase of the converter can join two of them.
    chars = [chr(code) for code in range(0x3400, 0xA000)]
    table: dict[str, str] = {}
    for char, simple in zip(chars, OpenCC("t2s").convert("\n".join(chars)).split("\n"), strict=True):
        if simple != char:
            table[char] = simple
    # A few characters are converted twice (A → B → C); one step must do it.
    return {char: table.get(simple, simple) for char, simple in table.items()}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Normalizer(GraphComponent):
    """Reads ``text``; writes ``normalized`` (str) and ``origins`` (index in ``text`` per character).

    ``text`` itself stays as typed: Rasa looks for commands in it after the pipeline, and a full-width
    slash made plain here would become one.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Normalizer:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.get(TEXT):
                text, origins = trace(message.get(TEXT))
                message.set(NORMALIZED, text)
                message.set(ORIGINS, origins)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data
