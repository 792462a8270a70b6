"""What people do with a conversation: each public method is one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from . import guests, handoffs, handover, notices, ownership, statements, steps, tickets
from .models import Conversation, Message, Ticket, Turn
from .sessions import Sessions
from .steps import NotYours, Reply, now

# How far back a search for words reads: so much is read in a moment, however much is stored.
SEARCHED_MESSAGES = 50_000
OUTCOMES_LIMIT = 32


@dataclass(frozen=True)
class Found:
    """A conversation that a search has found; ``message`` is the one that holds the words."""

    conversation: Conversation
    message: Message | None


class AgentSide(Sessions):
    """The part of the store that serves agents and supervisors."""

    def take(self, conversation_id: str, agent_id: int | str, agent_name: str) -> None:
        """The agent takes the conversation from the queue or the bot, or comes back to one that was closed.

        The bot is silent from here on.

        Raises:
            UnknownConversation; IllegalMove: someone else has it already.
        """
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            given(session, conversation, "take", ownership.agent(agent_id), agent_id, agent_name)

    def assign(
        self, conversation_id: str, by_id: int | str, to_id: int | str, to_name: str, note: str | None = None
    ) -> None:
        """A supervisor gives a conversation that waits, or another agent's, to somebody (also to herself).

        Raises:
            UnknownConversation; IllegalMove: it is with the bot or closed, or hers already.
        """
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            given(session, conversation, "assign", ownership.agent(by_id), to_id, to_name, note)

    def say(self, conversation_id: str, agent_id: int | str, name: str, text: str, client_id: str) -> int:
        """Append the message of the agent, or of a guest; the same ``client_id`` again is the same message.

        Returns:
            The message's ``seq``.

        Raises:
            NotYours: the conversation does not belong to this agent (any more).
        """
        # Apart from a shopper's, which hold no such character: hers must not stand for the agent's.
        client_id = f"/{client_id}"
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            known = statements.seq_of(session, conversation_id, client_id)
            if known is not None:
                return known
            holds = conversation.owner == ownership.agent(agent_id)
            if not holds and not guests.is_one(session, conversation_id, agent_id):
                raise NotYours(conversation_id)
            said = Reply(text, sender="agent", name=name)
            return steps.append(session, conversation, said, client_id=client_id).seq

    def hand_back(
        self,
        conversation_id: str,
        agent_id: int | str,
        settled: str | None = None,
        outcome: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """The agent gives the conversation back to the bot; ``settled``: what was agreed. Raises NotYours."""
        with self.writing() as session:
            conversation = _held(session, conversation_id, agent_id)
            _tag(session, conversation, tags)
            steps.end(
                session,
                conversation,
                "hand_back",
                "handed_back",
                by=ownership.agent(agent_id),
                detail={"settled": settled} if settled else None,
                outcome=outcome or "handed_back",
            )

    def close(
        self,
        conversation_id: str,
        agent_id: int | str,
        outcome: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """The agent ends the service, which came to ``outcome``. Raises NotYours."""
        with self.writing() as session:
            conversation = _held(session, conversation_id, agent_id)
            _tag(session, conversation, tags)
            by = ownership.agent(agent_id)
            steps.end(session, conversation, "close", "closed", by=by, outcome=outcome or "closed")

    def transfer(
        self,
        conversation_id: str,
        agent_id: int | str,
        to_id: int | str,
        to_name: str,
        note: str | None = None,
    ) -> None:
        """The agent gives the conversation to a colleague, with a note for her.

        Raises:
            NotYours; IllegalMove: the colleague is the agent herself.
        """
        with self.writing() as session:
            conversation = _held(session, conversation_id, agent_id)
            given(session, conversation, "transfer", ownership.agent(agent_id), to_id, to_name, note)

    def requeue(
        self, conversation_id: str, agent_id: int | str, note: str | None = None, queue: str | None = None
    ) -> None:
        """The agent puts the conversation back into its queue or another, with a note for whoever takes it.

        Raises NotYours.
        """
        with self.writing() as session:
            conversation = _held(session, conversation_id, agent_id)
            put_back(session, conversation, ownership.agent(agent_id), "requeued", note=note, queue=queue)

    def put_back(
        self, conversation_id: str, by_id: int | str, note: str | None = None, queue: str | None = None
    ) -> None:
        """A supervisor puts anybody's conversation back into its queue or another.

        Raises:
            UnknownConversation; IllegalMove: no agent has it.
        """
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            put_back(session, conversation, ownership.agent(by_id), "requeued", note=note, queue=queue)

    def ask_rating(self, conversation_id: str, agent_id: int | str) -> None:
        """The agent asks for a rating while she still serves; at the end it is not asked again.

        Raises NotYours.
        """
        with self.writing() as session:
            conversation = _held(session, conversation_id, agent_id)
            served = steps.served(session, conversation)
            if served is None or steps.asked_since(session, conversation):
                return
            name = served[1] or ""
            notice = Reply(notices.text("rate_please", name=name), sender="system", names=(name,))
            steps.ask_rating(session, conversation, served, steps.append(session, conversation, notice))

    def delivered(self, conversation_id: str, seq: int) -> None:
        """The shopper's screen has the conversation up to ``seq``."""
        reached = (Conversation.id == conversation_id) & (Conversation.delivered_seq < seq)
        with self.writing() as session:
            session.execute(update(Conversation).where(reached).values(delivered_seq=seq))

    def owned(
        self, owners: Sequence[str] | None = None, limit: int = 100
    ) -> list[tuple[Conversation, Message | None]]:
        """Conversations of these owners (None: of any), each with its last message.

        With owners the longest waiting come first, without them the latest changed.
        """
        query = select(Conversation, Message).outerjoin(
            Message,
            (Message.conversation_id == Conversation.id) & (Message.seq == Conversation.last_seq),
        )
        if owners is None:
            query = query.where(Conversation.last_seq > 0).order_by(Conversation.updated_at.desc())
        else:
            query = query.where(Conversation.owner.in_(owners)).order_by(Conversation.owner_since)
        with self.reading() as session:
            return [(row[0], row[1]) for row in session.execute(query.limit(limit))]

    def of_customer(self, customer_id: str, limit: int = 10) -> list[Conversation]:
        """The customer's conversations in which something was said, the latest first."""
        query = select(Conversation).where(Conversation.customer_id == customer_id, Conversation.last_seq > 0)
        with self.reading() as session:
            return list(session.scalars(query.order_by(Conversation.updated_at.desc()).limit(limit)))

    def counts(self) -> dict[str, int]:
        """How many conversations wait in the queue or are with each agent, by owner."""
        with self.reading() as session:
            held = {ownership.agent(agent): count for agent, count in handoffs.loads(session).items()}
            waiting = select(Conversation.id).where(Conversation.owner == ownership.QUEUE)
            held[ownership.QUEUE] = len(session.scalars(waiting).all())
        return {owner: count for owner, count in held.items() if count}

    def search(self, words: str, limit: int = 30) -> list[Found]:
        """Conversations by id, customer, ticket number, or by words said lately, the latest first."""
        words = words.strip()[:64]
        if not words:
            return []
        with self.reading() as session:
            found = {each.id: Found(each, None) for each in _named(session, words, limit)}
            for conversation, message in _said(session, words, limit):
                found.setdefault(conversation.id, Found(conversation, message))
        return list(found.values())[:limit]


