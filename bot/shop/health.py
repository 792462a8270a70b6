"""Whether the shop works."""

from fastapi import APIRouter

from bot.problems import Problem
from bot.shop import database, schemas
from bot.shop.calls import Db, problems

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=problems(503))
def healthz(db: Db) -> schemas.Health:
    """Whether the shop and its database work."""
    try:
        database.ping(db)
    except Exception as error:
        raise Problem(503, "unavailable", "The shop's database does not answer.") from error
    return schemas.Health()
