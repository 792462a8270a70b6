"""What every message asks of the database, in statements that are made once.

The mapped objects' way takes several times as long, and at hundreds of messages a second this is most of
what a front does. They see what the session has not flushed as little as any other connection would.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import BindParameter, Row, Table, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from .models import Conversation, Event, Message, Rating, Turn

_conversations, _messages, _turns, _events, _ratings = (
    cast(Table, table.__table__) for table in (Conversation, Message, Turn, Event, Rating)
)
_CONVERSATION, _MESSAGE, _TURN, _EVENT = _conversations.c, _messages.c, _turns.c, _events.c
_MINE: BindParameter[str] = bindparam("conversation")

_SAID = select(_MESSAGE.seq).where(
    _MESSAGE.conversation_id == _MINE, _MESSAGE.client_id == bindparam("client")
)
_OWED = select(func.count()).where(_TURN.conversation_id == _MINE)
_IN_WORK = (
    select(func.count())
    .join_from(_turns, _conversations, _CONVERSATION.id == _TURN.conversation_id)
    .where(_CONVERSATION.customer_id == bindparam("customer"), _TURN.lease_until > bindparam("now"))
)
_OPEN = select(
    exists().where(
        _TURN.lease_until.is_(None) | ~_TURN.lease_until.between(bindparam("now"), bindparam("furthest"))
    )
)
_INSERT_MESSAGE = insert(_messages)
_INSERT_TURN = insert(_turns).returning(_TURN.id)
_CHANGE = update(_conversations).where(_CONVERSATION.id == _MINE)
_END_TURN = delete(_turns).where(_TURN.id == bindparam("turn"), _TURN.lease_by == bindparam("by"))
_RELEASE_TURN = (
    update(_turns)
    .where(_TURN.id == bindparam("turn"), _TURN.lease_by == bindparam("by"))
    .values(lease_by=None, lease_until=None)
)
_UNDERSTOOD = update(_messages).where(_MESSAGE.conversation_id == _MINE, _MESSAGE.seq == bindparam("asked"))
_BEHIND = (
    select(_messages)
    .where(_MESSAGE.conversation_id == _MINE, _MESSAGE.seq > bindparam("after"))
    .order_by(_MESSAGE.seq)
    .limit(bindparam("most"))
)
_FOUND = select(
    _CONVERSATION.id,
    _CONVERSATION.customer_id,
    _CONVERSATION.owner,
    _CONVERSATION.owner_since,
    exists().where(_TURN.conversation_id == _CONVERSATION.id).label("owed"),
    exists().where(_ratings.c.conversation_id == _CONVERSATION.id).label("rated"),
).where(_CONVERSATION.id == _MINE)
_LAST_MOVE = (
    select(_EVENT.id, _EVENT.at, _EVENT.move, _EVENT.detail)
    .where(_EVENT.conversation_id == _MINE, _EVENT.move.in_(bindparam("moves", expanding=True)))
    .order_by(_EVENT.id.desc())
    .limit(1)
)


def seq_of(session: Session, conversation_id: str, client_id: str) -> int | None:
    """The message that was already received under this id, if any."""
    values = {"conversation": conversation_id, "client": client_id}
    return session.connection().execute(_SAID, values).scalar()


def owed(session: Session, conversation_id: str) -> int:
    """How many answers the bot still owes in this conversation."""
    return int(session.connection().execute(_OWED, {"conversation": conversation_id}).scalar_one())


def in_work(session: Session, customer_id: str, now: datetime) -> int:
    """How many turns of the customer, in all her conversations, are being answered."""
    return int(session.connection().execute(_IN_WORK, {"customer": customer_id, "now": now}).scalar_one())


def any_open(session: Session, now: datetime, furthest: datetime) -> bool:
    """Whether there is a turn that nobody answers, though it may have to wait for others."""
    return bool(session.connection().execute(_OPEN, {"now": now, "furthest": furthest}).scalar_one())


def change(session: Session, conversation: Conversation, **values: Any) -> None:
    """Write these values of the conversation at once; there is nothing left to flush of them."""
    session.connection().execute(_CHANGE, {"conversation": conversation.id, **values})
    for name, value in values.items():
        set_committed_value(conversation, name, value)


def append(session: Session, **values: Any) -> Message:
    """A new line of the log; the session does not know it."""
    session.connection().execute(_INSERT_MESSAGE, values)
    return Message(**values)


def owe(session: Session, conversation_id: str, seq: int, by: str | None, until: datetime | None) -> int:
    """A new turn, leased already or not; its id."""
    values = {"conversation_id": conversation_id, "seq": seq, "lease_by": by, "lease_until": until}
    return int(session.connection().execute(_INSERT_TURN, values).scalar_one())


def end_turn(session: Session, turn_id: int, lease_by: str) -> bool:
    """Delete the turn, if it is held under this name; whether it was."""
    return session.connection().execute(_END_TURN, {"turn": turn_id, "by": lease_by}).rowcount == 1


def release_turn(session: Session, turn_id: int, lease_by: str) -> None:
    """Let anybody answer the turn, if it is held under this name."""
    session.connection().execute(_RELEASE_TURN, {"turn": turn_id, "by": lease_by})


def understood(session: Session, conversation_id: str, seq: int, **values: Any) -> None:
    """Note with the shopper's message what the bot made of it."""
    session.connection().execute(_UNDERSTOOD, {"conversation": conversation_id, "asked": seq, **values})


def behind(session: Session, conversation_id: str, after: int, limit: int) -> list[Row[Any]]:
    """The rows of ``message`` with ``seq > after``, oldest first."""
    values = {"conversation": conversation_id, "after": after, "most": limit}
    return list(session.connection().execute(_BEHIND, values))


def found(session: Session, conversation_id: str) -> Any:
    """Whose it is, who owns it since when, whether an answer is ``owed`` and a service was ever ``rated``.

    None where there is no such conversation.
    """
    return session.connection().execute(_FOUND, {"conversation": conversation_id}).one_or_none()


def last_move(session: Session, conversation_id: str, moves: Sequence[str]) -> Any:
    """``id``, ``at``, ``move`` and ``detail`` of the last of these moves, if there was any."""
    return session.connection().execute(_LAST_MOVE, {"conversation": conversation_id, "moves": moves}).first()
