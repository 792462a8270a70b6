"""The studio's first page: the latest messages the bot was not sure of."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import titles
from bot.conversations.models import Message
from bot.conversations.store import UNSURE
from bot.studio.services import Services

from .shell import Admin, page

READINGS = 3


def create_router(services: Services) -> APIRouter:
    """``/studio``."""
    router = APIRouter()

    @router.get("/studio")
    def show(request: Request, staff: Admin) -> HTMLResponse:
        try:
            lines = [_line(message) for message in services.store.unsure(UNSURE)]
        except SQLAlchemyError:
            return page(request, staff, "review", 503, lines=None)
        return page(request, staff, "review", lines=lines)

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
