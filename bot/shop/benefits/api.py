"""Calls about coupons, points and promotions."""

from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import select

from bot.shop import clock, models
from bot.shop.auth import Acting
from bot.shop.benefits import rules, schemas
from bot.shop.calls import ALWAYS, SERVICE, Db, Id, OfOrder, not_found, permission, problems
from bot.shop.customers.queries import customer
from bot.shop.orders.own import own_order
from bot.shop.rules import LEVELS, PROMOTION_SOON
from bot.shop.texts import texts

HISTORY = 20

router = APIRouter(prefix="/v1", tags=["benefits"], dependencies=SERVICE, responses=ALWAYS)


@router.get("/customers/{id}/coupons", responses=problems(404, 429), response_model_exclude_none=True)
def list_coupons(id: Id, acting: Acting, db: Db, order: OfOrder = None) -> schemas.Coupons:
    """The acting customer's coupons; with an order, whether each can be used for it."""
    row = customer(db, id, acting, models.Customer.coupons)
    if row is None:
        raise not_found("customer")
    about = own_order(db, order, acting) if order is not None else None
    now = clock.now()
    coupons = [_coupon(coupon, about, now) for coupon in row.coupons]
    return schemas.Coupons(items=sorted(coupons, key=lambda c: not c.usable.allowed))


def _coupon(row: models.Coupon, order: models.Order | None, now: datetime) -> schemas.Coupon:
    words = texts()["coupon"]
    state = rules.state(row, now)
    amounts = {"threshold": rules.yuan(row.threshold_fen), "off": rules.yuan(row.off_fen)}
    return schemas.Coupon.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "text": words["from" if row.threshold_fen else "always"].format(**amounts),
            "state": state,
            "state_text": words["state"][state],
            "from_at": row.from_at,
            "until_at": row.until_at,
            "threshold_fen": row.threshold_fen,
            "scope_text": words["scope"].format(category=row.category) if row.category else None,
            "usable": permission(rules.refusal(row, order, now)),
        }
    )


@router.get("/customers/{id}/points", responses=problems(404), response_model_exclude_none=True)
def get_points(id: Id, acting: Acting, db: Db) -> schemas.Points:
    """The acting customer's points and level."""
    row = customer(db, id, acting, models.Customer.points_history, models.Customer.points_expiring)
    if row is None:
        raise not_found("customer")
    level, threshold = LEVELS.get(row.level, (None, 0))
    now = clock.now()
    newest = sorted(row.points_history, key=lambda change: (change.at, change.id), reverse=True)
    return schemas.Points.model_validate(
        {
            "balance": row.points,
            "level_text": texts()["level"][row.level],
            "next_level_text": texts()["level"][level] if level else None,
            "next_level_fen": max(0, threshold - row.spent_fen) if level else None,
            "expiring": [{"points": e.points, "at": e.at} for e in row.points_expiring if e.at > now],
            "history": [{"at": c.at, "points": c.points, "text": c.text} for c in newest[:HISTORY]],
        }
    )


@router.get("/promotions")
def list_promotions(db: Db) -> schemas.Promotions:
    """What is on now or soon."""
    now = clock.now()
    rows = db.scalars(
        select(models.Promotion)
        .where(models.Promotion.until_at > now, models.Promotion.from_at < now + PROMOTION_SOON)
        .order_by(models.Promotion.from_at, models.Promotion.id)
    )
    names = ("id", "title", "text", "from_at", "until_at")
    return schemas.Promotions.model_validate(
        {"items": [{name: getattr(row, name) for name in names} for row in rows]}
    )
