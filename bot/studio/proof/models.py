"""Tables of the comparisons and of what admins think of their changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import NEVER_REUSE_IDS, Base


class Comparison(Base):
    """A candidate beside the model that serves; ``report`` names messages and holds no word of a shopper."""

    __tablename__ = "comparison"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    candidate: Mapped[str] = mapped_column(String(128))
    current: Mapped[str] = mapped_column(String(128))
    # Of the archives that were compared: a model of the same name may be another later.
    candidate_sha256: Mapped[str] = mapped_column(String(64))
    current_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # waiting, running, done, failed, cancelled
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    # When the process that compares was last heard of.
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cancel: Mapped[bool] = mapped_column(Boolean, default=False)
    progress: Mapped[dict[str, Any] | None]
    report: Mapped[dict[str, Any] | None]
    # Whether it may be promoted; None while that is not known.
    verdict: Mapped[bool | None]
    # Why not, as rules.Reason.
    reasons: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    # Why there is no report, in one sentence.
    problem: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_comparison_models", "candidate", "current", "id"),
        Index("ix_comparison_state", "state", "id"),
        NEVER_REUSE_IDS,
    )


class Judgement(Base):
    """What an admin thinks of one changed outcome; ``key`` stands for the text, which it does not tell."""

    __tablename__ = "comparison_judgement"

    comparison_id: Mapped[int] = mapped_column(ForeignKey("comparison.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    judged: Mapped[str] = mapped_column(String(8))  # better, worse, same
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
