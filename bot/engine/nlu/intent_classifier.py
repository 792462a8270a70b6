"""What the shopper wants, by a linear model over n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.special import softmax

from bot.engine.nlu.calibration import calibrate
from bot.engine.nlu.features import VECTOR, stacked
from bot.engine.nlu.learned import Learned
from bot.engine.nlu.linear import LinearModel

THRESHOLD = "threshold"


def counts_as(example: Message) -> str:
    """The intent of an example; a question with a written answer counts as its file's `metadata: intent:`."""
    metadata = (example.get("metadata") or {}).get("intent") or {}
    return str(metadata.get("intent") or example.get(INTENT))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramIntentClassifier(Learned, IntentClassifier):
    """Reads ``ngram_vector``; writes ``intent``, ``intent_ranking`` and ``threshold``.

    Confidences are calibrated probabilities; ``threshold`` is the least one that may be believed.
    Questions with written answers count as the intent they belong to: which of its answers fits, and
    whether any, is asked afterwards (`bot.engine.nlu.faq`).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # strength: inverse of the regularization; wrong_limit: see bot.engine.nlu.calibration.
        return {"strength": 20.0, "wrong_limit": 0.1, "ranking_length": 10}

    def train(self, training_data: TrainingData) -> Resource:
        examples = training_data.intent_examples
        intents = np.array([counts_as(example) for example in examples])
        if len(set(intents.tolist())) < 2:
            raise InvalidConfigException("The training data needs examples of at least two intents.")
        rows = stacked([example.get(VECTOR) for example in examples])
        strength = self._config["strength"]
        self._state = (
            LinearModel(rows, intents, strength),
            calibrate(rows, intents, strength, self._config["wrong_limit"]),
        )
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        model, calibration = self._state
        for message in messages:
            likely = softmax(model.scores(message.get(VECTOR)) * calibration.scale)
            ranking = [
                {INTENT_NAME_KEY: model.classes[i], PREDICTED_CONFIDENCE_KEY: float(likely[i])}
                for i in likely.argsort()[::-1][: self._config["ranking_length"]]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(THRESHOLD, calibration.threshold, add_to_output=True)
        return messages
