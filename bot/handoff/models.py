"""Tables of the desk's agents."""

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import Base


class Agent(Base):
    """An agent at work: whether she is there, and what she takes on. ``id`` is that of her account."""

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # As shoppers see it.
    name: Mapped[str] = mapped_column(String(64))
    presence: Mapped[str] = mapped_column(String(16))  # online, busy, away, offline
    since: Mapped[datetime]
    # When her desk was last heard of.
    seen_at: Mapped[datetime]
    # Conversations at once.
    capacity: Mapped[int]
    # The queues she serves; None: every one.
    skills: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # When she was last given a conversation.
    assigned_at: Mapped[datetime | None]
