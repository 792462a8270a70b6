"""The desk in a few lines: whom each conversation must belong to, who is there, whom anybody may serve."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.handoff import agents, desk_rules
from tests.handoff.conftest import Clock

WORST_FIRST = ("angry", "unhappy", "hurried", None)
NEVER = datetime.max


@dataclass(eq=False)
class Chat:
    id: str
    level: str | None
    owner: str = "bot"
    since: datetime = NEVER
    moods: list[str | None] = field(default_factory=list)
    wanted: list[str | None] = field(default_factory=list)
    # Of the service by people that goes on:
    number: int = 0
    at: datetime = NEVER
    reason: str | None = None
    queue: str = ""
    mood: str | None = None
    due: datetime | None = None
    late: bool = False

    def heard(self, mood: str | None, wanted: str | None = None) -> None:
        """A word of the shopper's."""
        self.moods.append(mood)
        self.wanted.append(wanted)

    def answered(self) -> None:
        self.due, self.late = None, False

    @property
    def agent(self) -> int | None:
        return int(self.owner[6:]) if self.owner.startswith("agent:") else None

    @property
    def by_people(self) -> bool:
        return self.owner == "queue" or self.agent is not None

    @property
    def rank(self) -> datetime:
        start = desk_rules.current().head_start
        seconds = (
            start.reasons.get(self.reason or "", 0)
            + start.moods.get(self.mood or "", 0)
            + start.levels.get(self.level or "", 0)
        )
        return self.at - timedelta(seconds=seconds)


@dataclass(eq=False)
class Person:
    id: int
    since: datetime
    seen: datetime
    capacity: int
    presence: str = "offline"
    skills: list[str] | None = None
    desk_open: bool = False


class Model:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.chats: list[Chat] = []
        self.people: dict[int, Person] = {}
        self._numbers = count(1)

    @property
    def now(self) -> datetime:
        return self.clock.at

    # -- what happens ---------------------------------------------------------------------------------

    def hand_over(self, chat: Chat, reason: str, queue: str) -> bool:
        """Whether anybody was there for it; else a ticket stands for the service."""
        if not self.there():
            self.move(chat, "bot")
            return False
        self._begin(chat, reason, queue)
        self.move(chat, "queue")
        return True

    def to_agent(self, chat: Chat, agent: int) -> None:
        if not chat.by_people:
            self._begin(chat, None, "general")
        self.move(chat, f"agent:{agent}")

    def requeue(self, chat: Chat, queue: str | None = None) -> None:
        chat.queue = queue or chat.queue
        self._due(chat, "first")
        self.move(chat, "queue")

    def move(self, chat: Chat, owner: str) -> None:
        chat.owner, chat.since = owner, self.now

    def said(self, chat: Chat, mood: str | None) -> None:
        """By the shopper."""
        chat.heard(mood)
        if chat.owner == "closed":
            self.move(chat, "bot")
        if chat.agent and chat.due is None:
            self._due(chat, "next")
        if chat.by_people:
            chat.mood = _worst(chat.mood, mood)

    def be(self, agent: int, presence: str) -> Person:
        """Also of somebody who was never at the desk."""
        new = Person(agent, self.now, self.now, desk_rules.current().capacity)
        person = self.people.setdefault(agent, new)
        if person.presence != presence:
            person.presence, person.since = presence, self.now
        return person

    # -- what is so -----------------------------------------------------------------------------------

    def waiting(self) -> list[Chat]:
        """In the order they are to be served in."""
        waiting = [chat for chat in self.chats if chat.owner == "queue"]
        return sorted(waiting, key=lambda chat: (chat.rank, chat.number))

    def held(self, agent: int) -> list[Chat]:
        return [chat for chat in self.chats if chat.agent == agent]

    def load(self, agent: int) -> int:
        return len(self.held(agent))

    def there(self) -> list[Person]:
        """On whom shoppers may count."""
        working = [each for each in self.people.values() if each.presence in ("online", "busy")]
        return [each for each in working if self.ago(each.seen) < agents.STALE]

    def able(self, chat: Chat) -> list[int]:
        """Who may be given the conversation now."""
        there = self.there()
        skilled = [each for each in there if each.skills is None or chat.queue in each.skills]
        whoever = there if chat.late or not skilled else skilled
        return [
            each.id for each in whoever if each.presence == "online" and self.load(each.id) < each.capacity
        ]

    def lost(self, chat: Chat) -> bool:
        """Whether its agent has been away from the desk beyond the grace time."""
        if chat.agent is None or self.ago(chat.since) <= agents.GRACE:
            return False
        person = self.people.get(chat.agent)
        return person is None or (person.presence == "offline" and self.ago(person.since) >= agents.GRACE)

    def ago(self, at: datetime) -> timedelta:
        return self.now - at

    def _begin(self, chat: Chat, reason: str | None, queue: str) -> None:
        chat.number, chat.at, chat.reason, chat.queue = next(self._numbers), self.now, reason, queue
        chat.mood = _worst(*chat.moods[-6:], None)
        self._due(chat, "first")

    def _due(self, chat: Chat, which: str) -> None:
        rules = desk_rules.current()
        seconds = getattr(rules.queues[chat.queue], which) * rules.levels.get(chat.level or "", 1)
        chat.due, chat.late = self.now + timedelta(seconds=seconds), False


def _worst(*moods: str | None) -> str | None:
    return min(moods, key=WORST_FIRST.index)
