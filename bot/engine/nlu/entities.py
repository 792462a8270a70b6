"""Values in a message: numbers by pattern, names by dictionary.

A pattern uses ``(?<!\\d)…(?!\\d)``, as ``\\b`` finds no boundary between a digit and a Chinese character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from bot.engine.nlu.learned import Learned
from bot.engine.nlu.normalizer import NORMALIZED, ORIGINS, normalize

# Of two values over the same characters the longer one wins, then the one named first here.
_PRECEDENCE = ("order_no", "tracking_no", "phone_tail", "product", "courier", "ordinal")

LATEST = "latest"
LAST = "last"

_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2}


class Value(NamedTuple):
    """A value found in the normalized text at ``start``–``end``."""

    entity: str
    value: str
    start: int
    end: int


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _ordinal(text: str) -> str:
    """Return the number that ``text`` (``12``, ``十二``, ``二十``) names, as digits."""
    if text.isdigit():
        return str(int(text))
    tens, ten, ones = text.rpartition("十")
    return str((_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0))


# (entity, pattern whose group `v` is the value, how the value is written)
_PATTERNS: list[tuple[str, re.Pattern[str], Callable[[str], str]]] = [
    ("order_no", re.compile(r"(?<![\dA-Za-z])(?P<v>\d{16})(?!\d)"), _digits),
    # Typed in groups it must begin with a date, or two neighbouring numbers would make an order.
    (
        "order_no",
        re.compile(
            r"(?<!\d)(?P<v>20\d\d[ -]{0,3}(?:0[1-9]|1[0-2])[ -]{0,3}"
            r"(?:0[1-9]|[12]\d|3[01])(?:[ -]{0,3}\d){8})(?!\d)"
        ),
        _digits,
    ),
    (
        "tracking_no",
        re.compile(r"(?<![\dA-Za-z])(?P<v>[A-Za-z]{2,4}[ -]?\d{9,15})(?![\dA-Za-z])"),
        lambda text: re.sub(r"[ -]", "", text).upper(),
    ),
    ("tracking_no", re.compile(r"(?<![\dA-Za-z])(?P<v>\d{12,15})(?![\dA-Za-z])"), str),
    (
        "phone_tail",
        re.compile(
            r"(?:尾号|尾数|[后末][四4]位|手机号?码?|电话号?码?|预留)[^\d\n]{0,6}(?<!\d)(?P<v>\d{4})(?!\d)"
        ),
        str,
    ),
    ("phone_tail", re.compile(r"(?<!\d)(?P<v>\d{4})(?!\d)(?=(?:的)?(?:结尾|尾号|那个号))"), str),
    # The message is nothing but the four digits, or an order number and the four digits.
    ("phone_tail", re.compile(r"^[^\w]*(?P<v>\d{4})[^\w]*$"), str),
    ("phone_tail", re.compile(r"^\D*20\d{14}[^\d\w]+(?P<v>\d{4})[^\w]*$"), str),
    # Whoever is asked for the tail often gives the whole number.
    (
        "phone_tail",
        re.compile(r"(?<!\d)(?P<v>1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)"),
        lambda t: _digits(t)[-4:],
    ),
    (
        "ordinal",
        re.compile(
            r"第(?P<v>\d{1,2}|[一二两三四五六七八九]?十?[一二三四五六七八九]?)(?=[个单笔条件份款项张]|$)"
        ),
        _ordinal,
    ),
    (
        "ordinal",
        re.compile(
            r"(?P<v>上一?[个单笔]|最近(?:的|那|这|一)*[个单笔]|最近的|最新的?那?[个单笔]|刚[下买]的?那?[个单笔])"
        ),
        lambda _: LATEST,
    ),
    ("ordinal", re.compile(r"(?P<v>最后一?[个单笔])"), lambda _: LAST),
]


def find_patterns(text: str) -> Iterator[Value]:
    """Give the numbers and ordinals in normalized ``text``, overlaps included."""
    for entity, pattern, write in _PATTERNS:
        for match in pattern.finditer(text):
            if match["v"]:
                yield Value(entity, write(match["v"]), match.start("v"), match.end("v"))


def without_overlaps(values: list[Value]) -> list[Value]:
    """Keep the longest of overlapping values, of equally long ones the most specific; in text order."""
    kept: list[Value] = []
    for value in sorted(values, key=lambda v: (v.start - v.end, _PRECEDENCE.index(v.entity), v.start)):
        if all(value.end <= other.start or other.end <= value.start for other in kept):
            kept.append(value)
    return sorted(kept, key=lambda value: value.start)


class Names:
    """Names from dictionaries: spaCy's EntityRuler over single characters.

    Character by character, a name is found whatever word boundaries a segmenter would see, and a
    hundred thousand names cost no more per message than ten.
    """

    def __init__(self, names: dict[str, dict[str, list[str]]]) -> None:
        """Take entity → canonical name → spellings."""
        # The ruler keeps one label per span; the canonical name travels as its id.
        patterns = [
            {"label": entity, "pattern": normalize(spelling), "id": canonical}
            for entity, spellings_of in names.items()
            for canonical, spellings in spellings_of.items()
            for spelling in dict.fromkeys((canonical, *spellings))
            if normalize(spelling)
        ]
        self._has_names = bool(patterns)
        self._nlp = spacy.blank("zh")
        self._nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"}).add_patterns(patterns)

    def find(self, text: str) -> Iterator[Value]:
        """Give the names in normalized ``text``."""
        if not self._has_names:
            return
        for span in self._nlp(text).ents:
            start, end = span.start_char, span.end_char
            if not _cuts_latin_word(text, start, end):
                yield Value(span.label_, span.ent_id_, start, end)


def _cuts_latin_word(text: str, start: int, end: int) -> bool:
    """Tell whether a span such as ``ems`` lies inside a longer Latin word such as ``items``."""
    return any(
        0 < edge < len(text) and _is_latin(text[edge - 1]) and _is_latin(text[edge]) for edge in (start, end)
    )


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityFinder(Learned, EntityExtractorMixin):
    """Reads ``normalized`` and ``origins``; writes ``entities`` with offsets in the text as typed.

    order_no (16 digits), tracking_no, phone_tail (4 digits), courier (canonical name), product (name of
    the catalogue), ordinal (a number from 1, ``latest`` or ``last``). The dictionaries are read at
    training and travel inside the model.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # couriers: YAML, canonical name → list of spellings; catalogue: one product name a line, optional.
        return {
            "couriers": "data/nlu/lexicon/couriers.yml",
            "catalogue": "data/nlu/lexicon/catalogue.txt",
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        state: dict[str, dict[str, list[str]]],
    ) -> None:
        super().__init__(config, model_storage, resource, state)
        self._finder = Names(state)

    @classmethod
    def initial(cls, config: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
        couriers, catalogue = Path(config["couriers"]), Path(config["catalogue"])
        lines = catalogue.read_text(encoding="utf-8").splitlines() if catalogue.exists() else []
        return {
            "courier": read_yaml_file(couriers) if couriers.exists() else {},
            "product": {line.strip(): [] for line in lines if line.strip()},
        }

    def train(self, training_data: TrainingData) -> Resource:
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text, origins = message.get(NORMALIZED) or "", message.get(ORIGINS) or []
            found = without_overlaps([*find_patterns(text), *self._finder.find(text)])
            message.set(
                ENTITIES,
                self.add_extractor_name(
                    [
                        {
                            ENTITY_ATTRIBUTE_TYPE: value.entity,
                            ENTITY_ATTRIBUTE_VALUE: value.value,
                            ENTITY_ATTRIBUTE_START: origins[value.start],
                            ENTITY_ATTRIBUTE_END: origins[value.end - 1] + 1,
                        }
                        for value in found
                    ]
                ),
                add_to_output=True,
            )
        return messages
