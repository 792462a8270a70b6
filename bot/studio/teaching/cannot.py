"""Why a change was not made, as a code that a page has a sentence for."""

from collections.abc import Sequence
from dataclasses import dataclass


class Cannot(Exception):
    """Nothing was changed; ``why`` is a code, ``values`` belong into its sentence."""

    def __init__(self, why: str, **values: object) -> None:
        super().__init__(why)
        self.why, self.values = why, values


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
