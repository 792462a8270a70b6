"""One conversation's log as its services. What counts as what is written in docs/figures.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

from sqlalchemy import Row

from bot.conversations import ownership
from bot.conversations.store import UNSURE
from bot.data_check import folded

from .models import KEY_LIMIT
from .periods import day

RETURN_WITHIN = timedelta(hours=72)
READ_LIMIT = 200  # characters of a wording that are looked at
FAQ = "faq"
# Why people serve, where the event itself does not say so.
TAKEN_OVER, PASSED_ON = "taken_over", "passed_on"


@dataclass
class Facts:
    """A service as far as its messages and events were read."""

    number: int
    first_seq: int | None = None
    began_at: datetime | None = None
    last_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    bot_at: datetime | None = None
    answered: bool = False
    # Intent and wording (None: the bot was sure) of each message of hers, by its seq.
    read: dict[int, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        if self.reason is not None:
            return "handed_over"
        return "answered" if self.answered else "unanswered"

    def hear(self, message: Row[Any]) -> None:
        """A message of the service, in the order of the log."""
        if message.sender != "system":
            self.last_at = message.at
        if message.sender == "shopper":
            if self.first_seq is None:
                self.first_seq, self.began_at = message.seq, message.at
            if message.intent:
                self.read[message.seq] = _read(message)
        elif message.sender == "bot" and self.first_seq is not None:
            self.bot_at = self.bot_at or message.at
            self.answered = self.answered or self.read.get(message.reply_to, ("", ""))[1] is None

    def to_people(self, event: Row[Any]) -> None:
        """The event brought the shopper to people, or closer to them."""
        unsaid = {"pass_on": PASSED_ON}.get(event.move, TAKEN_OVER)
        self.reason = self.reason or event.reason or unsaid

    def row(self, conversation_id: str, who: str) -> dict[str, Any]:
        """The columns of ``Service`` that one conversation tells."""
        began, last = self.began_at, self.ended_at or self.last_at
        assert began is not None and last is not None  # noqa: S101  (only with words of hers)
        waited = self.bot_at - began if self.bot_at else None
        return {
            "conversation_id": conversation_id,
            "number": self.number,
            "who": who,
            "first_seq": self.first_seq,
            "began_at": began,
            "day": day(began).isoformat(),
            "ended_at": self.ended_at,
            "outcome": self.outcome,
            "reason": self.reason,
            "bot_ms": max(0, round(waited.total_seconds() * 1000)) if waited is not None else None,
            "return_until": last + RETURN_WITHIN,
        }

    def readings(self, conversation_id: str) -> Iterator[dict[str, Any]]:
        """The columns of ``Reading``."""
        seen = set()
        for seq, (intent, wording) in self.read.items():
            same = (None, wording) if wording else (intent, wording)
            if wording != "" and same not in seen:  # empty: a picture by itself
                seen.add(same)
                yield {
                    "conversation_id": conversation_id,
                    "number": self.number,
                    "began_at": self.began_at,
                    "intent": intent,
                    "wording": wording,
                    "seq": seq,
                }


def services(
    messages: Sequence[Row[Any]], events: Sequence[Row[Any]], known: tuple[int, int] | None
) -> list[Facts]:
    """The services in which the shopper said something.

    Args:
        messages, events: of one conversation, oldest first; from those of the service ``known`` on.
        known: number and first seq of the service that the log was read up to before; None: none was.

    A service whose beginning is no longer kept is left out: nothing new can be told of it.
    """
    number, first = known or (0, 1)
    whole = bool(messages) and messages[0].seq == first
    current = Facts(0) if number == 0 and whole else None
    found = [current] if current else []
    # An event comes before the messages that follow from it in the same moment.
    steps: Iterator[tuple[datetime, int, Row[Any]]] = merge(
        ((event.at, 0, event) for event in events),
        ((message.at, 1, message) for message in messages),
        key=lambda step: step[:2],
    )
    for _, kind, row in steps:
        if kind == 1:
            if current:
                current.hear(row)
            continue
        if row.from_owner == ownership.CLOSED:
            current = Facts(row.id)
            found.append(current)
        if current is None:
            continue
        if row.to_owner == ownership.CLOSED:
            current.ended_at = row.at
        elif row.to_owner != ownership.BOT:
            current.to_people(row)
    return [each for each in found if each.first_seq is not None]


def who(conversation_id: str, customer_id: str | None) -> str:
    """The shopper, as ``Service.who`` has her."""
    return f"c:{customer_id}" if customer_id else f"v:{conversation_id}"


def _read(message: Row[Any]) -> tuple[str, str | None]:
    intent = str(message.intent)
    if intent in UNSURE:
        return intent, folded((message.text or "")[:READ_LIMIT])[:KEY_LIMIT]
    return (f"{FAQ}/{message.topic}" if intent == FAQ and message.topic else intent)[:128], None
