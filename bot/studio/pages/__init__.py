"""The studio's pages, under ``/studio``: plain HTML from the server, for admins."""

from fastapi import APIRouter

from bot.studio.services import Services

from . import (
    answers,
    audit,
    compare,
    figures,
    history,
    intents,
    knowledge,
    lexicon,
    models,
    numbers,
    people,
    policies,
    promotion,
    retell,
    review,
    sandbox,
    sheets,
    stories,
    uses,
)
from .sheets import UPLOADS as UPLOADS


def create_router(services: Services) -> APIRouter:
    """All pages of the studio."""
    router = APIRouter(include_in_schema=False)
    for page in (
        review,
        sheets,
        policies,
        numbers,
        knowledge,
        sandbox,
        retell,
        stories,
        intents,
        answers,
        lexicon,
        uses,
        models,
        compare,
        promotion,
        figures,
        history,
        people,
        audit,
    ):
        router.include_router(page.create_router(services))
    return router
