"""What WeChat is told in words of its own; the sentences live in ``data/wechat.yml``."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from bot.settings import ROOT


@cache
def _texts() -> dict[str, str]:
    texts: dict[str, str] = YAML(typ="safe").load(ROOT / "data" / "wechat.yml")
    return texts


def say(key: str, **values: object) -> str:
    """The sentence named ``key`` with its ``{placeholders}`` filled.

    Raises:
        KeyError: ``data/wechat.yml`` has no such sentence.
    """
    return _texts()[key].format(**values)


def find(key: str) -> str | None:
    """The sentence named ``key``, if there is one."""
    return _texts().get(key)


def fill(key: str, values: Mapping[str, Any]) -> str:
    """As ``say``; what ``values`` lacks is left out. Raises KeyError."""
    return _texts()[key].format_map(_Blank({k: v for k, v in values.items() if v is not None}))


class _Blank(dict[str, Any]):
    def __missing__(self, _: str) -> str:
        return ""
