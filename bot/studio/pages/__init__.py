"""The studio's pages, under ``/studio``: plain HTML from the server, for admins."""

from fastapi import APIRouter

from bot.studio.services import Services

from . import answers, compare, figures, history, intents, lexicon, models, promotion, review, uses


def create_router(services: Services) -> APIRouter:
    """All pages of the studio."""
    router = APIRouter(include_in_schema=False)
    for page in (review, intents, answers, lexicon, uses, models, compare, promotion, figures, history):
        router.include_router(page.create_router(services))
    return router
