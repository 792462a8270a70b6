"""The log's transactions: each public method is one, and what it returns is committed.

Writers lock first (``BEGIN IMMEDIATE`` on SQLite, ``FOR UPDATE`` on PostgreSQL), so a method may read,
decide and write without anyone in between.
"""

import math
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, null, select
from sqlalchemy.orm import Session

from . import (
    handoffs,
    handover,
    ownership,
    ratings,
    script,
    statements,
    steps,
    tickets,
)
from .agent_side import AgentSide
from .models import Attachment, Conversation, Event, Message, Note, Turn
from .steps import NotYours as NotYours
from .steps import Reply, UnknownConversation, now

TEXT_LIMIT = 2000
ANYBODY = ""  # no customer's id
UNSURE = ("nlu_fallback", "out_of_scope")
OWED_LIMIT = 60  # answers that one conversation may wait for


# The tables whose new rows readers are told of.
GROWING: tuple[type[Message | Event | Note], ...] = (Message, Event, Note)


class TooManyOwed(Exception):
    """The conversation must wait for its answers before it says more."""


class NotHers(Exception):
    """The conversation belongs to another customer, or to one by now."""


@dataclass(frozen=True)
class ClaimedTurn:
    """A turn that this process alone may answer until its lease runs out."""

    id: int
    lease_by: str
    conversation_id: str
    seq: int
    epoch: int
    owner: str
    channel: str
    customer: dict[str, Any] | None
    text: str | None
    payload: str | None
    attachment: str | None
    settled: str | None
    """What an agent noted as settled when last handing back."""
    service: int
    """Which service this is: 0, and another number after each reopening."""
    anew: bool
    """Whether this service began anew, long after the one before."""
    mood: str | None
    tickets: list[dict[str, Any]]
    """The shopper's own tickets, as cards."""

    @property
    def message_id(self) -> str:
        """The same for every try, so the engine acts once."""
        return f"{self.conversation_id}:{self.seq}"


@dataclass(frozen=True)
class State:
    """What a shopper may know of her conversation; ``wait`` in seconds, None where nothing is known."""

    customer_id: str | None
    """Whose conversation it is: for whoever serves it to compare, not to be shown."""
    owner: str
    position: int | None
    wait: int | None
    typing: str | None
    rating: dict[str, Any] | None = None
    """The service that she may rate now (``ratings.public``)."""


def _state(session: Session, conversation_id: str) -> State:
    found = statements.found(session, conversation_id)
    if found is None:
        raise UnknownConversation(conversation_id)
    if found.owner == ownership.QUEUE:
        position, wait = handover.prospects(session, conversation_id)
        return State(found.customer_id, "queue", position, wait, None)
    kind = ownership.kind(found.owner)
    typing = "bot" if kind == "bot" and found.owed else None
    rating = ratings.public(ratings.current(session, conversation_id)) if found.rated else None
    return State(found.customer_id, kind, None, None, typing, rating)


