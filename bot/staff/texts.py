"""Sentences of the staff's pages, in Chinese and English, from a data file beside each page."""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from starlette.requests import HTTPConnection

LANGUAGES = ("zh", "en")
THEMES = ("auto", "light", "dark")


class Texts:
    """The sentences of one language.

    Raises:
        KeyError: from ``texts("key")`` when the file has no such sentence.
    """

    def __init__(self, language: str, sentences: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._sentences = sentences

    def __call__(self, key: str, **values: object) -> str:
        return self._sentences[key][self.language].format(**values)


def load(path: Path) -> dict[str, Texts]:
    """The texts of a file (``key: {zh: …, en: …}``) by language. Raises ValueError: one lacks a language."""
    sentences = YAML(typ="safe").load(path)
    for key, said in sentences.items():
        # An unquoted comma would end the sentence unseen.
        if set(said) != set(LANGUAGES):
            raise ValueError(f"{path}: '{key}' must have {' and '.join(LANGUAGES)}; quote what has a comma")
    return {language: Texts(language, sentences) for language in LANGUAGES}


def language(connection: HTTPConnection) -> str:
    """What this browser chose; Chinese by default."""
    chosen = connection.cookies.get("language", "")
    return chosen if chosen in LANGUAGES else "zh"


def theme(connection: HTTPConnection) -> str:
    """What this browser chose: light, dark, or as the system has it (auto)."""
    chosen = connection.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"
