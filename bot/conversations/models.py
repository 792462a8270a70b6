"""Tables of the message log, and of what people do with its conversations."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
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
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON(none_as_null=True), list[str]: JSON}  # noqa: RUF012


class Conversation(Base):
    """One conversation: who takes part, who owns it now, and how far its log has grown."""

    __tablename__ = "conversation"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    customer_id: Mapped[str | None] = mapped_column(String(64), index=True)
    customer_name: Mapped[str | None] = mapped_column(String(64))
    # As the shop calls it: gold, vip.
    customer_level: Mapped[str | None] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(32))
    owner_since: Mapped[datetime]
    # Raised by every change of owner: an append that carries an older epoch is refused.
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    # The script that the shopper last wrote in, as ISO 15924 calls it; None while nothing told it.
    script: Mapped[str | None] = mapped_column(String(4))
    # How far the shopper's screen was seen to have the log, while a human serves her.
    delivered_seq: Mapped[int] = mapped_column(Integer, default=0)
    # Since when everybody waits for the shopper's word; None while she waits for somebody's, or all is over.
    quiet_since: Mapped[datetime | None]
    reminded: Mapped[bool] = mapped_column(default=False)
    # Whether an outbox delivers this conversation to somebody.
    pushed: Mapped[bool] = mapped_column(default=False)
    # Whether the bot gives way to people at a desk of the channel's own, not at ours.
    outside_desk: Mapped[bool] = mapped_column(default=False)
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
    # Of a shopper's words; None: calm.
    mood: Mapped[str | None] = mapped_column(String(16))
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


_GOES_ON = "ended_at IS NULL"


def _index(name: str, *columns: str, only: str, unique: bool = False) -> Index:
    """An index of some rows: of those that matter while most have ended."""
    return Index(name, *columns, unique=unique, sqlite_where=text(only), postgresql_where=text(only))


class Handoff(Base):
    """One service by people, from the hand-over (or an agent's taking over) to its end."""

    __tablename__ = "handoff"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    at: Mapped[datetime]
    # None where an agent took over without being asked for.
    reason: Mapped[str | None] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(32))
    # The worst of the shopper's moods in this service; None: calm.
    mood: Mapped[str | None] = mapped_column(String(16))
    # The earliest is served first: the moment since when she waits, less the head start she has.
    rank_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    agent_id: Mapped[int | None]
    first_answer_at: Mapped[datetime | None]
    # When the agent's next word is due; None while it is the shopper's turn.
    answer_due: Mapped[datetime | None]
    # What was done about the deadline that runs.
    warned: Mapped[bool] = mapped_column(default=False)
    breached: Mapped[bool] = mapped_column(default=False)
    breaches: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(32))
    tags: Mapped[list[str]] = mapped_column(default=list)

    __table_args__ = (
        _index("ix_handoff_open", "conversation_id", unique=True, only=_GOES_ON),
        _index("ix_handoff_due", "answer_due", only=_GOES_ON),
        _index("ix_handoff_agent", "agent_id", only=_GOES_ON),
        _index("ix_handoff_waiting", "queue", "rank_at", only=f"{_GOES_ON} AND taken_at IS NULL"),
        Index("ix_handoff_taken", "queue", "taken_at"),
        Index("ix_handoff_at", "at"),
        NEVER_REUSE_IDS,
    )


class Note(Base):
    """What staff say to each other beside a conversation; it never reaches the shopper."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    at: Mapped[datetime]
    # It stands after this message.
    after_seq: Mapped[int]
    # As an owner, or system.
    by: Mapped[str] = mapped_column(String(32))
    name: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))  # note, whisper, breach
    text: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_note_once", "conversation_id", "client_id", unique=True),
        NEVER_REUSE_IDS,
    )


class Guest(Base):
    """A colleague whom the agent asked to join; gone when she leaves or the service ends."""

    __tablename__ = "guest"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Ticket(Base):
    """What could not be solved at once: a state, somebody to do it, and a time by when."""

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    customer_id: Mapped[str | None] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16))  # open, in_progress, waiting, resolved, closed
    queue: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(128))
    text: Mapped[str | None] = mapped_column(Text)
    # The agent who sees to it.
    owner: Mapped[int | None]
    due: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    client_id: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_ticket_state", "state", "due"),
        Index("ix_ticket_once", "conversation_id", "client_id", unique=True),
        NEVER_REUSE_IDS,
    )


class TicketEvent(Base):
    """One line of a ticket's history."""

    __tablename__ = "ticket_event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    at: Mapped[datetime]
    # As an owner; shopper, bot or system.
    by: Mapped[str] = mapped_column(String(32))
    name: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))  # opened, state, owner, due, note, added, reopened
    detail: Mapped[dict[str, Any] | None]
    client_id: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_ticket_event_once", "ticket_id", "client_id", unique=True),
        NEVER_REUSE_IDS,
    )


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

    __table_args__ = (
        Index("ix_rating_served", "served_by", "rated_at"),
        Index("ix_rating_rated", "rated_at"),
        NEVER_REUSE_IDS,
    )


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


class Allowance(Base):
    """So many messages may be sent to the shopper until then, because she did something of this kind."""

    __tablename__ = "allowance"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    left: Mapped[int]
    until: Mapped[datetime]


class Webhook(Base):
    """An address that is told of events: of which, how far it was told, and how it fares."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    url: Mapped[str] = mapped_column(String(2000))
    # Patterns of event names, such as conversation.*
    events: Mapped[list[str]]
    # Whether it may lie within one's own network, and do without TLS.
    internal: Mapped[bool]
    # Its secret is made of this and the installation's.
    salt: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    # Since when it has taken nothing; None while all is well.
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    # Up to here each source was looked through for good.
    event_id: Mapped[int]
    ticket_event_id: Mapped[int]
    rated_until: Mapped[datetime]

    __table_args__ = (NEVER_REUSE_IDS,)


class WebhookDelivery(Base):
    """What a webhook is told; ``next_at`` is None once it was."""

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    # The row that it tells of, such as event-17: the same to all webhooks and with each try.
    source: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("webhook_id", "source"),
        Index("ix_webhook_delivery_due", "webhook_id", "next_at"),
        Index("ix_webhook_delivery_conversation", "conversation_id", "webhook_id", "id"),
        NEVER_REUSE_IDS,
    )


class Audit(Base):
    """What was done to people's data, without any of it: who did what when, and how much it was."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("ix_audit_by", "by", "id"),
        Index("ix_audit_action", "action", "id"),
        Index("ix_audit_by_action", "by", "action", "id"),
        NEVER_REUSE_IDS,
    )


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
