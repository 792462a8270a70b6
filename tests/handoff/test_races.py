"""Many agents grab for the same conversations: each is owned once, and who is late is told at once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from bot.conversations import handoffs
from bot.conversations.database import connect
from bot.conversations.ownership import IllegalMove
from bot.conversations.store import Store
from bot.handoff import agents, assignment, queue
from bot.handoff.routing import Routing

AGENTS = range(1, 21)
PROCESSES = 5  # which the agents share, each with connections of its own


@pytest.fixture
def stores(database_url: str) -> Iterator[list[Store]]:
    with ExitStack() as stack:
        engines = [connect(database_url) for _ in range(PROCESSES)]
        for engine in engines:
            stack.callback(engine.dispose)
        yield [Store(engine, desk_rules=Routing()) for engine in engines]


def wait(store: Store, number: int) -> list[str]:
    """Shoppers wait for people, one of whom is at the desk."""
    agents.come(store, 99, "班长", "busy")
    waiting = [store.begin("web", None, None).id for _ in range(number)]
    for conversation in waiting:
        store.ask_human(conversation)
    return waiting


def grab(store: Store, agent: int, conversations: list[str], start: Barrier) -> Counter[str]:
    """Those she got; whoever is late hears so, and of nothing else."""
    got: Counter[str] = Counter()
    start.wait()
    for conversation in conversations:
        try:
            queue.claim(store, conversation, agent, f"客服{agent}")
        except IllegalMove:
            continue
        got[conversation] += 1
    return got


@pytest.mark.parametrize(("number", "assigners"), [(100, 0), (40, 2)])
def test_each_conversation_is_owned_once(stores: list[Store], number: int, assigners: int) -> None:
    store = stores[0]
    conversations = wait(store, number)
    for agent in AGENTS:
        agents.come(store, agent, f"客服{agent}", "online" if assigners and agent <= 10 else "busy")
    start = Barrier(len(AGENTS) + assigners)

    def assign(here: Store) -> list[str]:
        start.wait()
        return assignment.assign(here)

    with ThreadPoolExecutor(len(AGENTS) + assigners) as pool:
        grabbing = {
            agent: pool.submit(grab, stores[agent % PROCESSES], agent, conversations, start)
            for agent in AGENTS
        }
        assigning = [pool.submit(assign, stores[number]) for number in range(assigners)]
        got = {agent: grabbed.result(timeout=60) for agent, grabbed in grabbing.items()}
        given = [conversation for each in assigning for conversation in each.result(timeout=60)]

    owners = {conversation: store.conversation(conversation).owner for conversation in conversations}
    for agent, hers in got.items():
        assert all(owners[conversation] == f"agent:{agent}" for conversation in hers)
    assert Counter(given) + sum(got.values(), Counter()) == Counter(conversations), "each was won once"
    assert {each: service.agent_id for each, service in handoffs.open(store).items()} == {
        conversation: int(owner[6:]) for conversation, owner in owners.items()
    }
    for conversation in conversations:
        moves = [event.move for event in store.events(conversation)]
        assert moves in (["hand_over", "take"], ["hand_over", "assign"])
