"""What is answered about customers."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bot.shop.schemas import Answer, Recipient

Level = Literal["regular", "silver", "gold"]


class CustomerAddress(Recipient):
    id: int
    is_default: bool


class Phone(Answer):
    phone: Annotated[str, Field(description="In full, for staff only; the bot never asks for it.")]


class Customer(Answer):
    id: str
    name: str
    phone: Annotated[str, Field(description="Masked.")]
    level: Level
    level_text: str
    points: int
    since: date
    addresses: list[CustomerAddress]
