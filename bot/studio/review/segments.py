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
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    return list(_segmenter(known).cut(text))


@lru_cache(maxsize=1)
def _segmenter(vocabulary: str) -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    cut = jieba.Tokenizer()
    # Not cut.initialize(): it unmarshals a cache file from the temp directory, which others may write.
    with cut.get_dict_file() as whole:
        common = b"".join(line for line in whole if int(line.split()[1]) > _RARE)
    cut.FREQ, cut.total = cut.gen_pfdict(BytesIO(common))
    cut.initialized = True
    for line in vocabulary.splitlines():
        word, *rest = line.split()[:2] if line.strip() and not line.startswith("#") else [""]
        if word:
            cut.add_word(word, int(rest[0]) if rest and rest[0].isdigit() else None)
    return cut
