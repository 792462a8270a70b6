"""Whether the bot may believe what it understood."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import RESPONSE_SELECTOR_PREDICTION_KEY, RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.faq import FAQ


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ConfidenceGate(GraphComponent, IntentClassifier):
    """Reads ``intent_ranking`` and ``response_selector``; where unsure, puts ``nlu_fallback`` first.

    The readings stay behind it in ``intent_ranking`` as they were, for asking back and for the desk.
    Its confidence is the probability that the best reading is wrong.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # threshold: least probability of the best reading; margin: least distance to the second one;
        # faq_threshold: least score of the FAQ topic, as a sure `faq` may hide a topic that fits badly.
        return {"threshold": 0.45, "margin": 0.1, "faq_threshold": 0.3}

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ConfidenceGate:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY)
            if ranking and not self._is_sure(ranking, message.get(RESPONSE_SELECTOR_PROPERTY_NAME)):
                unsure = {
                    INTENT_NAME_KEY: DEFAULT_NLU_FALLBACK_INTENT_NAME,
                    PREDICTED_CONFIDENCE_KEY: 1.0 - ranking[0][PREDICTED_CONFIDENCE_KEY],
                }
                message.set(INTENT, unsure, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [unsure, *ranking], add_to_output=True)
        return messages

    def _is_sure(self, ranking: list[dict[str, Any]], selection: dict[str, Any] | None) -> bool:
        best = ranking[0][PREDICTED_CONFIDENCE_KEY]
        second = ranking[1][PREDICTED_CONFIDENCE_KEY] if len(ranking) > 1 else 0.0
        if best < self._config["threshold"] or best - second < self._config["margin"]:
            return False
        if ranking[0][INTENT_NAME_KEY] != FAQ:
            return True
        if not selection:
            return False
        topic = selection[FAQ][RESPONSE_SELECTOR_PREDICTION_KEY]
        return bool(topic[PREDICTED_CONFIDENCE_KEY] >= self._config["faq_threshold"])
