"""A desk at which a test begins, and which it leaves, as it found it."""

from collections.abc import Iterator

import pytest

from bot.conversations import ownership
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff import agents
from tests.stack import SOMEBODY, Running, somebody_there


@pytest.fixture
def desk(running: Running) -> Iterator[Store]:
    """The running stack's log; nobody waits, and nobody is at work but the one who takes nothing."""
    store = Store(connect(running.settings.database))
    _go_home(store)
    yield store
    _go_home(store)


@pytest.fixture
def nobody_there(running: Running, desk: Store) -> Iterator[None]:
    """Nobody at all is at the desk."""
    agents.force_offline(desk, SOMEBODY, SOMEBODY)
    yield
    somebody_there(running.settings)


def _go_home(store: Store) -> None:
    for agent in agents.all(store):
        if agent.id != SOMEBODY:
            agents.force_offline(store, agent.id, SOMEBODY)
    for conversation, _ in store.owned([ownership.QUEUE], 1000):
        store.end(conversation.id)
