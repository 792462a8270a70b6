"""The names of what webhooks can be told of."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from bot.conversations import ownership

CONVERSATION, TICKET = "conversation.", "ticket."
RATED = "rating.given"
TICKET_KINDS = ("opened", "state", "owner", "due", "note", "added", "reopened")


def known() -> list[str]:
    """Every name: a conversation's moves, a ticket's changes, and a rating."""
    moves = {move for _, move in ownership.MOVES}
    return [
        *(CONVERSATION + move for move in sorted(moves)),
        *(TICKET + kind for kind in TICKET_KINDS),
        RATED,
    ]


def chosen(patterns: Sequence[str]) -> list[str]:
    """The names that one of the patterns fits, such as ``conversation.*``."""
    return [name for name in known() if any(fnmatchcase(name, pattern) for pattern in patterns)]


def of(names: Sequence[str], prefix: str) -> list[str]:
    """What stands behind the prefix in those names that have it."""
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
