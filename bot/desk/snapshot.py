"""What the board shows at one moment: conversations, colleagues and tickets, as lists tell them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Row:
    """One conversation in a list; what the hand-over says is None where no human serves or is waited for."""

    id: str
    name: str | None
    channel: str
    owner: str
    owner_since: datetime
    level: str | None
    last_seq: int
    last_at: datetime
    last_from: str | None
    last_text: str | None
    unanswered: tuple[int, ...]
    """What the shopper has said since somebody last spoke to her, by ``seq``."""
    mood: str | None
    queue: str | None
    reason: str | None
    waits_since: datetime | None
    answered: bool
    due: datetime | None
    warned: bool
    breached: bool
    breaches: int


@dataclass(frozen=True)
class Colleague:
    """A member of staff who has worked here; ``alive``: her desk gives signs of life."""

    id: int
    name: str
    presence: str
    since: datetime
    alive: bool
    capacity: int
    skills: tuple[str, ...] | None

    @property
    def there(self) -> bool:
        """Whether shoppers may count on her."""
        return self.alive and self.presence in ("online", "busy")


@dataclass(frozen=True)
class TicketRow:
    """One ticket in a list; ``owner`` is an account's id."""

    id: int
    number: str
    title: str
    state: str
    queue: str
    owner: int | None
    due: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class Snapshot:
    """``waiting`` as they will be served; ``held`` by owner; ``names`` of staff by owner.

    ``tickets`` are those that are open, what is due first at the front.
    """

    waiting: list[Row] = field(default_factory=list)
    held: dict[str, list[Row]] = field(default_factory=dict)
    latest: list[Row] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    agents: dict[int, Colleague] = field(default_factory=dict)
    tickets: list[TicketRow] = field(default_factory=list)
