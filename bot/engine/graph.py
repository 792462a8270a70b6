"""Rasa's training graph, without what ``rasa.model_training.train`` puts around it.

That reads the data three times, copies it whole at every merge and takes a fingerprint of each step's
output, for a cache that is off here: half of its time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from rasa.engine.constants import PLACEHOLDER_IMPORTER
from rasa.engine.graph import ExecutionContext, GraphNodeHook
from rasa.engine.recipes.recipe import Recipe
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.validation import validate
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.data import TrainingType
from rasa.shared.importers.importer import ResponsesSyncImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData

# What a node of the graph does, by the first word of its name.
_WORK = {"train": "training", "run": "reading the examples with"}


class _Files(RasaFileImporter):
    """The project's files, each read once."""

    def __init__(self) -> None:
        super().__init__("config.yml", "domain.yml", ["data/nlu", "data/stories"])

    @cached_property
    def _nlu_data(self) -> TrainingData:
        whole = TrainingData()
        for path in sorted(self._nlu_files):
            data = load_data(path)
            whole.training_examples += data.training_examples
            whole.entity_synonyms.update(data.entity_synonyms)
            whole.regex_features += data.regex_features
            whole.lookup_tables += data.lookup_tables
            whole.responses.update(data.responses)
        whole.responses.update(self._domain.retrieval_intent_responses)
        return whole

    @cached_property
    def _domain(self) -> Domain:
        # Not the parent's: it trains with an empty domain where this one is wrong.
        return Domain.load("domain.yml")

    @cached_property
    def _stories(self) -> StoryGraph:
        return super().get_stories()

    def get_nlu_data(self, language: str | None = None) -> TrainingData:
        return self._nlu_data

    def get_domain(self) -> Domain:
        return self._domain

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        return self._stories


class _Importer(ResponsesSyncImporter):
    """The files, and the domain with the retrieval intents of the data."""

    def get_nlu_data(self, language: str | None = None) -> TrainingData:
        return self._importer.get_nlu_data()


class _Announcer(GraphNodeHook):
    """Tells each component before it trains or reads the examples."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def on_before_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        received_inputs: dict[str, Any],
    ) -> dict[str, Any]:
        work, _, _ = node_name.partition("_")
        if work in _WORK:
            component = execution_context.graph_schema.nodes[node_name].uses.__name__
            self._say(f"{_WORK[work]} {component}")
        return {}

    def on_after_node(self, *_args: Any, **_kwargs: Any) -> None:
        pass


def fit(target: Path, say: Callable[[str], None]) -> None:
    """Train with the files of the working directory and write the archive ``target``.

    ``say`` is told each step as it begins.
    """
    say("reading the data")
    importer = _Importer(_Files())
    config, domain = importer.get_config(), importer.get_domain()
    graphs = Recipe.recipe_for_name(config.get("recipe")).graph_config_for_recipe(
        config, {}, training_type=TrainingType.BOTH
    )
    validate(graphs)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        storage = LocalModelStorage(Path(folder))
        runner = DaskGraphRunner.create(
            graph_schema=graphs.train_schema,
            model_storage=storage,
            execution_context=ExecutionContext(graph_schema=graphs.train_schema),
            hooks=[_Announcer(say)],
        )
        runner.run(inputs={PLACEHOLDER_IMPORTER: importer})
        say("packing the model")
        storage.create_model_package(target, graphs, domain)
