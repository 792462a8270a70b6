"""The table of trainings."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import NEVER_REUSE_IDS, Base

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OPEN = (RUNNING, QUEUED)


class Training(Base):
    """One training, from the wish to its end."""

    __tablename__ = "training"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    # Of the data that is to be trained.
    commit_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    # Who asked for it; without an account from the terminal.
    account_id: Mapped[int | None]
    by: Mapped[str] = mapped_column("asked_by", String(64))
    asked_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # Who wants it to end before its time.
    cancelled_by: Mapped[str | None] = mapped_column(String(64))
    step: Mapped[str | None] = mapped_column(String(120))
    # From 0 to 1; None where no training before told how long each step takes.
    share: Mapped[float | None]
    seconds_left: Mapped[float | None]
    # What the trainer said, its last part.
    log: Mapped[str] = mapped_column(Text, default="")
    # Name of the archive without its ending.
    model: Mapped[str | None] = mapped_column(String(128))
    # False: there was a model of the same data and code already.
    fresh: Mapped[bool | None]
    # Why there is no model (outcomes.py), and what there is to say of it.
    failure: Mapped[str | None] = mapped_column(String(32))
    detail: Mapped[str | None] = mapped_column(Text)
    # How often it was begun: again where a worker ended over it.
    attempts: Mapped[int] = mapped_column(default=0)
    lease_by: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]

    __table_args__ = (
        # One runs and one waits, whoever asks at once.
        Index(
            "ux_training_open",
            "state",
            unique=True,
            sqlite_where=text("state in ('queued', 'running')"),
            postgresql_where=text("state in ('queued', 'running')"),
        ),
        NEVER_REUSE_IDS,
    )
