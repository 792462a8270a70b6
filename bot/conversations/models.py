"""Tables of the message log."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# A growing id must never stand for two rows, even after the newest was deleted.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON(none_as_null=True)}  # noqa: RUF012


class Conversation(Base):
    """One conversation: who takes part, who owns it now, and how far its log has grown."""

    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    customer_id: Mapped[str | None] = mapped_column(String(64), index=True)
    customer_name: Mapped[str | None] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(32))
    owner_since: Mapped[datetime]
    # Raised by every change of owner: an append that carries an older epoch is refused.
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    # The script that the shopper last wrote in, as ISO 15924 calls it; None while nothing told it.
    script: Mapped[str | None] = mapped_column(String(4))
    # Since when everybody waits for the shopper's word; None while she waits for somebody's, or all is over.
    quiet_since: Mapped[datetime | None]
    reminded: Mapped[bool] = mapped_column(default=False)
    # Whether an outbox delivers this conversation to somebody.
    pushed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_conversation_owner", "owner", "owner_since"),
        Index("ix_conversation_updated", "updated_at"),
        Index("ix_conversation_quiet", "quiet_since"),
    )


class Message(Base):
    """One line of the log. ``id`` grows over all conversations, ``seq`` within one, without gaps."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(String(8))  # shopper, bot, agent, system
    name: Mapped[str | None] = mapped_column(String(64))
    text: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[str | None] = mapped_column(Text)
    # What a message shows beside its text: buttons, card, cards, attachment.
    content: Mapped[dict[str, Any] | None]
    client_id: Mapped[str | None] = mapped_column(String(64))
    # The seq of the shopper's message that this one answers.
    reply_to: Mapped[int | None]
    understanding: Mapped[dict[str, Any] | None]
    model: Mapped[str | None] = mapped_column(String(128))

    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_id"),
        NEVER_REUSE_IDS,
    )


class Attachment(Base):
    """A picture that a shopper has uploaded; its bytes are a file of this name (attachments.py)."""

    __tablename__ = "attachment"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    type: Mapped[str] = mapped_column(String(16))
    size: Mapped[int]
    created_at: Mapped[datetime]
    # The first message that shows it; None while none does.
    seq: Mapped[int | None]

    __table_args__ = (Index("ix_attachment_unused", "seq", "created_at"),)


class Turn(Base):
    """A shopper's message that the bot still owes an answer; gone once answered."""

    __tablename__ = "turn"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    seq: Mapped[int]
    lease_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("conversation_id", "seq"), NEVER_REUSE_IDS)


class Event(Base):
    """One change of ownership: which move, from whom to whom, by whom and why."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    at: Mapped[datetime]
    move: Mapped[str] = mapped_column(String(16))
    from_owner: Mapped[str] = mapped_column(String(32))
    to_owner: Mapped[str] = mapped_column(String(32))
    epoch: Mapped[int]
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(64))
    # Facts of the moment: the engine's handoff, or the seconds a shopper waited.
    detail: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("ix_event_move", "move", "id"), NEVER_REUSE_IDS)


class Rating(Base):
    """A service that has ended: who served, and what the shopper thinks of it once she has said so."""

    __tablename__ = "rating"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    # As an owner: bot, agent:ID.
    served_by: Mapped[str] = mapped_column(String(32))
    served_name: Mapped[str | None] = mapped_column(String(64))
    # The last message of the service.
    seq: Mapped[int]
    asked_at: Mapped[datetime]
    score: Mapped[int | None]
    comment: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_rating_served", "served_by", "rated_at"), NEVER_REUSE_IDS)


class Delivery(Base):
    """How far a receiver that must be pushed to has the log; ``next_at`` is None while nothing is owed."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    receiver: Mapped[str] = mapped_column(String(128))
    seq: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    lease_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("conversation_id", "receiver"), NEVER_REUSE_IDS)


class Audit(Base):
    """What was done to people's data, without any of it: who did what when, and how much it was."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any] | None]

    __table_args__ = (NEVER_REUSE_IDS,)


class Erasure(Base):
    """What the engine shall forget: a conversation that was erased, or one that goes on without its old part.

    The id leads to nobody: nothing else is kept under it. Those erased stay listed as long as a backup may
    bring them back.
    """

    __tablename__ = "erasure"

    conversation_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    goes_on: Mapped[bool]
    # When the engine is to be told (again); None once it holds nothing for good.
    next_at: Mapped[datetime | None] = mapped_column(index=True)
