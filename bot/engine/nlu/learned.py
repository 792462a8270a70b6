"""What the trained components share: how their state comes into the model and out of it."""

from __future__ import annotations

from typing import Any

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from typing_extensions import Self

_STATE_FILE = "state.joblib"


class Learned(GraphComponent):
    """A component whose ``state`` is made at training and travels inside the model.

    joblib unpickles: load only models that were trained here.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, state: Any = None
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._state = state

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        return cls(config, model_storage, resource, cls.initial(config))

    @classmethod
    def initial(cls, config: dict[str, Any]) -> Any:
        """The state before training."""
        return None

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Self:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / _STATE_FILE))

    def _keep(self) -> Resource:
        """Put the state into the model."""
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._state, folder / _STATE_FILE)
        return self._resource
