"""Values in a message: numbers and times by pattern, names by dictionary."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException
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

from bot.engine.nlu import times
from bot.engine.nlu.invoices import find_invoices
from bot.engine.nlu.learned import Learned
from bot.engine.nlu.measures import find_measures
from bot.engine.nlu.money import find_money
from bot.engine.nlu.names import Names, catalogue, spellings
from bot.engine.nlu.normalizer import NORMALIZED, ORIGINS
from bot.engine.nlu.patterns import find_patterns
from bot.engine.nlu.reasons import Reasons, reason_spellings
from bot.engine.nlu.tokenizer import segmenter
from bot.engine.nlu.values import without_overlaps

# Entity of a dictionary → the setting that names its file: YAML, canonical name → list of spellings.
_DICTIONARIES = {"place": "places", "colour": "colours", "courier": "couriers"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityFinder(Learned, EntityExtractorMixin):
    """Reads ``normalized`` and ``origins``; writes ``entities`` with offsets in the text as typed.

    docs/nlu.md lists the entities. The dictionaries are read at training and travel inside the model.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # All optional. order_no: how the shop writes its order numbers, where they are not 16 digits;
        # catalogue: one product name a line; festivals: YAML, day → list of names; reasons: YAML, code →
        # list of phrases.
        return {
            "order_no": None,
            "couriers": "data/nlu/lexicon/couriers.yml",
            "colours": "data/nlu/lexicon/colours.yml",
            "places": "data/nlu/lexicon/places.yml",
            "festivals": "data/nlu/lexicon/festivals.yml",
            "reasons": "data/nlu/lexicon/reasons.yml",
            "catalogue": "data/nlu/lexicon/catalogue.txt",
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        state: dict[str, Any],
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        super().__init__(config, model_storage, resource, state)
        self._names = Names(state["spellings"])
        self._times = times.Times(state["festivals"])
        self._reasons = Reasons(state["reasons"])
        self._clock = clock

    @classmethod
    def initial(cls, config: dict[str, Any]) -> dict[str, Any]:
        try:
            re.compile(config["order_no"] or "")
        except (re.error, TypeError) as error:
            raise InvalidConfigException(
                f"config.yml: order_no of EntityFinder is no regular expression: {error}."
            ) from None
        path = Path(config["catalogue"])
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        products = catalogue(filter(None, map(str.strip, lines)), segmenter("").lcut)
        known = {}
        for entity, setting in _DICTIONARIES.items():
            known |= spellings(entity, _yaml(config[setting]))
        return {
            "spellings": known | products,
            "festivals": _yaml(config["festivals"]),
            "reasons": reason_spellings(_yaml(config["reasons"])),
        }

    def train(self, training_data: TrainingData) -> Resource:
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text, origins = message.get(NORMALIZED) or "", message.get(ORIGINS) or []
            found = without_overlaps(
                [
                    *find_patterns(text, self._config.get("order_no")),
                    *find_invoices(text),
                    *find_money(text),
                    *find_measures(text),
                    *self._times.find(text, self._clock()),
                    *self._names.find(text),
                    *self._reasons.find(text),
                ]
            )
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


def _yaml(path: str) -> dict[str, list[str] | None]:
    return (read_yaml_file(path) or {}) if Path(path).exists() else {}
