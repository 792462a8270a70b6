"""What is known of each service at a glance, so that a year's figures need not read a year's messages.

All of it is made from the log (gathering.py) and can be made anew; it is erased with its conversation.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import NEVER_REUSE_IDS, Base

KEY_LIMIT = 60


class Service(Base):
    """One service: from a shopper's first words to the next close. What she reopens is another one."""

    __tablename__ = "service"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    # The id of the event that opened it; 0: the conversation's first. The turns have the same number.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The same for all services of a customer; of a visitor, those of one conversation.
    who: Mapped[str] = mapped_column(String(72))
    # The shopper's first message in it.
    first_seq: Mapped[int]
    began_at: Mapped[datetime]
    # As a date of the shop (2026-11-23).
    day: Mapped[str] = mapped_column(String(10))
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(16))  # answered, handed_over, unanswered
    # Why people were called first; None while they were not.
    reason: Mapped[str | None] = mapped_column(String(64))
    # From the shopper's first message to the bot's first answer; None while there is none.
    bot_ms: Mapped[int | None]
    # When the same shopper's next service began.
    next_at: Mapped[datetime | None]
    # Until when she would return with the same matter.
    return_until: Mapped[datetime]

    __table_args__ = (Index("ix_service_began", "began_at"), Index("ix_service_who", "who", "began_at"))


class Reading(Base):
    """What was read in a service: an intent once, and each wording that the bot was unsure of once."""

    __tablename__ = "service_reading"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    number: Mapped[int]
    # As the service's.
    began_at: Mapped[datetime]
    intent: Mapped[str] = mapped_column(String(128))
    # The same for wordings that differ in case, width and punctuation only; None: the bot was sure.
    wording: Mapped[str | None] = mapped_column(String(KEY_LIMIT))
    # The first message that was read so.
    seq: Mapped[int]

    __table_args__ = (
        Index("ix_service_reading_service", "conversation_id", "number"),
        Index("ix_service_reading_began", "began_at", "intent", "wording"),
        Index("ix_service_reading_wording", "wording", "began_at"),
        NEVER_REUSE_IDS,
    )


class Gathered(Base):
    """How far the log was gathered; one row."""

    __tablename__ = "service_gathered"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # What has changed before this moment is in the tables above.
    until: Mapped[datetime]
