"""What the heart asks of the desk's rules, which are given to the store; and what holds without any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from .models import Conversation


@dataclass(frozen=True)
class Place:
    """Where a hand-over goes: to a queue, or nowhere yet when nobody is there."""

    queue: str
    back_at: datetime | None = None
    """When people are back, None where it is not known; counts only while nobody is there."""
    there: bool = True
    ticket_due: datetime | None = None
    """By when the ticket is seen to that is opened while nobody is there."""


@dataclass(frozen=True)
class Targets:
    """How long a shopper may wait for a human's word; None: as long as it takes."""

    first: timedelta | None = None
    next: timedelta | None = None


class Rules(Protocol):
    """The rules of a desk; the sessions are the caller's."""

    def place(
        self, session: Session, conversation: Conversation, reason: str, detail: Mapping[str, Any]
    ) -> Place:
        """Where this hand-over goes, and whether somebody is there for it."""
        ...

    def targets(self, queue: str, level: str | None) -> Targets:
        """How long a customer of this level may wait in this queue."""
        ...

    def head_start(self, reason: str | None, mood: str | None, level: str | None) -> timedelta:
        """By how much she is put before those who came when she did."""
        ...

    def mood(self, text: str) -> str | None:
        """The mood of a shopper's words; None: calm."""
        ...

    def worse(self, one: str | None, other: str | None) -> str | None:
        """The worse of two moods."""
        ...

    def early(self, moods: Sequence[str | None], unsure: bool) -> bool:
        """Whether the bot gives way to a human, by the moods of the last messages, newest last."""
        ...


class Plain:
    """One queue, always served, no deadlines, no moods."""

    def place(
        self, session: Session, conversation: Conversation, reason: str, detail: Mapping[str, Any]
    ) -> Place:
        return Place("general")

    def targets(self, queue: str, level: str | None) -> Targets:
        return Targets()

    def head_start(self, reason: str | None, mood: str | None, level: str | None) -> timedelta:
        return timedelta(0)

    def mood(self, text: str) -> str | None:
        return None

    def worse(self, one: str | None, other: str | None) -> str | None:
        return one or other

    def early(self, moods: Sequence[str | None], unsure: bool) -> bool:
        return False


def of(session: Session) -> Rules:
    """The rules of the store that the session belongs to."""
    rules: Rules = session.info["rules"]
    return rules
