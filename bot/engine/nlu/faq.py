"""Which of the shop's written answers fits a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import (
    RESPONSE_SELECTOR_PREDICTION_KEY,
    RESPONSE_SELECTOR_PROPERTY_NAME,
    RESPONSE_SELECTOR_RANKING_KEY,
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_RETRIEVAL_INTENTS,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data import util
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.learned import Learned
from bot.engine.nlu.linear import NgramModel

FAQ = "faq"


@dataclass
class Topics:
    """What retrieval knows: a model of the questions, each row's topic, each topic's answers."""

    model: NgramModel
    rows: np.ndarray
    responses: dict[str, list[dict[str, Any]]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FaqRetrieval(Learned, IntentClassifier):
    """Reads ``normalized`` and ``text_tokens``; writes ``response_selector`` (the topics, best first).

    The property has the shape of Rasa's ResponseSelector, so that ``utter_faq`` answers with
    ``utter_faq/<topic>``. A linear model orders the topics (measured: nearly twice as often right as the
    nearest question alone); a topic's score is the cosine (0–1) between the message and the nearest of
    its questions, so that a question unlike all that was ever asked scores low.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"strength": 30.0, "ranking_length": 3}

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(INTENT) == FAQ]
        topics = [example.get(INTENT_RESPONSE_KEY) or FAQ for example in examples]
        responses = {
            topic: training_data.responses.get(util.intent_response_key_to_template_key(topic), [])
            for topic in topics
        }
        unanswered = sorted(topic for topic, answers in responses.items() if not answers)
        if unanswered:
            raise InvalidConfigException(
                f"FAQ topic without an answer: {', '.join(unanswered)}. "
                "Add utter_<topic> under `responses:` beside its questions."
            )
        if len(responses) > 1:
            model = NgramModel(examples, topics, self._config["strength"])
            self._state = Topics(model, np.array(topics), responses)
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            ranking = self._rank(message)
            if ranking:
                message.set(RESPONSE_SELECTOR_PROPERTY_NAME, self._selection(ranking), add_to_output=True)
        return messages

    def _rank(self, message: Message) -> list[tuple[str, float]]:
        """Return the best topics with their scores, best first."""
        state: Topics | None = self._state
        if state is None:
            return []
        vector = state.model.vector(message)
        likely = state.model.probabilities(*vector)
        similarities = state.model.similarities(*vector)
        best = np.argsort(-likely, kind="stable")[: self._config["ranking_length"]]
        topics = [state.model.classes[i] for i in best]
        return [(topic, float(similarities[state.rows == topic].max())) for topic in topics]

    def _selection(self, ranking: list[tuple[str, float]]) -> dict[str, Any]:
        topic, score = ranking[0]
        return {
            RESPONSE_SELECTOR_RETRIEVAL_INTENTS: [FAQ],
            FAQ: {
                RESPONSE_SELECTOR_PREDICTION_KEY: {
                    RESPONSE_SELECTOR_RESPONSES_KEY: self._state.responses[topic],
                    PREDICTED_CONFIDENCE_KEY: score,
                    INTENT_RESPONSE_KEY: topic,
                    RESPONSE_SELECTOR_UTTER_ACTION_KEY: util.intent_response_key_to_template_key(topic),
                },
                RESPONSE_SELECTOR_RANKING_KEY: [
                    {INTENT_RESPONSE_KEY: name, PREDICTED_CONFIDENCE_KEY: value} for name, value in ranking
                ],
            },
        }
