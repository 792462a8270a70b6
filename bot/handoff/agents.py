"""The agents at work: who is there, what each takes on, what becomes of her conversations when she goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import Session

from bot.conversations import agent_side, handoffs, ownership, steps
from bot.conversations.models import Conversation, Handoff
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.conversations.tickets import UNCHANGED, Unchanged

from . import desk_rules
from .models import Agent

# online: conversations come by themselves; busy: only what she picks; away: keeps what she has.
PRESENCES = ("online", "busy", "away", "offline")
BEAT = 10.0  # seconds between two signs of life of a desk
STALE = timedelta(seconds=35)  # without a sign of life nobody is given anything
GRACE = timedelta(seconds=90)  # without a sign of life her conversations are given to others


class OpenChats(Exception):
    """The agent cannot go offline before her conversations have gone elsewhere."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} conversations are still open")
        self.count = count


class UnknownAgent(Exception):
    """Nobody of this id has ever been at the desk."""


def come(store: Store, agent_id: int, name: str, presence: str = "online") -> Agent:
    """The agent begins (or goes on) with this presence, under this name."""
    with store.writing() as session:
        agent = session.get(Agent, agent_id, with_for_update=True)
        if agent is None:
            capacity = desk_rules.current().capacity
            agent = Agent(id=agent_id, name=name, presence="offline", capacity=capacity, since=now())
            session.add(agent)
        agent.name, agent.seen_at = name, now()
        _be(agent, presence)
        return agent


def be_there(store: Store, agent_id: int, name: str) -> None:
    """She serves somebody: whoever was not there is busy now."""
    with store.reading() as session:
        agent = session.get(Agent, agent_id)
    if agent is None or agent.presence == "offline":
        come(store, agent_id, name, "busy")


def seen(store: Store, agent_id: int) -> None:
    """A sign of life of her desk; every ``BEAT`` seconds."""
    with store.writing() as session:
        session.execute(update(Agent).where(Agent.id == agent_id).values(seen_at=now()))


def set_presence(store: Store, agent_id: int, presence: str) -> Agent:
    """Change how far she is there.

    Raises:
        UnknownAgent; OpenChats: she cannot go offline with conversations of hers; ValueError.
    """
    if presence not in PRESENCES:
        raise ValueError(f"A presence is one of {', '.join(PRESENCES)}")
    with store.writing() as session:
        agent = _locked(session, agent_id)
        if presence == "offline" and (count := len(_held(session, agent_id))):
            raise OpenChats(count)
        agent.seen_at = now()
        _be(agent, presence)
        return agent


def leave(store: Store, agent_id: int, to: int | None = None, to_name: str = "") -> list[str]:
    """Her conversations go to a colleague, or back to their queues (``to`` None), and she is offline.

    Gives the conversations. Raises UnknownAgent.
    """
    with store.writing() as session:
        agent = _locked(session, agent_id)
        moved = []
        for conversation in _held(session, agent_id):
            by = ownership.agent(agent_id)
            if to is None:
                agent_side.put_back(session, conversation, by, "requeued", reason="shift_end")
            else:
                agent_side.given(session, conversation, "transfer", by, to, to_name)
            moved.append(conversation.id)
        _be(agent, "offline")
        return moved


def force_offline(store: Store, agent_id: int, by_id: int) -> list[str]:
    """A supervisor sends an agent offline; her conversations go back to their queues, and are given here.

    Raises UnknownAgent.
    """
    with store.writing() as session:
        return _drop(session, _locked(session, agent_id), ownership.agent(by_id), "forced_offline")


def dismiss(store: Store, agent_id: int, by: str) -> list[str]:
    """Whoever may be at the desk no longer is offline; her conversations, given here, wait again."""
    with store.writing() as session:
        agent = session.get(Agent, agent_id, with_for_update=True)
        moved = _put_back(session, agent_id, by, "account_disabled")
        if agent is not None:
            _be(agent, "offline")
        return moved


