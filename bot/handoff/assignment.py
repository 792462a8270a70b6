"""Gives those who wait to the agents who have room: the longest waiting first, to the least loaded.

It runs again and again, so whatever frees a place (an end, a transfer, somebody coming online) is found.
Several processes may run it: agents are locked before conversations, and each claim looks once more.
"""

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.conversations import agent_side, handoffs, ownership, steps
from bot.conversations.models import Handoff
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import agents
from .models import Agent

AT_ONCE = 50  # of one transaction: nobody waits long for the database


def assign(store: Store) -> list[str]:
    """Give conversations away for as long as there is room; which they were, in their order.

    Whose deadline is over goes to anybody.
    """
    given: list[str] = []
    while some := _assign_some(store):
        given += some
    return given


def _assign_some(store: Store) -> list[str]:
    with store.reading() as session:
        if not session.scalar(select(exists().where(handoffs.WAITS))) or not _free(session):
            return []
    with store.writing() as session:
        return _match(session, _free(session, lock=True))


def _match(session: Session, free: list[Agent]) -> list[str]:
    there = list(session.scalars(select(Agent).where(agents.is_there())))
    loads = handoffs.loads(session)
    given: list[str] = []
    query = select(Handoff.conversation_id, Handoff.queue, Handoff.breached).where(handoffs.WAITS)
    for conversation_id, queue, late in session.execute(query.order_by(Handoff.rank_at, Handoff.id)).all():
        able = [agent for agent in free if late or _serves(agent, queue, there)]
        if not able:
            continue
        agent = min(able, key=lambda each: (loads.get(each.id, 0), _idle_since(each), each.id))
        conversation = steps.locked(session, conversation_id)
        if conversation.owner != ownership.QUEUE:
            continue  # it went elsewhere while we waited for its lock
        agent_side.given(session, conversation, "assign", "system", agent.id, agent.name)
        agent.assigned_at = now()
        given.append(conversation.id)
        loads[agent.id] = loads.get(agent.id, 0) + 1
        if loads[agent.id] >= agent.capacity:
            free.remove(agent)
        if not free or len(given) >= AT_ONCE:
            break
    return given


def _free(session: Session, lock: bool = False) -> list[Agent]:
    """Agents who are online, with a sign of life, and have room."""
    query = select(Agent).where(agents.is_there(), Agent.presence == "online").order_by(Agent.id)
    # Counted once they are locked: another process may just have given them somebody.
    online = session.scalars(query.with_for_update() if lock else query).all()
    loads = handoffs.loads(session)
    return [agent for agent in online if loads.get(agent.id, 0) < agent.capacity]


def _serves(agent: Agent, queue: str, there: Sequence[Agent]) -> bool:
    """Whether she serves this queue: by her skills, or because nobody who has them is there."""
    return _has(agent, queue) or not any(_has(each, queue) for each in there)


def _has(agent: Agent, queue: str) -> bool:
    return agent.skills is None or queue in agent.skills


def _idle_since(agent: Agent) -> float:
    return agent.assigned_at.timestamp() if agent.assigned_at else 0.0
