"""The studio's pages, under ``/studio``: plain HTML from the server, for admins."""

from fastapi import APIRouter

from bot.studio.services import Services

from . import compare, figures, history, models, promotion, retell, review, sandbox


def create_router(services: Services) -> APIRouter:
    """All pages of the studio."""
    router = APIRouter(include_in_schema=False)
    for page in (review, sandbox, retell, models, compare, promotion, figures, history):
        router.include_router(page.create_router(services))
    return router
