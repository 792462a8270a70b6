"""Whether a number in an answer is the shop's own: asked once, before the answer is written."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from bot.studio.files import Trouble
from bot.studio.knowledge import editing, noticing
from bot.studio.knowledge.noticing import Noticed
from bot.studio.services import Services

from . import troubles
from .shell import Admin, said

ASSETS = ["numbers.css", "numbers.js"]


class Answer(BaseModel):
    """An answer that is about to be written."""

    text: Annotated[str, Field(max_length=editing.LONGEST)]


def create_router(services: Services) -> APIRouter:
    """``/studio/knowledge/numbers``."""
    router = APIRouter()

    # What people wrote comes into no address, and so into nobody's log.
    @router.post("/studio/knowledge/numbers")
    def ask(request: Request, staff: Admin, body: Answer) -> list[dict[str, Any]]:
        """A question for each number that may be a policy, with its choices; offsets in characters."""
        t = said(request, "numbers")

        def question(found: Noticed) -> dict[str, Any]:
            alone = len(found.guesses) == 1
            choices = [
                {
                    "label": t("yes") if alone else each.label,
                    "name": each.name,
                    "start": each.start,
                    "end": each.end,
                }
                for each in found.guesses
            ]
            label = found.guesses[0].label
            ask = t("is_it", text=found.text, label=label) if alone else t("which", text=found.text)
            return {"text": found.text, "ask": ask, "choices": choices, "keep": t("keep", text=found.text)}

        try:
            return [question(each) for each in noticing.noticed(services.files.look(), body.text)]
        except Trouble as why:
            raise troubles.told(request, why) from why

    return router
