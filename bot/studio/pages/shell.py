"""What all of the studio's pages share: the frame, the ways between them, and their sentences.

A page ``NAME`` is ``pages/NAME.py`` with ``templates/NAME.html``, which extends ``base.html``, its sentences
in ``texts/NAME.yml`` and, where it needs them, ``static/NAME.css`` and ``static/NAME.js``.
"""

from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from bot import data_faults
from bot.staff import texts
from bot.staff.sessions import Staff, require
from bot.staff.texts import Texts

HERE = Path(__file__).parent.parent

Admin = Annotated[Staff, Depends(require("admin"))]
"""Whoever calls a route of the studio. Others are refused."""

# Name and address of each page, as the navigation lists them.
PLACES = (
    ("review", "/studio"),
    ("knowledge", "/studio/knowledge"),
    ("stories", "/studio/stories"),
    ("language", "/studio/language"),
    ("sandbox", "/studio/sandbox"),
    ("models", "/studio/models"),
    ("figures", "/studio/figures"),
    ("history", "/studio/history"),
    ("people", "/studio/people"),
)

_templates = Jinja2Templates(HERE / "templates")
_templates.env.filters["fault"] = data_faults.said
_frame = texts.load(HERE / "texts" / "shell.yml")


def page(request: Request, staff: Staff, name: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page ``NAME`` in this browser's language: its template is given ``t``, ``frame`` and ``values``."""
    language = texts.language(request)
    given = {
        "t": said(request, name),
        "frame": _frame[language],
        "language": language,
        "theme": texts.theme(request),
        "staff": staff,
        "here": name,
        "places": PLACES,
        "assets": [
            f"{name}.{kind}" for kind in ("css", "js") if (HERE / "static" / f"{name}.{kind}").exists()
        ],
    }
    return _templates.TemplateResponse(request, f"{name}.html", {**given, **values}, status_code=status)


def part(request: Request, name: str, template: str, **values: object) -> HTMLResponse:
    """A part of the page ``NAME``, for its script: the template is given ``t`` and ``values``."""
    return _templates.TemplateResponse(request, f"{template}.html", {"t": said(request, name), **values})


def said(request: Request, name: str) -> Texts:
    """The sentences of page ``NAME`` in this browser's language."""
    return _sentences(name)[texts.language(request)]


@cache
def _sentences(name: str) -> dict[str, Texts]:
    return texts.load(HERE / "texts" / f"{name}.yml")
