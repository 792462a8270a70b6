"""Why an edit of the files was not made. Each is told to whoever edited, and nothing was changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Reason = Literal[
    "busy",
    "detached",
    "unfinished",
    "index_locked",
    "no_permission",
    "disk_full",
    "foreign_owner",
    "moved",
    "failed",
]

_SENTENCES: dict[Reason, str] = {
    "busy": "The files are being written by somebody else just now. Try again in a moment.",
    "detached": "The files' repository is on no branch. Check out a branch there, then try again.",
    "unfinished": "A merge or rebase is under way in the files' repository. Finish or abort it there first.",
    "index_locked": "Another git command is at work in the files' repository, or left index.lock behind.",
    "no_permission": "This process may not write the files or their repository. Mend the permissions.",
    "disk_full": "There is no space left where the files lie. Make room, then try again.",
    "foreign_owner": "The files' repository belongs to another user of this machine. Mend its owner.",
    "moved": "The files were changed by somebody else in this very moment. Try again.",
    "failed": "The files could not be written; the cause is in the log.",
}


class Trouble(Exception):
    """The edit was not made; the text is a sentence that says why."""


class CannotWrite(Trouble):
    """The files or their repository cannot be written now."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason


class Refused(Trouble):
    """What was asked for would make the data wrong, or cannot be written into a file."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
        """Each a sentence, most with file and line."""


@dataclass(frozen=True)
class Clash:
    """One file that two people changed in the same place."""

    path: str
    by: str
    """Who changed it meanwhile."""
    at: datetime
    theirs: str
    """The file's text as it is now; empty where it is gone."""
    yours: str
    """The file's text as this edit would have it."""


class Conflict(Trouble):
    """Somebody else has changed the same lines since the editor saw them."""

    def __init__(self, clashes: list[Clash]) -> None:
        told = (f"{each.path} was changed by {each.by} at {each.at:%Y-%m-%d %H:%M}" for each in clashes)
        super().__init__(f"{'; '.join(told)}, in the same place. Look at it and try again.")
        self.clashes = clashes
