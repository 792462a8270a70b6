"""The steps that transactions are made of; each works in the caller's session on a locked conversation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from . import handoffs, notices, ownership, script, statements
from .models import Attachment, Conversation, Delivery, Erasure, Event, Message, Rating, Turn

OFFERED_WITHIN = 50  # a button older than this many messages can no longer be chosen
AT_ONCE_OF_ONE = 4  # turns of one customer in all her conversations, so that others are answered too


_LOCKED = (
    select(Conversation)
    .where(Conversation.id == bindparam("conversation"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


class UnknownConversation(Exception):
    """There is no such conversation."""


class UnknownPayload(Exception):
    """The payload was not offered by a button of this conversation."""


class NotYours(Exception):
    """The conversation does not belong to this agent (any more)."""


class UnknownAttachment(Exception):
    """The attachment is not one of this conversation."""


@dataclass(frozen=True)
class Reply:
    """What somebody says: text and, beside it, buttons, a card or several cards, an attachment's id.

    ``names`` are the people named in it, whose names stay as they are in any script.
    """

    text: str | None = None
    buttons: Sequence[dict[str, str]] = ()
    card: dict[str, Any] | None = None
    cards: Sequence[dict[str, Any]] = ()
    attachment: str | None = None
    sender: str = "bot"
    name: str | None = None
    names: Sequence[str] = ()

    @property
    def content(self) -> dict[str, Any] | None:
        parts = {
            "buttons": list(self.buttons),
            "card": self.card,
            "cards": list(self.cards),
            "attachment": self.attachment,
        }
        return {k: v for k, v in parts.items() if v} or None


def now() -> datetime:
    return datetime.now(UTC)


def locked(session: Session, conversation_id: str) -> Conversation:
    conversation = session.scalar(_LOCKED, {"conversation": conversation_id})
    if conversation is None:
        raise UnknownConversation(conversation_id)
    return conversation


def append(session: Session, conversation: Conversation, reply: Reply, **more: Any) -> Message:
    """The log holds what the shopper saw: bot and system speak in the script that she writes.

    ``more`` are other members of the message. It is written at once, and the session does not know it.
    """
    text, content = reply.text, reply.content
    if conversation.script == script.HANT and reply.sender in ("bot", "system"):
        text, content = script.traditional([text, content], reply.names)
    at = now()
    statements.change(
        session,
        conversation,
        last_seq=conversation.last_seq + 1,
        updated_at=at,
        **_listening(conversation, reply.sender, at),
    )
    if ownership.kind(conversation.owner) in ("agent", "queue"):
        handoffs.spoken(session, conversation, reply.sender, more.get("mood"), at)
    if conversation.pushed:
        owed = (Delivery.conversation_id == conversation.id) & Delivery.next_at.is_(None)
        session.execute(update(Delivery).where(owed).values(next_at=at))
    return statements.append(
        session,
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        at=at,
        sender=reply.sender,
        name=reply.name,
        text=text,
        content=content,
        **more,
    )


def _listening(conversation: Conversation, speaker: str, at: datetime) -> dict[str, Any]:
    """Whose word is waited for now; what the service itself says changes nothing."""
    if speaker == "shopper":
        # What people outside answer is not heard here: hers is the last word that is known.
        outside = conversation.owner == ownership.OUTSIDE
        return {"quiet_since": at if outside else None, "reminded": False}
    if speaker == "agent" or (speaker == "bot" and conversation.owner == ownership.BOT):
        return {"quiet_since": at, "reminded": False}
    return {}


def move(
    session: Session,
    conversation: Conversation,
    move: str,
    *,
    by: str,
    agent_id: int | str | None = None,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
    outcome: str | None = None,
    queue: str | None = None,
) -> None:
    """``outcome`` is how a service by people has ended, ``queue`` the one that the shopper comes into."""
    before = conversation.owner
    conversation.owner = ownership.next_owner(before, move, agent_id)
    conversation.owner_since = conversation.updated_at = now()
    conversation.epoch += 1
    conversation.reminded = False
    quiet = conversation.owner in (ownership.BOT, ownership.OUTSIDE)
    conversation.quiet_since = conversation.owner_since if quiet else None
    session.add(
        Event(
            conversation_id=conversation.id,
            at=conversation.owner_since,
            move=move,
            from_owner=before,
            to_owner=conversation.owner,
            epoch=conversation.epoch,
            by=by,
            reason=reason,
            detail=detail,
        )
    )
    if move == "hand_over":
        handoffs.begin(session, conversation, reason, queue or handoffs.GENERAL, conversation.owner_since)
    else:
        handoffs.moved(session, conversation, conversation.owner_since, outcome, queue)


def reopen(session: Session, conversation: Conversation, within: timedelta) -> None:
    """A closed conversation goes on, or begins anew when it was closed longer than ``within`` ago."""
    if conversation.owner == ownership.CLOSED:
        recent = now() - conversation.owner_since <= within
        move(session, conversation, "reopen" if recent else "renew", by="shopper")


def end(
    session: Session,
    conversation: Conversation,
    how: str,
    notice: str,
    *,
    by: str,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
    outcome: str | None = None,
) -> None:
    """A service ends by the move ``how``; whoever served may be rated, unless she was asked already."""
    who = served(session, conversation)
    asked = who and who[0] != ownership.BOT and asked_since(session, conversation)
    move(session, conversation, how, by=by, reason=reason, detail=detail, outcome=outcome)
    last = append(session, conversation, Reply(notices.text(notice), sender="system"))
    if who and not asked:
        ask_rating(session, conversation, who, last)
    session.execute(delete(Turn).where(Turn.conversation_id == conversation.id))


def ask_rating(
    session: Session, conversation: Conversation, served: tuple[str, str | None], last: Message
) -> None:
    """The shopper may rate the service up to its message ``last``."""
    session.add(
        Rating(
            conversation_id=conversation.id,
            served_by=served[0],
            served_name=served[1],
            seq=last.seq,
            asked_at=last.at,
        )
    )


def asked_since(session: Session, conversation: Conversation) -> bool:
    """Whether the shopper was asked for her rating in the service by people that goes on."""
    handoff = handoffs.current(session, conversation.id)
    asked = (Rating.conversation_id == conversation.id) & (Rating.served_by != ownership.BOT)
    last = session.scalar(select(func.max(Rating.asked_at)).where(asked))
    return handoff is not None and last is not None and last >= handoff.at


def served(session: Session, conversation: Conversation) -> tuple[str, str | None] | None:
    """Who served lately, as an owner and a name; None where nobody has said anything."""
    speaker = "agent" if ownership.kind(conversation.owner) == "agent" else "bot"
    began = _last(session, conversation.id, "reopen", "renew", "hand_back")
    query = select(Message.name).where(
        Message.conversation_id == conversation.id,
        Message.seq > conversation.last_seq - OFFERED_WITHIN,
        Message.sender == speaker,
    )
    if began:
        query = query.where(Message.at >= began.at)
    spoke = session.execute(query.order_by(Message.seq.desc()).limit(1)).first()
    if spoke is None:
        return None
    return (conversation.owner, spoke.name) if speaker == "agent" else (ownership.BOT, None)


def offered_title(session: Session, conversation: Conversation, payload: str) -> str:
    """What the button of this payload says. Raises UnknownPayload: none was offered lately."""
    for title, offer in offered(session, conversation):
        if offer == payload:
            return title
    raise UnknownPayload(payload)


def offered(session: Session, conversation: Conversation) -> Iterator[tuple[str, str]]:
    """The buttons offered lately as (title, payload), the newest first."""
    recent = select(Message.content).where(
        Message.conversation_id == conversation.id,
        Message.sender != "shopper",
        Message.seq > conversation.last_seq - OFFERED_WITHIN,
    )
    for content in session.scalars(recent.order_by(Message.seq.desc())):
        for button in (content or {}).get("buttons", []):
            yield str(button["title"]), button["payload"]


def attachment(session: Session, conversation_id: str, attachment_id: str) -> Attachment:
    found = session.get(Attachment, attachment_id, with_for_update=True)
    if found is None or found.conversation_id != conversation_id:
        raise UnknownAttachment(attachment_id)
    return found


def has_room(session: Session, conversation: Conversation) -> bool:
    """Whether one more turn of this customer may be answered at once, which ``claimable`` asks as well."""
    hers = conversation.customer_id
    return hers is None or statements.in_work(session, hers, now()) < AT_ONCE_OF_ONE


@cache
def claimable(lock: bool = False) -> Select[Turn]:
    """The turn to be answered next, as of ``:now``.

    A lease beyond ``:furthest`` was given by a clock that was wrong: it holds nothing. To ``lock`` the turn
    and its conversation waits for nobody who has either.
    """
    at: BindParameter[datetime] = bindparam("now")
    furthest: BindParameter[datetime] = bindparam("furthest")
    earlier, other, elsewhere = aliased(Turn), aliased(Turn), aliased(Conversation)
    hers = (
        select(func.count())
        .select_from(other)
        .join(elsewhere, elsewhere.id == other.conversation_id)
        .where(elsewhere.customer_id == Conversation.customer_id, other.lease_until.between(at, furthest))
        .scalar_subquery()
    )
    query = (
        select(Turn)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(
            Turn.lease_until.is_(None) | ~Turn.lease_until.between(at, furthest),
            ~exists().where(earlier.conversation_id == Turn.conversation_id, earlier.seq < Turn.seq),
            Conversation.customer_id.is_(None) | (hers < AT_ONCE_OF_ONE),
        )
        .order_by(Turn.id)
        .limit(1)
    )
    return query.with_for_update(of=(Turn, Conversation), skip_locked=True) if lock else query


def settled(session: Session, conversation_id: str) -> str | None:
    """What an agent noted as settled when last handing the conversation back."""
    last = _last(session, conversation_id, "hand_back")
    return (last.detail or {}).get("settled") if last else None


def service(session: Session, conversation_id: str) -> tuple[int, bool]:
    """Which service of the conversation this is, and whether it began anew.

    The first is 0; each reopening makes it another number.
    """
    last = _last(session, conversation_id, "reopen", "renew")
    return (last.id, last.move == "renew") if last else (0, False)


def _last(session: Session, conversation_id: str, *moves: str) -> Any:
    session.flush()
    return statements.last_move(session, conversation_id, moves)


def forget(session: Session, conversation_id: str, *, goes_on: bool = False) -> None:
    """The engine shall forget the conversation, which was erased or ``goes_on`` without its old part."""
    at = now()
    session.merge(Erasure(conversation_id=conversation_id, at=at, goes_on=goes_on, next_at=at))
