"""The studio's first page: the latest messages the bot was not sure of."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.templating import Jinja2Templates

from bot.conversations import titles
from bot.conversations.models import Message
from bot.conversations.store import UNSURE, Store
from bot.staff import texts
from bot.staff.sessions import Staff, require

HERE = Path(__file__).parent
READINGS = 3

_templates = Jinja2Templates(HERE / "templates")
_texts = texts.load(HERE / "texts.yml")


def create_router(store: Store) -> APIRouter:
    """``/studio``, for admins."""
    router = APIRouter(include_in_schema=False)

    @router.get("/studio")
    def show(request: Request, staff: Annotated[Staff, Depends(require("admin"))]) -> HTMLResponse:
        language = texts.language(request)
        try:
            lines = [_line(message) for message in store.unsure(UNSURE)]
        except SQLAlchemyError:
            lines = None
        values = {
            "t": _texts[language],
            "language": language,
            "theme": texts.theme(request),
            "staff": staff,
            "lines": lines,
        }
        return _templates.TemplateResponse(
            request, "studio.html", values, status_code=503 if lines is None else 200
        )

    return router


def _line(message: Message) -> dict[str, object]:
    ranking = (message.understanding or {}).get("ranking") or []
    return {
        "at": message.at.isoformat(),
        "text": message.text or "",
        "conversation": message.conversation_id,
        "readings": [
            {"title": titles.title(str(r.get("name"))), "percent": f"{float(r.get('confidence') or 0):.0%}"}
            for r in ranking
            if r.get("name") != "nlu_fallback"
        ][:READINGS],
    }
