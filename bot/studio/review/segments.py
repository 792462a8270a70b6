"""Where jieba sees the words of a text, with the shop's own vocabulary."""

import logging
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import jieba

VOCABULARY = Path("data") / "nlu" / "lexicon" / "jieba" / "words.txt"
# As the engine's tokenizer: words seen no more often are left out, two thirds of the dictionary.
_RARE = 10


def words(text: str, root: Path) -> list[str]:
    """The words that ``text`` is made of; joined they are the text."""
    path = root / VOCABULARY
    return cut(text, path.read_text(encoding="utf-8") if path.exists() else "")


def cut(text: str, vocabulary: str) -> list[str]:
    """The words of ``text`` where jieba knows ``vocabulary`` too, lines of its user dictionary."""
    return list(_segmenter(vocabulary).cut(text))


@lru_cache(maxsize=1)
def _common() -> tuple[dict[str, int], int]:
    """jieba's own dictionary: how often each word and each beginning of one is, and all of them."""
    jieba.setLogLevel(logging.WARNING)
    reader = jieba.Tokenizer()
    # Not initialize(): it unmarshals a cache file from the temp directory, which others may write.
    with reader.get_dict_file() as whole:
        common = b"".join(line for line in whole if int(line.split()[1]) > _RARE)
    known: tuple[dict[str, int], int] = reader.gen_pfdict(BytesIO(common))
    return known


# The vocabulary as it is, and as somebody would have it.
@lru_cache(maxsize=2)
def _segmenter(vocabulary: str) -> jieba.Tokenizer:
    known, total = _common()
    cut = jieba.Tokenizer()
    cut.FREQ, cut.total, cut.initialized = dict(known), total, True
    for line in vocabulary.splitlines():
        word, *rest = line.split()[:2] if line.strip() and not line.startswith("#") else [""]
        if word:
            cut.add_word(word, int(rest[0]) if rest and rest[0].isdigit() else None)
    return cut
