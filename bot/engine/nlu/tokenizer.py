"""Words of a message, by jieba and the shop's own vocabulary."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path
from typing import Any

import jieba
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.learned import Learned
from bot.engine.nlu.normalizer import NORMALIZED, normalize

# Words of jieba's dictionary seen no more often are left out: two thirds of it, and 50 MB.
_RARE = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class LexiconTokenizer(Learned, Tokenizer):
    """Reads ``normalized``; writes ``text_tokens`` (offsets are those of ``normalized``).

    The vocabulary (jieba's user dictionary format: ``word [frequency] [tag]``) is read at training and
    travels inside the model. It belongs to this instance: jieba's own default is shared by the whole
    process, and a model rolled back would keep the words of the newer one.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
            "lexicon": "data/nlu/lexicon/jieba/words.txt",
        }

    @staticmethod
    def required_packages() -> list[str]:
        return ["jieba"]

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, state: str
    ) -> None:
        Learned.__init__(self, config, model_storage, resource, state)
        Tokenizer.__init__(self, config)
        self._jieba = segmenter(state)

    @classmethod
    def initial(cls, config: dict[str, Any]) -> str:
        path = Path(config["lexicon"])
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def train(self, training_data: TrainingData) -> Resource:
        return self._keep()

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = message.get(NORMALIZED) if attribute == TEXT else normalize(message.get(attribute))
        return [Token(word, start) for word, start, _ in self._jieba.tokenize(text or "") if word.strip()]


def segmenter(words: str) -> jieba.Tokenizer:
    """Return a segmenter of its own that knows ``words``, lines of jieba's user dictionary."""
    jieba.setLogLevel(logging.WARNING)
    cut = jieba.Tokenizer()
    # Not cut.initialize(): it unmarshals a cache file from the temp directory, which others may write.
    with cut.get_dict_file() as whole:
        common = b"".join(line for line in whole if int(line.split()[1]) > _RARE)
    cut.FREQ, cut.total = cut.gen_pfdict(BytesIO(common))
    cut.initialized = True
    for line in words.splitlines():
        word, *rest = line.split()[:2] if line.strip() and not line.startswith("#") else [""]
        if word:
            cut.add_word(word, int(rest[0]) if rest and rest[0].isdigit() else None)
    return cut
