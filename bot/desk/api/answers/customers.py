"""The customer in the shop's own terms (docs/order-backend.md), and what is done for her."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from actions.backend.contract import (
    Address,
    AfterSale,
    Cancellation,
    Coupon,
    Invoice,
    Order,
    PriceProtection,
    Profile,
    Shipment,
    Urged,
)

from .base import Given
from .conversations import Facts, Handoff, Rating


class Customer(BaseModel):
    """``profile``: with the phone and the addresses masked by the shop."""

    id: str
    profile: Profile


class Phone(BaseModel):
    """In full."""

    phone: str


class Forbidden(BaseModel):
    """``reason`` is the shop's, in Chinese."""

    action: str
    reason: str


class OrderNow(BaseModel):
    """An order, and which order actions the shop allows for it now."""

    order: Order
    allowed: list[str]
    forbidden: list[Forbidden]


class Shipments(BaseModel):
    items: list[Shipment]


class Coupons(BaseModel):
    items: list[Coupon]


class Past(Given):
    """Another conversation of hers: its last service by people, and the last that she rated."""

    conversation: Facts
    handoff: Handoff | None
    rating: Rating | None


class PastConversations(BaseModel):
    items: list[Past]


# What an order action gives, by its kind; a remark gives nothing.
Result = Cancellation | Address | Urged | Invoice | PriceProtection | AfterSale | None


class Told(BaseModel):
    """One thing that happens, in words."""

    label: str
    value: str | datetime


class Preview(BaseModel):
    """What would happen."""

    result: Result
    told: list[Told]


class Outcome(BaseModel):
    """What came of an order action; ``unsure``: the shop gave no answer, and it may have been done."""

    kind: Literal["done", "refused", "unsure"]
    reason: str = Field(description="The shop's, in Chinese, where it was refused; may be empty.")
    result: Result
    told: list[Told]
