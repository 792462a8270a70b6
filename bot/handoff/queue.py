"""The queue of shoppers who wait for a human."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from bot.conversations import handoffs, ownership
from bot.conversations.models import Conversation, Event, Message
from bot.conversations.store import Store

from . import agents


@dataclass(frozen=True)
class Waiting:
    """A place in the queue, counted from 1."""

    position: int
    conversation: Conversation
    last: Message | None

    @property
    def since(self) -> datetime:
        return self.conversation.owner_since


@dataclass(frozen=True)
class Counts:
    """How many conversations wait, and how many each owner string ``agent:ID`` has."""

    waiting: int
    held: Counter[str]


def waiting(store: Store, limit: int = 200) -> list[Waiting]:
    """Who waits, in the order they are to be served in."""
    rows = handoffs.waiting(store, limit)
    return [Waiting(place, conversation, last) for place, (conversation, _, last) in enumerate(rows, 1)]


def counts(store: Store) -> Counts:
    held = Counter(store.counts())
    return Counts(held.pop(ownership.QUEUE, 0), held)


def claim(store: Store, conversation_id: str, agent_id: int, agent_name: str) -> None:
    """The agent takes the conversation; of two at once exactly one gets it. Who was offline is busy now.

    Raises:
        UnknownConversation; IllegalMove: someone else has it already.
    """
    store.take(conversation_id, agent_id, agent_name)
    agents.be_there(store, agent_id, agent_name)


def handed_over(events: list[Event]) -> Event | None:
    """The latest move into the queue."""
    return next((event for event in reversed(events) if event.to_owner == ownership.QUEUE), None)