def drop_vanished(store: Store) -> list[str]:
    """Those whose desk has given no sign of life for ``GRACE`` are offline; who they served waits again.

    Gives the conversations that changed.
    """
    at = now()
    gone = (Agent.presence != "offline") & (Agent.seen_at < at - GRACE)
    with store.reading() as session:
        vanished = session.scalars(select(Agent.id).where(gone)).all()
        lost = session.scalars(_without_agent(at)).all()
    if not vanished and not lost:
        return []
    moved = []
    with store.writing() as session:
        for agent in session.scalars(select(Agent).where(gone).order_by(Agent.id).with_for_update()):
            moved += _drop(session, agent, "system", "agent_gone")
        for conversation_id in session.scalars(_without_agent(at)).all():
            conversation = steps.locked(session, conversation_id)
            if ownership.kind(conversation.owner) == "agent":
                agent_side.put_back(session, conversation, "system", "agent_gone", reason="agent_gone")
                moved.append(conversation_id)
    return moved


def configure(
    store: Store,
    agent_id: int,
    *,
    capacity: int | None = None,
    skills: Sequence[str] | Unchanged | None = UNCHANGED,
) -> Agent:
    """How many conversations she has at once, and from which queues (None: every one).

    Raises:
        UnknownAgent; ValueError: no such queue, or no number from 0 to 50.
    """
    if capacity is not None and not 0 <= capacity <= 50:
        raise ValueError("A capacity is a number from 0 to 50")
    if not isinstance(skills, Unchanged) and set(skills or ()) - set(desk_rules.queues()):
        raise ValueError(f"The queues are {', '.join(desk_rules.queues())}")
    with store.writing() as session:
        agent = _locked(session, agent_id)
        agent.capacity = agent.capacity if capacity is None else capacity
        if not isinstance(skills, Unchanged):
            agent.skills = None if skills is None else list(skills)
        return agent


def all(store: Store) -> list[Agent]:
    """Everybody who was ever at the desk, by id."""
    with store.reading() as session:
        return list(session.scalars(select(Agent).order_by(Agent.id)))


def there(agent: Agent) -> bool:
    """Whether shoppers may count on her: online or busy, with a fresh sign of life."""
    return agent.presence in ("online", "busy") and agent.seen_at > now() - STALE


# -- steps ----------------------------------------------------------------------------------------------


def is_there() -> ColumnElement[bool]:
    """``there`` as a condition."""
    return Agent.presence.in_(("online", "busy")) & (Agent.seen_at > now() - STALE)


def anybody_there(session: Session) -> bool:
    """Whether anybody is at the desk for shoppers."""
    return bool(session.scalar(select(exists().where(is_there()))))


def _be(agent: Agent, presence: str) -> None:
    if agent.presence != presence:
        agent.presence, agent.since = presence, now()


def _locked(session: Session, agent_id: int) -> Agent:
    agent = session.get(Agent, agent_id, with_for_update=True)
    if agent is None:
        raise UnknownAgent(str(agent_id))
    return agent


def _held(session: Session, agent_id: int) -> list[Conversation]:
    """Her conversations, locked."""
    mine = select(Conversation.id).where(Conversation.owner == ownership.agent(agent_id))
    held = []
    for conversation_id in session.scalars(mine.order_by(Conversation.id)).all():
        conversation = steps.locked(session, conversation_id)
        if conversation.owner == ownership.agent(agent_id):
            held.append(conversation)
    return held


def _drop(session: Session, agent: Agent, by: str, reason: str) -> list[str]:
    moved = _put_back(session, agent.id, by, reason)
    _be(agent, "offline")
    return moved


def _put_back(session: Session, agent_id: int, by: str, reason: str) -> list[str]:
    moved = []
    for conversation in _held(session, agent_id):
        agent_side.put_back(session, conversation, by, "agent_gone", reason=reason)
        moved.append(conversation.id)
    return moved


def _without_agent(at: datetime) -> Select[str]:
    """Conversations whose agent is offline, or was never at the desk, for longer than the grace time."""
    known = select(Agent.id).where((Agent.presence != "offline") | (Agent.since > at - GRACE))
    return (
        select(Handoff.conversation_id)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .where(
            handoffs.GOES_ON,
            Handoff.agent_id.is_not(None),
            Handoff.agent_id.not_in(known),
            Conversation.owner_since < at - GRACE,
        )
        .order_by(Handoff.conversation_id)
    )
