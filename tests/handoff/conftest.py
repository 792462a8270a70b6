"""What the tests of the human desk share: a store under the desk's rules, and a clock that stands still."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.conversations import notices, steps
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff.hours import ZONE
from bot.handoff.routing import Routing


class Clock:
    """The time of the service; it goes on only when told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 10, tzinfo=ZONE)  # a Monday

    def now(self, tz: tzinfo) -> datetime:
        return self.at.astimezone(tz)

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (steps, notices):
        monkeypatch.setattr(module, "datetime", clock)
    return clock


@pytest.fixture
def desk(database: Engine) -> Store:
    return Store(database, desk_rules=Routing())


@pytest.fixture
def other(database_url: str) -> Iterator[Store]:
    """The desk as another process sees it."""
    engine = connect(database_url)
    yield Store(engine, desk_rules=Routing())
    engine.dispose()


def last(store: Store, conversation: str) -> str:
    """What was last said in the conversation."""
    return store.messages(conversation, limit=1000)[-1].text or ""


def shown(store: Store, conversation: str) -> dict[str, Any]:
    """The card that was last shown there."""
    cards = [(m.content or {}).get("card") for m in store.messages(conversation, limit=1000)]
    return next(card for card in reversed(cards) if card)
