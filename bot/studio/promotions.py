"""What was promoted: who put which model in the place of which, when, why, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import NEVER_REUSE_IDS, Base
from bot.conversations.steps import now
from bot.conversations.store import Store

# Kinds.
PROMOTE, ROLLBACK = "promote", "rollback"
# Outcomes; None while it is under way.
LIVE, FAILED, INTERRUPTED = "live", "failed", "interrupted"


class Promotion(Base):
    """One promotion, or one way back. Models are named as the engine names them, without ``.tar.gz``."""

    __tablename__ = "promotion"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))  # agent:ID of the account, or cli:UID
    kind: Mapped[str] = mapped_column(String(16))
    from_model: Mapped[str] = mapped_column(String(128))
    to_model: Mapped[str] = mapped_column(String(128))
    sha256: Mapped[str | None] = mapped_column(String(64))
    why: Mapped[str | None] = mapped_column(Text)
    # What spoke against it and was overruled by ``why``.
    against: Mapped[list[str]]
    step: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(16))
    # Why it failed: ``code`` and ``values`` of ``promotion.Stopped``.
    problem: Mapped[dict[str, Any] | None]
    seconds: Mapped[float | None]

    __table_args__ = (NEVER_REUSE_IDS,)


class Promotions:
    """The history of one installation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, **values: Any) -> int:
        """Note that one is under way; its id."""
        with self._store.writing() as session:
            row = Promotion(at=now(), outcome=None, problem=None, seconds=None, sha256=None, **values)
            session.add(row)
            session.flush()
            return row.id

    def change(self, number: int, **values: Any) -> None:
        """Note how far it is, or what became of it."""
        with self._store.writing() as session:
            row = session.get_one(Promotion, number)
            for name, value in values.items():
                setattr(row, name, value)

    def latest(self, limit: int = 20) -> list[Promotion]:
        """The last, newest first."""
        with self._store.reading() as session:
            return list(session.scalars(select(Promotion).order_by(Promotion.id.desc()).limit(limit)))

    def last_live(self) -> Promotion | None:
        """The last that changed which model answers."""
        done = select(Promotion).where(Promotion.outcome == LIVE).order_by(Promotion.id.desc()).limit(1)
        with self._store.reading() as session:
            return session.scalars(done).first()

    def left(self) -> dict[str, Promotion]:
        """The models that were gone back from and not promoted again, each with the way back."""
        done = select(Promotion).where(Promotion.outcome == LIVE).order_by(Promotion.id)
        found: dict[str, Promotion] = {}
        with self._store.reading() as session:
            for row in session.scalars(done):
                # Who goes back to such a model takes the way back back, and has nothing against the other.
                undone = found.pop(row.to_model, None)
                if row.kind == ROLLBACK and undone is None:
                    found[row.from_model] = row
        return found

    def settle(self, answering: str | None, switched: tuple[str, ...]) -> None:
        """Note what became of those whose process died; call it only while none is under way.

        ``answering``: the model that was promoted last; ``switched``: the steps in which it may answer.
        """
        with self._store.writing() as session:
            for row in session.scalars(select(Promotion).where(Promotion.outcome.is_(None))):
                done = row.to_model == answering and row.step in switched
                row.outcome = LIVE if done else INTERRUPTED
