"""What the channel remembers of its shoppers: conversations, the buttons they see, passive replies."""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversations import outbox, ownership
from bot.conversations.models import Conversation, Message
from bot.conversations.steps import locked, now
from bot.conversations.store import Store

from .models import Begun, Button, PassiveReply, User

CHANNEL = "wechat"
BUTTONS_LAST = timedelta(days=2)
REPLIES_LAST = timedelta(hours=1)  # WeChat asks again within 15 seconds


class Transfer(Enum):
    """Says that a message's reply hands it to WeChat's own desk."""

    YES = 0


TRANSFER: Final = Transfer.YES


@dataclass(frozen=True)
class Shopper:
    """A shopper of one account, by her openid, and her conversation."""

    account: str
    openid: str
    conversation_id: str
    outside_desk: bool = False
    """Whether people are found at WeChat's own desk (``Conversation.outside_desk``)."""

    @property
    def receiver(self) -> str:
        """Under which name the outbox delivers to her."""
        return f"{CHANNEL}:{self.account}:{self.openid}"


def of_receiver(receiver: str) -> tuple[str, str]:
    """The account and the openid that ``Shopper.receiver`` names."""
    _, account, openid = receiver.split(":", 2)
    return account, openid


class Book:
    """Reads and writes the channel's tables. Every method is one transaction or a few."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- shoppers ------------------------------------------------------------------------------------------

    def shopper(self, account: str, openid: str) -> Shopper:
        """The shopper, who has a conversation from her first message on."""
        known = self.known(account, openid)
        if known:
            return known
        conversation = self._store.begin(CHANNEL, None, None)
        shopper = Shopper(account, openid, conversation.id)
        outbox.subscribe(self._store, conversation.id, shopper.receiver, after=0)
        try:
            with self._store.writing() as session:
                session.add(User(account=account, openid=openid, conversation_id=conversation.id))
        except IntegrityError:
            # Another process was faster; the conversation that nobody has is expired with others.
            return self.shopper(account, openid)
        return shopper

    def known(self, account: str, openid: str) -> Shopper | None:
        """The shopper, if she has a conversation."""
        query = (
            select(Conversation.id, Conversation.outside_desk)
            .join(User, User.conversation_id == Conversation.id)
            .where(User.account == account, User.openid == openid)
        )
        with self._store.reading() as session:
            found = session.execute(query).one_or_none()
        return Shopper(account, openid, *found) if found else None

    # -- buttons -------------------------------------------------------------------------------------------

    def offer(self, conversation_id: str, seq: int, buttons: Sequence[tuple[str, str]]) -> list[str]:
        """Ids for the buttons (title, payload) of message ``seq``: the same when it is sent again."""
        listed = select(Button.id).where(Button.conversation_id == conversation_id, Button.seq == seq)
        with self._store.writing() as session:
            known = session.scalars(listed.order_by(Button.number)).all()
            if known:
                return list(known)
            session.execute(delete(Button).where(Button.until < now()))
            made = [
                Button(
                    id=secrets.token_urlsafe(12),
                    conversation_id=conversation_id,
                    seq=seq,
                    number=number,
                    title=title,
                    payload=payload,
                    until=now() + BUTTONS_LAST,
                )
                for number, (title, payload) in enumerate(buttons, 1)
            ]
            session.add_all(made)
        return [button.id for button in made]

    def tapped(self, conversation_id: str, id: str) -> str | None:
        """The payload of the button with this id, if it was offered to her and is not too old."""
        with self._store.reading() as session:
            button = session.get(Button, id)
        if button is None or button.conversation_id != conversation_id or button.until < now():
            return None
        return button.payload

    def typed(self, conversation_id: str, text: str) -> str | None:
        """The payload of the button that she chose by its label or number, among those offered last.

        What is said to a person is only text; and a number answers the question that was asked last.
        """
        said = _plain(text)
        mine = (Button.conversation_id == conversation_id) & (Button.until >= now())
        last = select(func.max(Button.seq)).where(mine).scalar_subquery()
        with self._store.reading() as session:
            offered = session.scalars(select(Button).where(mine, Button.seq == last)).all()
            for button in offered:
                named = said == _plain(button.title)
                if (named or said == str(button.number)) and _counts(session, button, named):
                    return button.payload
        return None

    # -- long messages -------------------------------------------------------------------------------------

    def begun(self, conversation_id: str, seq: int) -> int:
        """How many parts of message ``seq`` were sent before."""
        with self._store.reading() as session:
            found = session.get(Begun, conversation_id)
        return found.parts if found and found.seq == seq else 0

    def begin(self, conversation_id: str, seq: int, parts: int) -> None:
        """So many parts of message ``seq`` were sent."""
        with self._store.writing() as session:
            session.merge(Begun(conversation_id=conversation_id, seq=seq, parts=parts))

    # -- passive replies -----------------------------------------------------------------------------------

    def replied(self, conversation_id: str, key: str) -> str | Transfer | None:
        """What this message was answered with on its own connection."""
        with self._store.reading() as session:
            found = session.get(PassiveReply, (conversation_id, key))
        if found is None:
            return None
        return TRANSFER if found.transferred else found.text

    def reply(self, held: outbox.Held, key: str, text: str, through: int) -> bool:
        """Answer message ``key`` with ``text``, which delivers the log up to ``through``; whether it may.

        It may not where the hold has run out, as another process delivers by now.
        """
        with self._store.writing() as session:
            if not outbox.pass_on(session, held, through):
                return False
            if session.get(PassiveReply, (held.conversation_id, key)):
                return False
            _note(session, held.conversation_id, key, text)
            return True

    def transfer(self, conversation_id: str, key: str) -> bool:
        """Hand message ``key`` to WeChat's own desk, if people there serve her; whether they do."""
        with self._store.writing() as session:
            conversation = session.get(Conversation, conversation_id, with_for_update=True)
            if conversation is None or conversation.owner != ownership.OUTSIDE:
                return False
            if known := session.get(PassiveReply, (conversation_id, key)):
                return known.transferred
            _note(session, conversation_id, key, "", transferred=True)
            return True

    def heard(self, conversation_id: str, key: str) -> bool:
        """Note that event ``key`` has come; whether it had come before. Raises UnknownConversation."""
        with self._store.writing() as session:
            locked(session, conversation_id)
            if session.get(PassiveReply, (conversation_id, key)):
                return True
            _note(session, conversation_id, key, "")
            return False


def _note(session: Session, conversation_id: str, key: str, text: str, *, transferred: bool = False) -> None:
    session.execute(delete(PassiveReply).where(PassiveReply.at < now() - REPLIES_LAST))
    noted = {"conversation_id": conversation_id, "key": key, "at": now(), "text": text}
    session.add(PassiveReply(**noted, transferred=transferred))


def _counts(session: Session, button: Button, named: bool) -> bool:
    """Whether a label or a number that was typed may still mean this button."""
    owner = select(Conversation.owner).where(Conversation.id == button.conversation_id)
    if ownership.kind(session.scalar(owner) or "") in ("agent", "outside"):
        return False
    since = select(Message.id).where(
        Message.conversation_id == button.conversation_id,
        Message.seq > button.seq,
        or_(Message.sender == "agent", (Message.sender == "bot") & (Message.reply_to > button.seq)),
    )
    return named or session.scalar(since.limit(1)) is None


def _plain(text: str) -> str:
    """The text as a label is compared: full-width digits and dots of a numbered list do not matter."""
    folded = unicodedata.normalize("NFKC", text).strip()
    return re.sub(r"^(\d{1,2})[.、)]?$", r"\1", folded)
