"""Tickets and their history."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ..requests import STATES
from .base import Given


class Ticket(BaseModel):
    """``number`` is what people call it; ``owner`` an agent's id."""

    id: int
    number: str
    conversation: str
    state: STATES
    queue: str
    reason: str | None
    title: str
    text: str | None
    owner: int | None
    due: datetime | None
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None


class Tickets(BaseModel):
    items: list[Ticket]


class TicketEvent(Given):
    id: int
    at: datetime
    by: str
    name: str | None
    kind: str
    detail: dict[str, Any] | None


class TicketHistory(BaseModel):
    ticket: Ticket
    events: list[TicketEvent]
