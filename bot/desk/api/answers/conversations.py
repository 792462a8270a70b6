"""Conversations and what is said in them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .base import Given


class Row(Given):
    """A conversation in a list. From ``queue`` on null where no human serves or is waited for."""

    id: str
    name: str | None
    channel: str
    owner: str = Field(description="bot, queue, closed, outside (the channel's own desk) or agent:ID")
    owner_since: datetime
    level: str | None
    last_seq: int
    last_at: datetime
    last_from: str | None
    last_text: str | None
    mood: str | None
    queue: str | None
    reason: str | None
    waits_since: datetime | None
    due: datetime | None = Field(description="When a human's word is due.")
    warned: bool
    breached: bool
    breaches: int


class Rows(BaseModel):
    items: list[Row]


class Facts(Given):
    """A conversation as it is kept."""

    id: str
    channel: str
    customer_id: str | None
    customer_name: str | None
    customer_level: str | None
    owner: str
    owner_since: datetime
    last_seq: int
    delivered_seq: int
    created_at: datetime
    updated_at: datetime


class Handoff(Given):
    """One service by people."""

    id: int
    at: datetime
    reason: str | None
    queue: str
    mood: str | None
    taken_at: datetime | None
    agent_id: int | None
    first_answer_at: datetime | None
    answer_due: datetime | None
    warned: bool
    breached: bool
    breaches: int
    ended_at: datetime | None
    outcome: str | None
    tags: list[str]


class State(Given):
    """As the shopper knows it; ``wait`` in seconds."""

    owner: str
    position: int | None
    wait: int | None
    typing: str | None


class Conversation(BaseModel):
    """``packet`` is the story of the hand-over, told from facts; null where there was none."""

    conversation: Facts
    state: State
    handoff: Handoff | None
    packet: dict[str, Any] | None
    evidence: list[str] = Field(description="Ids of the pictures that the shopper sent, for `/attachments`.")
    guests: list[int]


class Message(BaseModel):
    """A line of the log; members that it does not have are left out."""

    model_config = ConfigDict(extra="allow")

    seq: int
    at: datetime
    sender: Literal["shopper", "bot", "agent", "system"] = Field(alias="from")
    name: str = ""
    text: str = ""
    mood: str = ""
    client_id: str = ""
    understanding: dict[str, Any] = {}


class Messages(BaseModel):
    items: list[Message]


class Said(BaseModel):
    seq: int


class Note(Given):
    """What staff say to each other; it stands after message ``after_seq``. ``by``: agent:ID or system."""

    id: int
    at: datetime
    after_seq: int
    by: str
    name: str | None
    kind: str
    text: str


class Notes(BaseModel):
    items: list[Note]


class Event(Given):
    """A change of ownership; ``by`` is an owner, shopper, system or worker."""

    id: int
    at: datetime
    move: str
    from_owner: str
    to_owner: str
    by: str
    reason: str | None
    detail: dict[str, Any] | None


class Events(BaseModel):
    items: list[Event]


class Found(BaseModel):
    """``message`` is the one that holds the words; null where the conversation itself was meant."""

    conversation: Facts
    message: Message | None


class FoundItems(BaseModel):
    items: list[Found]


class Rating(Given):
    """A service that the shopper rated, 1 to 5; ``served_by``: bot or agent:ID."""

    id: int
    served_by: str
    served_name: str | None
    score: int
    comment: str | None
    rated_at: datetime


class Ratings(BaseModel):
    items: list[Rating]


class Suggestion(Given):
    """``score`` from 0 to 1."""

    kind: Literal["faq", "past"]
    title: str
    text: str
    score: float


class Suggestions(BaseModel):
    items: list[Suggestion]


class Canned(Given):
    """A reply with ``{variables}``."""

    shortcut: str
    title: str
    text: str
    queue: str


class CannedReplies(BaseModel):
    items: list[Canned]
