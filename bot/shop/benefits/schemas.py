"""What is answered about coupons, points and promotions."""

from typing import Annotated, Literal

from pydantic import Field

from bot.shop.schemas import Answer, Fen, Moment, Permission, Sometimes


class Coupon(Answer):
    id: str
    name: str
    text: Annotated[str, Field(description="What it gives, in Chinese.")]
    state: Literal["usable", "used", "expired", "not_started"]
    state_text: str
    from_at: Moment
    until_at: Moment
    threshold_fen: Fen
    scope_text: Annotated[str, Field(description="For which goods; absent for all.")] | Sometimes = None
    usable: Annotated[Permission, Field(description="For the order asked about, or at all.")]


class Coupons(Answer):
    items: Annotated[list[Coupon], Field(description="Usable ones first, then by their end.")]


class Expiring(Answer):
    points: int
    at: Moment


class PointsChange(Answer):
    at: Moment
    points: int
    text: str


class Points(Answer):
    balance: int
    level_text: str
    next_level_text: str | Sometimes = None
    next_level_fen: (
        Annotated[int, Field(ge=0, description="Still to be spent for the next level, in fen.")] | Sometimes
    ) = None
    expiring: Annotated[list[Expiring], Field(description="Soonest first.")]
    history: Annotated[list[PointsChange], Field(description="Newest first, the last twenty.")]


class Promotion(Answer):
    id: str
    title: str
    text: str
    from_at: Moment
    until_at: Moment


class Promotions(Answer):
    items: Annotated[list[Promotion], Field(description="What is on now or soon, soonest first.")]
