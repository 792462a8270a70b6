"""Staff, queues, and the codes of what a service came to."""

from datetime import datetime

from pydantic import BaseModel, Field

from ..requests import PRESENCES
from .base import Given


class Agent(Given):
    """An agent at work. ``there``: shoppers may count on her; ``skills`` null: she serves every queue."""

    id: int
    name: str
    presence: PRESENCES
    since: datetime
    there: bool
    capacity: int
    load: int = Field(description="Conversations that she has now.")
    skills: list[str] | None


class Me(Given):
    """The account for which the token acts; ``agent`` is null until she has been at the desk."""

    id: int
    name: str
    display_name: str
    role: str
    agent: Agent | None


class Agents(BaseModel):
    items: list[Agent]


class Queue(BaseModel):
    """``first`` and ``next``: seconds within which a person must have answered."""

    code: str
    title: dict[str, str]
    first: int
    next: int
    waiting: int
    longest_since: datetime | None = Field(description="Since when the longest waiting waits.")


class Queues(BaseModel):
    items: list[Queue]


class Codes(BaseModel):
    """By code the titles in each language."""

    outcomes: dict[str, dict[str, str]]
    tags: dict[str, dict[str, str]]
