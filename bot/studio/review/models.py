"""Tables of the review inbox. What was said stays in the log, and goes with it."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import NEVER_REUSE_IDS, Base, Message

OPEN, DONE, IGNORED = "open", "done", "ignored"
BY_FILES = "by_files"
"""The kind of a decision that nobody made in the inbox: the sentence stands in the files."""

_OPEN = text("state = 'open'")


class Item(Base):
    """A turn to be reviewed: a shopper's message, and why."""

    __tablename__ = "review_item"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]
    at: Mapped[datetime]
    # Of the flags of due.Why.
    why: Mapped[int]
    # The same for texts that differ in nothing that matters (words.key).
    text_key: Mapped[str] = mapped_column(String(16))
    # Alike ones have that of the first of them.
    group_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(8), default=OPEN)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("review_decision.id"))

    __table_args__ = (
        # Retention deletes single messages.
        ForeignKeyConstraint(
            ["conversation_id", "seq"], [Message.conversation_id, Message.seq], ondelete="CASCADE"
        ),
        UniqueConstraint("conversation_id", "seq"),
        # All that the list of groups reads.
        Index("ix_review_item_open", "group_id", "at", "why", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_review_item_key", "text_key", "id"),
        Index("ix_review_item_group", "group_id", "id"),
        Index("ix_review_item_decision", "decision_id"),
        NEVER_REUSE_IDS,
    )


class Decision(Base):
    """What somebody decided on some of a group's texts, and the commit of the data that wrote it."""

    __tablename__ = "review_decision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    # As the accounts know her; 0 from the command line or the files.
    by: Mapped[int]
    by_name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))  # intent, topic, new_topic, out_of_scope, ignore, by_files
    # The intent, or faq/TOPIC.
    target: Mapped[str | None] = mapped_column(String(128))
    group_id: Mapped[int]
    turns: Mapped[int]
    # None where nothing was written.
    commit_id: Mapped[str | None] = mapped_column(String(64))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (Index("ix_review_decision_group", "group_id"), NEVER_REUSE_IDS)


class Progress(Base):
    """How far the log was looked through; one row."""

    __tablename__ = "review_progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Raised with each look that noted something.
    looks: Mapped[int] = mapped_column(default=0)
    # Up to these ids the log was looked through for good.
    message_id: Mapped[int] = mapped_column(default=0)
    event_id: Mapped[int] = mapped_column(default=0)
    rated_until: Mapped[datetime]
