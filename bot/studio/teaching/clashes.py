"""Sentences that are taught elsewhere already."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.studio.cannot import Cannot


@dataclass(frozen=True)
class Clash:
    """A sentence that says the same as an example of another intent or topic."""

    text: str
    intent: str
    title: str
    """What people call that intent or topic."""


class Clashes(Cannot):
    """Sentences are taught elsewhere: all of them."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__("clashes", count=len(clashes))
        self.clashes = clashes
