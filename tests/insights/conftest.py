"""What the tests of the figures share: the clock that stands still, and the tables made anew."""

from datetime import UTC, datetime

from sqlalchemy import delete, update

from bot.conversations.store import Store
from bot.insights.models import Gathered, Reading, Service
from tests.handoff.conftest import Clock
from tests.handoff.conftest import clock as clock

__all__ = ["Clock"]


def begin_anew(store: Store) -> None:
    """Nothing was gathered yet, as docs/figures.md has it done by hand."""
    with store.writing() as session:
        session.execute(delete(Reading))
        session.execute(delete(Service))
        session.execute(update(Gathered).values(until=datetime(1970, 1, 2, tzinfo=UTC)))
