"""The shop's words, from texts.yml."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.problems import Problem


@cache
def texts() -> dict[str, Any]:
    """All words, by kind and key."""
    words: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("texts.yml"))
    return words


@dataclass(frozen=True)
class Refusal:
    """Why something is not possible now."""

    cause: str
    """Stable code."""
    reason: str
    """In Chinese, to be shown."""


def refuse(action: str, cause: str, **values: object) -> Refusal:
    """The words for this cause; ``values`` fill them in."""
    return Refusal(cause, texts()["refused"][action][cause].format(**values))


class NotAllowed(Problem):
    """The shop's rules forbid the call: 409, with cause and reason."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(409, "not-allowed", "The shop's rules forbid it; show the reason.")
        self.why = why

    def response(self, **more: object) -> Any:
        return super().response(cause=self.why.cause, reason=self.why.reason, **more)
