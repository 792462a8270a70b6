"""What is wrong with the data, as a sentence in English that can be said in the reader's language too.

The sentences are in data_faults.yml. Runs in both environments: nothing is imported from Rasa or from our
settings.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_FILE = Path(__file__).with_name("data_faults.yml")


class Fault(str):
    """A sentence in English that knows which one it is: ``code`` in data_faults.yml, filled with ``facts``.

    A fact may be a fault itself.
    """

    code: str
    facts: dict[str, object]

    def __new__(cls, code: str, **facts: object) -> Fault:
        made = super().__new__(cls, _sentences()[code]["en"].format(**facts))
        made.code, made.facts = code, facts
        return made

    def with_facts(self, **facts: object) -> Fault:
        """The same fault with other facts."""
        return Fault(self.code, **{**self.facts, **facts})


def said(told: str, language: str) -> str:
    """A fault in ``language`` (zh or en); any other text is itself."""
    if not isinstance(told, Fault):
        return told
    facts = {
        name: said(each, language) if isinstance(each, str) else each for name, each in told.facts.items()
    }
    sentence: str = _sentences()[told.code][language]
    return sentence.format(**facts)


def kept(told: str) -> str:
    """A fault, or any other text, as one line to be stored; ``read`` gives it back."""
    return json.dumps(_parts(told), ensure_ascii=False)


def read(line: str) -> str:
    """What ``kept`` made a line of; any other line as it is."""
    try:
        parts = json.loads(line)
        return _made(parts) if isinstance(parts, dict) else line
    except (ValueError, LookupError, TypeError):
        return line


def _parts(told: object) -> object:
    if isinstance(told, Fault):
        return {"code": told.code, "facts": {name: _parts(each) for name, each in told.facts.items()}}
    return str(told)


def _made(parts: Any) -> str:
    if isinstance(parts, dict):
        return Fault(parts["code"], **{name: _made(each) for name, each in parts["facts"].items()})
    return str(parts)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    sentences: dict[str, dict[str, str]] = YAML(typ="safe").load(_FILE.read_text(encoding="utf-8"))
    return sentences
