"""Calls about customers."""

from fastapi import APIRouter

from bot.shop import models
from bot.shop.auth import Acting
from bot.shop.calls import ALWAYS, SERVICE, Db, Id, not_found, problems
from bot.shop.customers import queries, schemas
from bot.shop.masks import mask_address, mask_name, mask_phone
from bot.shop.texts import texts

router = APIRouter(prefix="/v1/customers", tags=["customers"], dependencies=SERVICE, responses=ALWAYS)


@router.get("/{id}", responses=problems(404))
def get_customer(id: Id, acting: Acting, db: Db) -> schemas.Customer:
    """The acting customer."""
    row = queries.customer(db, id, acting, models.Customer.addresses)
    if row is None:
        raise not_found("customer")
    return schemas.Customer.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "phone": mask_phone(row.phone),
            "level": row.level,
            "level_text": texts()["level"][row.level],
            "points": row.points,
            "since": row.since,
            "addresses": [
                {
                    "id": a.id,
                    "name": mask_name(a.name),
                    "phone": mask_phone(a.phone),
                    "text": mask_address(a.region),
                    "is_default": a.is_default,
                }
                for a in row.addresses
            ],
        }
    )


@router.get("/{id}/phone", responses=problems(404))
def get_phone(id: Id, acting: Acting, db: Db) -> schemas.Phone:
    """The acting customer's phone in full, for staff who must call her."""
    row = queries.customer(db, id, acting)
    if row is None:
        raise not_found("customer")
    return schemas.Phone(phone=row.phone)
