"""Why an edit of the files was not made, as a sentence in the browser's language."""

from fastapi import Request

from bot.conversations.notices import ZONE
from bot.data_faults import said as fault
from bot.problems import Problem
from bot.studio.files import CannotWrite, Conflict, Refused, Trouble

from .shell import said

MOST = 8
"""Problems that are told."""


def told(request: Request, why: Trouble) -> Problem:
    """The problem to raise: 409 where somebody was first, 422 where the data would be wrong, else 503."""
    t = said(request, "files")
    match why:
        case Conflict(clashes=clashes):
            sentences = [
                t("conflict", path=each.path, by=each.by, at=f"{each.at.astimezone(ZONE):%m-%d %H:%M}")
                for each in clashes[:MOST]
            ]
            return Problem(409, "changed-meanwhile", " ".join(sentences))
        case Refused(problems=problems):
            return Problem(
                422, "data-refused", "\n".join(fault(each, t.language) for each in problems[:MOST])
            )
        case CannotWrite(reason=reason):
            return Problem(503, "files-not-writable", t(f"cannot_{reason}"))
    return Problem(503, "files-not-writable", t("cannot_failed"))
