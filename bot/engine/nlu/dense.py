"""A sentence encoder of the shop's own, as a second view of a message beside the n-grams."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from typing_extensions import Self

from bot.engine.fingerprint import ROOT, checksum, encoder_files
from bot.engine.nlu.features import VECTOR, Vector
from bot.engine.nlu.learned import Learned
from bot.engine.nlu.normalizer import NORMALIZED

_BATCH = 64
_CENTRED_ON = 2_000  # examples


class Encoder:
    """The encoder in ``folder``: ``model.onnx`` and its Hugging Face ``tokenizer.json``."""

    def __init__(self, folder: Path, pooling: str, max_length: int, threads: int) -> None:
        """Load it and try it. ``threads`` of 0 are as many as there are cores.

        Raises:
            InvalidConfigException: it does not work; the text says why.
        """
        # Only a shop that has an encoder pays for these.
        import onnxruntime
        from tokenizers import Tokenizer

        if pooling not in ("cls", "mean"):
            raise InvalidConfigException(
                f"`pooling` of SentenceEncoder in config.yml must be cls or mean, not {pooling!r}."
            )
        # Its threads would outlive a fork, and one message is too little for two.
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what is wrong is raised besides
        self._pooling = pooling
        # Both libraries raise bare exceptions.
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(max_length)
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._inputs = [each.name for each in self._session.get_inputs()]
            self._output = self._session.get_outputs()[0].name
            self.encode(["好"])
        except Exception as error:
            raise InvalidConfigException(
                f"The sentence encoder in {folder} does not work: export it anew for feature extraction (in: "
                "input_ids, attention_mask, token_type_ids; out: first a vector for each token), or take "
                f"SentenceEncoder out of config.yml. It says: {' '.join(str(error).split())}"
            ) from error

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return one row of length 1 for each text."""
        # Neighbours in length need little padding.
        order = np.argsort([len(text) for text in texts], kind="stable")
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        rows = np.concatenate([self._encode([texts[i] for i in batch]) for batch in batches])
        return _unit(rows[np.argsort(order)])

    def _encode(self, texts: list[str]) -> np.ndarray:
        encoded = [each.ids for each in self._tokenizer.encode_batch(texts)]
        ids = np.zeros((len(texts), max(1, *map(len, encoded))), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        if unknown := set(self._inputs) - set(known):
            raise ValueError(f"it asks for {', '.join(sorted(unknown))}")
        (states,) = self._session.run([self._output], {name: known[name] for name in self._inputs})
        if states.ndim != 3:
            raise ValueError(f"{self._output} has {states.ndim} dimensions instead of 3")
        if self._pooling == "cls":
            return np.asarray(states[:, 0], float)
        kept = mask[:, :, None]
        return np.asarray((states * kept).sum(axis=1) / np.maximum(kept.sum(axis=1), 1), float)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoder(Learned):
    """Reads ``normalized`` and ``ngram_vector``; writes ``ngram_vector`` with the sentence's columns behind.

    The whole keeps the length 1, so that a cosine is the mean of both views' cosines, the sentence's
    weighted by the square of ``weight``. The encoder is no part of the model, only its checksum is: it
    stays where config.yml says.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        # model: folder, seen from the project's; pooling: cls or mean; max_length: tokens read.
        return {"model": None, "pooling": "cls", "max_length": 128, "weight": 1.0}

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Self:
        component = super().load(config, model_storage, resource, execution_context)
        folder = _folder(config)
        trained_with, component._centre = component._state
        if trained_with != _checksum(folder):
            raise InvalidConfigException(
                f"The sentence encoder in {folder} is not the one that this model was trained with: "
                "put that one back, or run `make train`."
            )
        # Without a model's id it is loaded for training.
        component._encoder = _open(folder, config, threads=1 if execution_context.model_id else 0)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        # Encoders put all sentences into one corner: seen from its middle, what has nothing in common has a
        # cosine of about nought, as with n-grams, and thresholds keep their meaning.
        folder = _folder(self._config)
        examples = training_data.intent_examples
        some = examples[:: -(-len(examples) // _CENTRED_ON)]
        rows = _open(folder, self._config, threads=0).encode([each.get(NORMALIZED) or "" for each in some])
        self._state = (_checksum(folder), rows.mean(axis=0))
        return self._keep()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.intent_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        texts = [message.get(NORMALIZED) or "" for message in messages]
        weight = self._config["weight"]
        sentences = _unit(self._encoder.encode(texts) - self._centre) * weight
        sentences[[not text for text in texts]] = 0.0
        places = np.arange(sentences.shape[1], dtype=np.int32)
        for message, sentence in zip(messages, sentences, strict=True):
            columns, values, width = message.get(VECTOR)
            wider = Vector(
                np.concatenate([columns, width + places]).astype(np.int32),
                np.concatenate([values, sentence]) / np.hypot(1.0, weight),
                width + len(places),
            )
            message.set(VECTOR, wider)
        return messages


def _folder(config: dict[str, Any]) -> Path:
    """Return the encoder's folder, in which its files lie."""
    if not config["model"]:
        raise InvalidConfigException(
            "SentenceEncoder in config.yml needs `model:`, the folder of model.onnx and tokenizer.json."
        )
    folder: Path = ROOT / config["model"]
    for name in ("model.onnx", "tokenizer.json"):
        if not (folder / name).is_file():
            raise InvalidConfigException(
                f"{folder / name} is missing: put the sentence encoder's file there, correct `model` of "
                "SentenceEncoder in config.yml, or take SentenceEncoder out of it."
            )
    return folder


def _open(folder: Path, config: dict[str, Any], threads: int) -> Encoder:
    return Encoder(folder, config["pooling"], config["max_length"], threads)


def _checksum(folder: Path) -> str:
    return checksum(encoder_files(folder), folder)


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
