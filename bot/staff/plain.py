"""The staff's plain pages: HTML of the server's, which works whatever else does not."""

import re
from datetime import datetime
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from bot.conversations.notices import ZONE

from . import texts
from .texts import Texts

HERE = Path(__file__).parent
PLACE = re.compile(r"/(desk|studio)(/[\w/-]*)?(\?[\w=&%.-]*)?")

_texts = texts.load(HERE / "texts.yml")
_templates = Jinja2Templates(HERE / "templates")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%m-%d %H:%M}"


_templates.env.filters["moment"] = _moment


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page in this browser's language; its template is given ``t`` and ``values``."""
    given = {"t": said(request), "language": texts.language(request), "theme": texts.theme(request)}
    return _templates.TemplateResponse(request, template, {**given, **values}, status_code=status)


def said(request: Request) -> Texts:
    """The sentences of the plain pages in this browser's language."""
    return sentences(texts.language(request))


def sentences(language: str) -> Texts:
    """The sentences of the plain pages, and of why something about an account was not done."""
    return _texts[language]


def place(target: str) -> str:
    """Only places of our own, so that the address cannot send anybody elsewhere."""
    return target if PLACE.fullmatch(target) else "/desk"
