"""What the shopper wants, by a linear model over n-grams."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.learned import Learned
from bot.engine.nlu.linear import NgramModel


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class NgramIntentClassifier(Learned, IntentClassifier):
    """Reads ``normalized`` and ``text_tokens``; writes ``intent`` and ``intent_ranking``.

    All topics of a retrieval intent are one class: which of them is meant is the retrieval's question.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # strength: inverse of the regularization; max_features: n-grams kept, the most frequent ones.
        return {"strength": 30.0, "max_features": 40000, "ranking_length": 10}

    def train(self, training_data: TrainingData) -> Resource:
        examples = training_data.intent_examples
        intents = [example.get(INTENT) for example in examples]
        if len(set(intents)) < 2:
            raise InvalidConfigException("The training data needs examples of at least two intents.")
        # Balanced, as a retrieval intent has many times the examples of any other.
        self._state = NgramModel(
            examples, intents, self._config["strength"], self._config["max_features"], "balanced"
        )
        del self._state.rows
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        model: NgramModel = self._state
        for message in messages:
            scores = model.probabilities(*model.vector(message))
            ranking = [
                {INTENT_NAME_KEY: model.classes[i], PREDICTED_CONFIDENCE_KEY: float(scores[i])}
                for i in scores.argsort()[::-1][: self._config["ranking_length"]]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
