"""What the pages under ``/studio/language`` share: their frame, the ways to what they name, and why not."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from bot.problems import Problem
from bot.staff.sessions import Staff
from bot.staff.texts import Texts
from bot.studio.cannot import Cannot
from bot.studio.files import Trouble
from bot.studio.teaching.clashes import Clash, Clashes
from bot.studio.uses import BY, Use

from . import shell, troubles
from .shell import PLACES, page, said

HERE = "/studio/language"
TABS = (
    ("intents", HERE),
    ("answers", f"{HERE}/answers"),
    ("lexicon", f"{HERE}/lexicon"),
    ("uses", f"{HERE}/uses"),
)
PAGE = 100
"""Lines of a list on one page."""
CLASHES = 10  # that are named
SENTENCE = 2000  # characters of what a browser sends

Asked = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(alias="page", ge=1, le=10_000)]
Line = Annotated[str, Field(max_length=SENTENCE)]
Name = Annotated[str, Field(max_length=200)]

T = TypeVar("T")


def show(request: Request, staff: Staff, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """One of the pages: its template is given ``l``, the sentences of all of them, and ``address`` too."""
    assets = ["language.css", "language.js"]
    assets += [f"{more}.js" for more in ("marking", name) if (shell.HERE / "static" / f"{more}.js").exists()]
    common = {
        **{"here": "language", "tabs": TABS, "tab": name, "assets": assets},
        **{"l": said(request, "language"), "address": address, "counted": counted},
    }
    return page(request, staff, name, status, **{**common, **values})


def failed(request: Request, staff: Staff, name: str, why: Trouble) -> HTMLResponse:
    """The page where the files cannot be read."""
    return show(request, staff, name, 503, failed=troubles.told(request, why).detail)


def done(request: Request, do: Callable[[], T]) -> T:
    """What was done.

    Raises:
        Problem: it was not; with the sentence that says why.
    """
    try:
        return do()
    except Clashes as why:
        raise Problem(409, why.why, clashing(said(request, "language"), why.clashes)) from why
    except Cannot as why:
        sentence = said(request, "language")(f"cannot_{why.why}", **why.values)
        raise Problem(409, why.why.replace("_", "-"), sentence) from why
    except Trouble as why:
        raise troubles.told(request, why) from why


def clashing(t: Texts, clashes: Sequence[Clash]) -> str:
    """The sentences that are taught elsewhere, each on a line with where that is; of many the first."""
    lines = [t("cannot_clashes")]
    lines += [
        t("clash", text=each.text[:60], title=each.title[:60], name=each.intent) for each in clashes[:CLASHES]
    ]
    if len(clashes) > CLASHES:
        lines.append(t("clashes_more", count=len(clashes) - CLASHES))
    return "\n".join(lines)


def address(kind: str, name: str) -> str:
    """Where something with a name is shown: its own page, or who uses it; empty where there is none."""
    places = dict(PLACES)
    if kind == "topic" and "knowledge" in places:
        return f"{places['knowledge']}/topics/{quote(name)}"
    if kind in ("rule", "story"):
        return f"{places['stories']}?{urlencode({'q': name})}" if "stories" in places else ""
    if kind in ("intent", "response") and "/" not in name:
        return f"{HERE}/{'intents' if kind == 'intent' else 'answers'}/{quote(name)}"
    return f"{HERE}/uses?{urlencode({'name': name})}"


def counted(uses: Iterable[Use]) -> list[tuple[str, int]]:
    """How many uses there are of each sort."""
    listed = [use.by for use in uses]
    return [(by, listed.count(by)) for by in BY if by in listed]


def paged(listed: list[T], number: int) -> tuple[list[T], int, int]:
    """One page of a list, its number, and how many there are."""
    pages = max(1, -(-len(listed) // PAGE))
    number = min(number, pages)
    return listed[(number - 1) * PAGE : number * PAGE], number, pages
