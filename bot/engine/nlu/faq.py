"""Which of the shop's written answers fits a question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

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
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data import util
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csc_matrix
from scipy.special import expit

from bot.engine.nlu.features import VECTOR, Vector, stacked
from bot.engine.nlu.intent_classifier import counts_as
from bot.engine.nlu.learned import Learned
from bot.engine.nlu.linear import LinearModel

FAQ = "faq"
COUNTS_AS = "counts_as"

# Least probability of an intent that the classifier did not rank, so that no topic is ruled out by it.
_UNRANKED = 1e-4


class Fit(NamedTuple):
    """A topic, and the cosine (0–1) between the message and the nearest of its questions."""

    topic: str
    score: float


@dataclass
class Topics:
    """What retrieval knows."""

    model: LinearModel
    """Orders the topics."""
    asks: LinearModel
    """Tells a question with a written answer from a request."""
    questions: csc_matrix
    """One row each, in the order of the topics."""
    starts: np.ndarray
    """The first row of each topic."""
    intents: dict[str, str]
    """The intent that each topic counts as."""
    titles: dict[str, str]
    """What each topic is called: its first question."""
    responses: dict[str, list[dict[str, Any]]]

    @cached_property
    def counted(self) -> tuple[list[str], np.ndarray]:
        """The intents that topics count as, and for each class of the model the place of its own there."""
        own = [self.intents[topic] for topic in self.model.classes]
        names, places = np.unique(own, return_inverse=True)
        return names.tolist(), places


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FaqRetrieval(Learned, IntentClassifier):
    """Reads ``ngram_vector`` and ``intent_ranking``; writes ``response_selector`` (topics, best first).

    Where a topic of the best reading answers the message, that reading is renamed ``faq`` and keeps its
    intent as ``counts_as``. The property has the shape of Rasa's ResponseSelector, so that ``utter_faq``
    answers with ``utter_faq/<topic>``. A linear model orders the topics (measured: a third more often
    right than the nearest question alone), and so does what their intents are thought likely.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # threshold: least score of a topic; answered_only: intents that are nothing but questions, so
        # that a fitting topic is always the answer.
        return {"strength": 100.0, "threshold": 0.25, "answered_only": [], "ranking_length": 3}

    def train(self, training_data: TrainingData) -> Resource:
        examples = training_data.intent_examples
        asked = np.array([example.get(INTENT) == FAQ for example in examples])
        questions = [example for example in examples if example.get(INTENT) == FAQ]
        topics = np.array([example.get(INTENT_RESPONSE_KEY) or FAQ for example in questions])
        responses = {
            topic: training_data.responses.get(util.intent_response_key_to_template_key(topic), [])
            for topic in topics.tolist()
        }
        unanswered = sorted(topic for topic, answers in responses.items() if not answers)
        if unanswered:
            raise InvalidConfigException(
                f"FAQ topic without an answer: {', '.join(unanswered)}. "
                "Add utter_<topic> under `responses:` beside its questions."
            )
        if len(responses) > 1 and not all(asked):
            rows = stacked([example.get(VECTOR) for example in examples])
            strength = self._config["strength"]
            order = np.argsort(topics, kind="stable")
            self._state = Topics(
                LinearModel(rows[asked], topics, strength),
                LinearModel(rows, np.where(asked, "question", "request"), strength),
                rows[asked][order].tocsc(),
                np.unique(topics[order], return_index=True)[1],
                {topic: counts_as(each) for topic, each in zip(topics.tolist(), questions, strict=True)},
                # The last of equal keys stays, so backwards.
                {
                    topic: str(each.get(TEXT))
                    for topic, each in zip(topics.tolist()[::-1], questions[::-1], strict=True)
                },
                responses,
            )
        return self._keep()

    def process(self, messages: list[Message]) -> list[Message]:
        state: Topics | None = self._state
        for message in messages if state else ():
            vector: Vector = message.get(VECTOR)
            readings: list[dict[str, Any]] = message.get(INTENT_RANKING_KEY)
            best = readings[0][INTENT_NAME_KEY]
            own, fits = self._fits(state, vector, readings)
            if own and own.score >= self._config["threshold"] and self._is_question(state, best, vector):
                reading = {**readings[0], INTENT_NAME_KEY: FAQ, COUNTS_AS: best}
                message.set(INTENT, reading, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [reading, *readings[1:]], add_to_output=True)
                fits = [own, *(fit for fit in fits if fit != own)][: self._config["ranking_length"]]
            message.set(RESPONSE_SELECTOR_PROPERTY_NAME, self._selection(state, fits), add_to_output=True)
        return messages

    def _is_question(self, state: Topics, intent: str, vector: Vector) -> bool:
        if intent in self._config["answered_only"]:
            return True
        question, request = state.asks.scores(vector)
        return bool(question > request)

    def _fits(
        self, state: Topics, vector: Vector, readings: list[dict[str, Any]]
    ) -> tuple[Fit | None, list[Fit]]:
        """Return the best topic that counts as the best reading, if any does, and the best of all."""
        likely = {reading[INTENT_NAME_KEY]: reading[PREDICTED_CONFIDENCE_KEY] for reading in readings}
        intents, places = state.counted
        chances = np.array([likely.get(intent, _UNRANKED) for intent in intents])[places]
        order = np.argsort(-expit(state.model.scores(vector)) * chances, kind="stable")
        nearest = _nearest(state, vector)

        def fits(ranked: np.ndarray) -> list[Fit]:
            return [Fit(state.model.classes[i], float(nearest[i])) for i in ranked]

        best = readings[0][INTENT_NAME_KEY]
        own = fits(order[places[order] == intents.index(best)][:1]) if best in intents else []
        return next(iter(own), None), fits(order[: self._config["ranking_length"]])

    def _selection(self, state: Topics, fits: list[Fit]) -> dict[str, Any]:
        best = fits[0]
        return {
            RESPONSE_SELECTOR_RETRIEVAL_INTENTS: [FAQ],
            FAQ: {
                RESPONSE_SELECTOR_PREDICTION_KEY: {
                    RESPONSE_SELECTOR_RESPONSES_KEY: state.responses[best.topic],
                    PREDICTED_CONFIDENCE_KEY: best.score,
                    INTENT_RESPONSE_KEY: best.topic,
                    RESPONSE_SELECTOR_UTTER_ACTION_KEY: util.intent_response_key_to_template_key(best.topic),
                },
                RESPONSE_SELECTOR_RANKING_KEY: [
                    {
                        INTENT_RESPONSE_KEY: fit.topic,
                        PREDICTED_CONFIDENCE_KEY: fit.score,
                        COUNTS_AS: state.intents[fit.topic],
                        "title": state.titles[fit.topic],
                    }
                    for fit in fits
                ],
            },
        }


def _nearest(state: Topics, vector: Vector) -> np.ndarray:
    """For each class of the model the cosine of the message and the nearest of its questions."""
    cosines = state.questions[:, vector.columns] @ vector.values
    nearest: np.ndarray = np.maximum.reduceat(cosines, state.starts)
    return nearest
