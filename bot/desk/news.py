"""One look at a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversations import allowances, guests, notes
from bot.conversations.allowances import Left
from bot.conversations.models import Conversation, Message, Note
from bot.conversations.store import Store

SHOWN = 100  # messages at first, and with each step


@dataclass(frozen=True)
class News:
    """What one look at a conversation brings."""

    conversation: Conversation
    messages: Sequence[Message]
    asked: Sequence[Message]
    """The messages that these answer, as the bot read them."""
    notes: Sequence[Note]
    guests: Sequence[int]
    left: Left
    """What her channel still lets be sent to her."""

    @classmethod
    def read(cls, store: Store, conversation_id: str, after: int | None) -> "News":
        """Behind ``after``, or the end of it. Raises UnknownConversation."""
        conversation = store.conversation(conversation_id)
        if after is None:
            after = max(0, conversation.last_seq - SHOWN)
        messages = store.messages(conversation_id, after, SHOWN)
        answered = sorted({m.reply_to for m in messages if m.reply_to and m.reply_to <= after})
        asked = [m for seq in answered for m in store.messages(conversation_id, seq - 1, 1)]
        written = notes.of(store, conversation_id)
        beside, left = guests.of(store, conversation_id), allowances.left(store, conversation_id)
        return cls(conversation, messages, asked, written, beside, left)
