"""The call that lets an anonymous visitor see one order."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from bot.shop import auth
from bot.shop.calls import ALWAYS, SERVICE, Db, problems
from bot.shop.clock import CHINA
from bot.shop.schemas import Answer, Asked, Number

router = APIRouter(prefix="/v1", tags=["verifications"], dependencies=SERVICE, responses=ALWAYS)


class Verification(Asked):
    """The order number and the last four digits of the recipient's phone."""

    order_no: Number
    phone_tail: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class Verified(Answer):
    token: Annotated[str, Field(description="To be sent as Acting-Customer; opens this order only.")]
    expires_at: datetime
    order_no: str


@router.post("/verifications", responses=problems(403, 429))
def create_verification(body: Verification, request: Request, db: Db) -> Verified:
    """Let an anonymous visitor see one order. Five wrong tries lock the order number for 15 minutes."""
    token, expires = auth.verify(db, request.app.state.settings, body.order_no, body.phone_tail)
    return Verified(token=token, expires_at=expires.astimezone(CHINA), order_no=body.order_no)