def public(message: Message | Row[Any]) -> dict[str, Any]:
    """The message as the web channel shows it (conversation contract)."""
    shown = {
        "seq": message.seq,
        "at": message.at.isoformat(),
        "from": message.sender,
        "name": message.name,
        "text": message.text,
        **(message.content or {}),
        "client_id": message.client_id if message.sender == "shopper" else None,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _claimed(
    session: Session, conversation: Conversation, message: Message, turn_id: int, lease_by: str
) -> ClaimedTurn:
    customer = None
    if conversation.customer_id:
        customer = {"id": conversation.customer_id, "name": conversation.customer_name, "verified": True}
    return ClaimedTurn(
        turn_id,
        lease_by,
        conversation.id,
        message.seq,
        conversation.epoch,
        conversation.owner,
        conversation.channel,
        customer,
        message.text,
        message.payload,
        (message.content or {}).get("attachment"),
        steps.settled(session, conversation.id),
        *steps.service(session, conversation.id),
        message.mood,
        tickets.hers(session, conversation.id, conversation.customer_id),
    )


class Store(AgentSide):
    """The message log in one database.

    A conversation that was closed at most ``reopen_within`` ago goes on with the shopper's next message.
    ``desk_rules`` say where a hand-over goes; without them there is one queue that is always served.
    """

    # -- shopper's side -------------------------------------------------------------------------------

    def begin(
        self,
        channel: str,
        customer_id: str | None,
        customer_name: str | None,
        customer_level: str | None = None,
    ) -> Conversation:
        """A new conversation, owned by the bot."""
        at = now()
        conversation = Conversation(
            id=secrets.token_hex(12),
            channel=channel,
            customer_id=customer_id,
            customer_name=customer_name,
            customer_level=customer_level,
            owner=ownership.BOT,
            owner_since=at,
            epoch=1,
            last_seq=0,
            created_at=at,
            updated_at=at,
        )
        with self.writing() as session:
            session.add(conversation)
        return conversation

    def conversation(self, conversation_id: str) -> Conversation:
        """Raises UnknownConversation."""
        with self.reading() as session:
            found = session.get(Conversation, conversation_id)
        if found is None:
            raise UnknownConversation(conversation_id)
        return found

    def receive(
        self,
        conversation_id: str,
        client_id: str,
        text: str | None = None,
        payload: str | None = None,
        attachment: str | None = None,
    ) -> int:
        """Append the shopper's message and, unless a human answers, the turn that owes its answer.

        Args:
            client_id: chosen by the sender; the same one again is the same message.
            text: what was typed, or
            payload: what a button offered.
            attachment: id of a picture of this conversation, with a text or by itself.

        Returns:
            The message's ``seq``.

        Raises:
            UnknownConversation, UnknownPayload, UnknownAttachment;
            TooManyOwed: answers to earlier messages are still owed.
        """
        return self.receive_and_claim(conversation_id, client_id, text, payload, attachment)[0]

    def receive_and_claim(
        self,
        conversation_id: str,
        client_id: str,
        text: str | None,
        payload: str | None,
        attachment: str | None,
        lease_by: str | None = None,
        lease_seconds: float = 0,
        customer_id: str | None = ANYBODY,
    ) -> tuple[int, ClaimedTurn | None]:
        """``receive``, and under a lease the turn as well, unless others come before it.

        Raises:
            NotHers: the conversation is not this customer's (None: not a visitor's); and as ``receive``.
        """
        written_in = script.written_in(text) if text else None
        mood = self.rules.mood(text) if text else None
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            if customer_id not in (ANYBODY, conversation.customer_id):
                raise NotHers(conversation_id)
            known = statements.seq_of(session, conversation_id, client_id)
            if known is not None:
                return known, None
            owed = statements.owed(session, conversation_id)
            if owed >= OWED_LIMIT:
                raise TooManyOwed(conversation_id)
            payload = payload or handover.typed(session, conversation, text)
            if payload is not None:
                text = handover.title(session, conversation, payload)
            steps.reopen(session, conversation, self._reopen_within)
            if written_in and written_in != conversation.script:
                statements.change(session, conversation, script=written_in)
            picture = steps.attachment(session, conversation_id, attachment) if attachment else None
            shown = Reply(text, attachment=attachment, sender="shopper")
            more = {"client_id": client_id, "payload": payload, "mood": mood}
            message = steps.append(session, conversation, shown, **more)
            if picture and picture.seq is None:
                picture.seq = message.seq
            if payload and handover.take_up(session, conversation, payload, self._reopen_within):
                return message.seq, None
            if ownership.kind(conversation.owner) in ("bot", "queue"):
                if owed or not steps.has_room(session, conversation):
                    lease_by = None
                until = now() + timedelta(seconds=lease_seconds) if lease_by else None
                turn_id = statements.owe(session, conversation_id, message.seq, lease_by, until)
                if lease_by:
                    return message.seq, _claimed(session, conversation, message, turn_id, lease_by)
            return message.seq, None

    def receive_unread(self, conversation_id: str, client_id: str, text: str) -> int | None:
        """Note what the shopper sent and no bot can read, where people serve her or are waited for.

        Returns:
            The message's ``seq``; None where there is only the bot, and nothing was noted.

        Raises:
            UnknownConversation
        """
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            known = statements.seq_of(session, conversation_id, client_id)
            if known is not None or conversation.owner in (ownership.BOT, ownership.CLOSED):
                return known
            shown = Reply(text, sender="shopper")
            return steps.append(session, conversation, shown, client_id=client_id).seq

    def seq_of(self, conversation_id: str, client_id: str) -> int | None:
        """The message that was already received under this id, if any."""
        with self.reading() as session:
            return statements.seq_of(session, conversation_id, client_id)

    def ask_human(self, conversation_id: str) -> None:
        """The shopper asks for a person; nothing changes where one is coming or here already."""
        with self.writing() as session:
            handover.ask_human(session, steps.locked(session, conversation_id), self._reopen_within)

    def end(self, conversation_id: str) -> None:
        """The shopper ends the service; nothing changes where it has ended."""
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            if conversation.owner != ownership.CLOSED:
                steps.end(
                    session, conversation, "close", "closed_by_shopper", by="shopper", outcome="shopper"
                )

    def bind_customer(
        self,
        conversation_id: str,
        customer_id: str,
        customer_name: str | None,
        customer_level: str | None = None,
    ) -> None:
        """An anonymous visitor has signed in: the conversation is hers from now on."""
        with self.writing() as session:
            conversation = steps.locked(session, conversation_id)
            if conversation.customer_id is None:
                conversation.customer_id, conversation.customer_name = customer_id, customer_name
                conversation.customer_level = customer_level
                tickets.belong(session, conversation)

    def messages(self, conversation_id: str, after: int = 0, limit: int = 100) -> list[Message]:
        """Messages with ``seq > after``, oldest first, at most ``limit``."""
        query = select(Message).where(Message.conversation_id == conversation_id, Message.seq > after)
        with self.reading() as session:
            return list(session.scalars(query.order_by(Message.seq).limit(limit)))

    def news(
        self, conversation_id: str, after: int, limit: int = 100
    ) -> tuple[Sequence[Message | Row[Any]], State]:
        """Messages with ``seq > after``, oldest first, at most ``limit``, and the state of that moment.

        Raises UnknownConversation.
        """
        with self.reading() as session:
            return statements.behind(session, conversation_id, after, limit), _state(session, conversation_id)

    def state(self, conversation_id: str) -> State:
        """Who owns the conversation now, and what waiting means. Raises UnknownConversation."""
        with self.reading() as session:
            return _state(session, conversation_id)

    def owes(self, conversation_id: str, seq: int | None = None) -> bool:
        """Whether the bot still owes the answer to message ``seq``, or to any."""
        query = select(Turn.id).where(Turn.conversation_id == conversation_id).limit(1)
        with self.reading() as session:
            return session.scalar(query if seq is None else query.where(Turn.seq == seq)) is not None

    def attach(self, conversation_id: str, attachment_id: str, type: str, size: int) -> None:
        """A picture of the conversation is kept under this id. Raises UnknownConversation."""
        with self.writing() as session:
            steps.locked(session, conversation_id)
            session.add(
                Attachment(
                    id=attachment_id,
                    conversation_id=conversation_id,
                    type=type,
                    size=size,
                    created_at=now(),
                )
            )

    def attachment(self, attachment_id: str) -> Attachment | None:
        """The picture of this id, of whichever conversation."""
        with self.reading() as session:
            return session.get(Attachment, attachment_id)

    def forget_unused_attachments(self, before: datetime) -> None:
        """Drop the pictures from before this moment that no message shows."""
        with self.writing() as session:
            session.execute(
                delete(Attachment).where(Attachment.seq.is_(None), Attachment.created_at < before)
            )

    # -- turns ----------------------------------------------------------------------------------------

    def claim_turn(self, lease_by: str, lease_seconds: float) -> ClaimedTurn | None:
        """Take the oldest turn that nobody answers, first in first out within a conversation."""
        # Twice the time, as two machines' clocks differ.
        at = {"now": now(), "furthest": now() + timedelta(seconds=2 * lease_seconds)}
        with self.reading() as session:
            if not statements.any_open(session, **at) or session.scalar(steps.claimable(), at) is None:
                return None
        with self.writing() as session:
            while turn := session.scalar(steps.claimable(lock=True), at):
                conversation = steps.locked(session, turn.conversation_id)
                if ownership.kind(conversation.owner) not in ("bot", "queue"):
                    session.delete(turn)
                    session.flush()
                    continue
                turn.lease_by, turn.lease_until = lease_by, now() + timedelta(seconds=lease_seconds)
                message = session.scalars(
                    select(Message).where(
                        Message.conversation_id == turn.conversation_id, Message.seq == turn.seq
                    )
                ).one()
                return _claimed(session, conversation, message, turn.id, lease_by)
        return None

    def release_turn(self, turn: ClaimedTurn) -> None:
        """Let anybody answer the turn, in its place, if it is still this process's."""
        with self.writing() as session:
            statements.release_turn(session, turn.id, turn.lease_by)

    def finish_turn(
        self,
        turn: ClaimedTurn,
        replies: Sequence[Reply],
        understanding: dict[str, Any] | None = None,
        model: str | None = None,
        handoff: dict[str, Any] | None = None,
    ) -> bool:
        """Append the answer and end the turn, if the turn is still this process's and its epoch holds.

        When the owner changed meanwhile, nothing is said: a human's presence ends the turn, a mere move
        into or out of the queue puts it back to be answered anew.

        Returns:
            Whether the answer stands in the log.
        """
        with self.writing() as session:
            try:
                conversation = steps.locked(session, turn.conversation_id)
            except UnknownConversation:
                # Erased while the engine answered, which has begun to remember it anew.
                steps.forget(session, turn.conversation_id)
                return False
            holds = conversation.epoch == turn.epoch
            if not holds and ownership.kind(conversation.owner) in ("bot", "queue"):
                statements.release_turn(session, turn.id, turn.lease_by)
                return False
            if not statements.end_turn(session, turn.id, turn.lease_by) or not holds:
                return False
            statements.understood(
                session, turn.conversation_id, turn.seq, understanding=understanding, model=model
            )
            if turn.text and not turn.payload and conversation.owner == ownership.BOT:
                tickets.add_if_waited_for(session, conversation, turn.text, understanding)
            for reply in replies:
                steps.append(session, conversation, reply, reply_to=turn.seq)
            if conversation.owner == ownership.BOT and not handoff:
                handoff = self._early(session, conversation, turn, understanding)
            if handoff and conversation.owner == ownership.BOT:
                reason = str(handoff.get("reason", "asked_for_human"))
                handover.hand_over(
                    session, conversation, by="bot", reason=reason, detail=handoff, reply_to=turn.seq
                )
            return True

    def _early(
        self,
        session: Session,
        conversation: Conversation,
        turn: ClaimedTurn,
        understanding: dict[str, Any] | None,
    ) -> dict[str, Any] | None:
        """The hand-over of a shopper who has lost her patience with the bot."""
        if turn.mood is None:
            return None
        unsure = (understanding or {}).get("intent") in UNSURE
        felt = handoffs.moods(session, conversation)
        return {"reason": "negative_emotion"} if self.rules.early(felt, unsure) else None

    def waiting_reply(self, conversation_id: str) -> Reply:
        """The notice for a shopper in the queue whose question the bot leaves to the agent.

        Raises UnknownConversation.
        """
        with self.reading() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise UnknownConversation(conversation_id)
            return handover.queue_notice(session, conversation, "still_waiting")

    # -- the log as staff read it ----------------------------------------------------------------------

    def events(self, conversation_id: str) -> list[Event]:
        """The changes of ownership, oldest first."""
        query = select(Event).where(Event.conversation_id == conversation_id).order_by(Event.id)
        with self.reading() as session:
            return list(session.scalars(query))

    # -- growth ---------------------------------------------------------------------------------------

    def heads(self) -> tuple[int, ...]:
        """The growing ids of the log: last message, last event, last note."""
        newest = [select(func.max(table.id)).scalar_subquery() for table in GROWING]
        with self.reading() as session:
            return tuple(id or 0 for id in session.execute(select(*newest)).one())

    def grown(
        self, table: type[Message | Event | Note], after: int, among: Collection[int]
    ) -> dict[int, tuple[str, float]]:
        """Of each row with an id beyond ``after`` or ``among`` these: its conversation and ``seq``.

        What has none is endless.
        """
        seq = Message.seq if table is Message else null()
        query = select(table.id, table.conversation_id, seq).where((table.id > after) | table.id.in_(among))
        with self.reading() as session:
            return {
                row[0]: (row[1], math.inf if row[2] is None else row[2]) for row in session.execute(query)
            }