# -- steps ----------------------------------------------------------------------------------------------


def given(
    session: Session,
    conversation: Conversation,
    move: str,
    by: str,
    to_id: int | str,
    to_name: str,
    note: str | None = None,
) -> None:
    """The conversation comes to an agent, by whichever ``move``, and the shopper is told her name."""
    waited = (now() - conversation.owner_since).total_seconds()
    detail: dict[str, Any] = {"waited": waited} if conversation.owner == ownership.QUEUE else {}
    if note:
        detail["note"] = note
    steps.move(session, conversation, move, by=by, agent_id=to_id, detail=detail or None)
    session.execute(delete(Turn).where(Turn.conversation_id == conversation.id))
    notice = Reply(notices.text("taken", name=to_name), sender="system", names=(to_name,))
    steps.append(session, conversation, notice)


def put_back(
    session: Session,
    conversation: Conversation,
    by: str,
    notice: str,
    *,
    note: str | None = None,
    queue: str | None = None,
    reason: str | None = None,
) -> None:
    """An agent's conversation waits again, where it stood before she took it."""
    detail = {"note": note} if note else None
    steps.move(session, conversation, "requeue", by=by, reason=reason, detail=detail, queue=queue)
    steps.append(session, conversation, handover.queue_notice(session, conversation, notice))


def _held(session: Session, conversation_id: str, agent_id: int | str) -> Conversation:
    conversation = steps.locked(session, conversation_id)
    if conversation.owner != ownership.agent(agent_id):
        raise NotYours(conversation.id)
    return conversation


def _tag(session: Session, conversation: Conversation, tags: Sequence[str]) -> None:
    if tags and (handoff := handoffs.current(session, conversation.id)):
        handoff.tags = [tag[:OUTCOMES_LIMIT] for tag in tags][:20]


def _named(session: Session, words: str, limit: int) -> Sequence[Conversation]:
    which = [
        Conversation.id == words,
        Conversation.customer_id == words,
        Conversation.customer_name == words,
    ]
    if (ticket_id := tickets.id_of(words)) is not None:
        mine = select(Ticket.conversation_id).where(Ticket.id == ticket_id)
        which.append(Conversation.id == mine.scalar_subquery())
    query = select(Conversation).where(or_(*which)).order_by(Conversation.updated_at.desc())
    return session.scalars(query.limit(limit)).all()


def _said(session: Session, words: str, limit: int) -> Sequence[Any]:
    newest = select(Message.id).order_by(Message.id.desc()).limit(1).scalar_subquery()
    query = (
        select(Conversation, Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id > newest - SEARCHED_MESSAGES, Message.text.contains(words, autoescape=True))
        .order_by(Message.id.desc())
    )
    return session.execute(query.limit(limit * 3)).all()
