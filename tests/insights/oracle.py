"""The figures counted once more, by hand: over each conversation's messages and events."""

import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import select

from bot.conversations import handoffs, ratings
from bot.conversations.models import Conversation, Event, Handoff, Message, Rating
from bot.conversations.store import Store

SHANGHAI = timezone(timedelta(hours=8))
UNSURE = ("nlu_fallback", "out_of_scope")
HOURS_72 = timedelta(hours=72)


@dataclass
class One:
    """A service: the messages between two openings, and what happened to it."""

    conversation: Conversation
    opened: int
    messages: list[Message]
    events: list[Event]
    next_at: datetime | None = None
    intents: set[str] = field(default_factory=set)
    wordings: set[str] = field(default_factory=set)

    @property
    def hers(self) -> list[Message]:
        return [m for m in self.messages if m.sender == "shopper"]

    @property
    def began(self) -> datetime:
        return self.hers[0].at

    @property
    def over(self) -> datetime:
        closes = [e.at for e in self.events if e.to_owner == "closed"]
        return closes[0] if closes else [m.at for m in self.messages if m.sender != "system"][-1]

    @property
    def calls(self) -> list[Event]:
        return [
            e
            for e in self.events
            if e.to_owner == "queue" or e.to_owner == "outside" or "agent:" in e.to_owner
        ]

    @property
    def reason(self) -> str:
        first = self.calls[0]
        return first.reason or ("passed_on" if first.move == "pass_on" else "taken_over")

    @property
    def bot(self) -> float | None:
        words = [m for m in self.messages if m.sender == "bot" and m.seq > self.hers[0].seq]
        return (words[0].at - self.began).total_seconds() if words else None

    @property
    def outcome(self) -> str:
        if self.calls:
            return "handed_over"
        sure = {m.seq for m in self.hers if m.understanding and m.understanding["intent"] not in UNSURE}
        return (
            "answered"
            if any(m.sender == "bot" and m.reply_to in sure for m in self.messages)
            else "unanswered"
        )

    @property
    def returned(self) -> bool:
        return self.next_at is not None and self.next_at - self.over <= HOURS_72

    @property
    def day(self) -> str:
        return self.began.astimezone(SHANGHAI).date().isoformat()


def services(store: Store) -> list[One]:
    found = []
    with store.reading() as session:
        conversations = list(session.scalars(select(Conversation)))
    for conversation in conversations:
        messages = store.messages(conversation.id, limit=10_000)
        events = store.events(conversation.id)
        openings = [e for e in events if e.from_owner == "closed"]
        for index in range(len(openings) + 1):
            start = openings[index - 1].at if index else datetime.min.replace(tzinfo=SHANGHAI)
            end = openings[index].at if index < len(openings) else datetime.max.replace(tzinfo=SHANGHAI)
            one = One(
                conversation,
                index,
                [m for m in messages if start <= m.at < end],
                [e for e in events if start <= e.at < end],
            )
            if one.hers:
                found.append(_read(one))
    shoppers = defaultdict(list)
    for one in found:
        shoppers[one.conversation.customer_id or f"visitor {one.conversation.id}"].append(one)
    for those in shoppers.values():
        for one in those:
            one.next_at = min((o.began for o in those if o.began > one.began), default=None)
    return found


def _read(one: One) -> One:
    for message in one.hers:
        read = message.understanding
        if read and read["intent"] in UNSURE:
            text = unicodedata.normalize("NFKC", message.text or "").lower()
            one.wordings.add("".join(c for c in text if c.isalnum()) or message.text or "")
        elif read:
            one.intents.add("faq/freight" if read["intent"] == "faq" else read["intent"])
    return one


def within(one: One, start: datetime, end: datetime) -> bool:
    return start <= one.began < end


def by_people(store: Store, ids: list[str], start: datetime, end: datetime) -> list[Handoff]:
    found = [h for id in ids for h in handoffs.of(store, id)]
    return [h for h in found if start <= h.at < end]


def rated(store: Store, ids: list[str], start: datetime, end: datetime) -> list[Rating]:
    found = [r for id in ids for r in ratings.given(store, id)]
    return [r for r in found if r.rated_at and start <= r.rated_at < end]


def counts(found: list[One], now: datetime) -> dict[str, int]:
    """What the cards of services count."""
    outcomes = Counter(one.outcome for one in found)
    answered = [one for one in found if one.outcome == "answered"]
    return {
        "services": len(found),
        "answered": outcomes["answered"],
        "strict": sum(not one.returned for one in answered),
        "returned": sum(one.returned for one in answered),
        "handed_over": outcomes["handed_over"],
        "unanswered": outcomes["unanswered"],
        "bot_first": sum(one.bot is not None for one in found),
        "unsettled": sum(one.next_at is None and one.over + HOURS_72 >= now for one in answered),
    }


def middle(values: list[Any]) -> Any:
    ordered = sorted(values)
    n = len(ordered)
    return None if not n else (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def ninety(values: list[Any]) -> Any:
    """The smallest of them that nine tenths do not exceed."""
    return next((v for v in sorted(values) if sum(w <= v for w in values) * 10 >= 9 * len(values)), None)
