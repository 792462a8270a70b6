"""WeChat's own desk: who is served there, and what WeChat tells of it.

A message is handed to it by the reply to the message itself, and by nothing else; events are not. Once
somebody there has taken the shopper up, WeChat keeps her messages from us, for 30 minutes at a time.

Source: https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html; of the events the
session control beside it.
"""

from bot.conversations import outside
from bot.conversations.store import Store

from .book import Book, Shopper
from .inbound import Event

BEGUN = ("kf_create_session", "kf_switch_session")
ENDED = "kf_close_session"


def is_about(event: Event) -> bool:
    """Whether the event tells of WeChat's own desk."""
    return event.name in (*BEGUN, ENDED)


def hear(store: Store, book: Book, shopper: Shopper, event: Event) -> None:
    """Somebody there has taken the shopper up, or is done with her.

    An end that is delivered again must not end the next service. Raises UnknownConversation.
    """
    if book.heard(shopper.conversation_id, event.key):
        return
    if event.name in BEGUN:
        outside.began(store, shopper.conversation_id)
    else:
        outside.ended(store, shopper.conversation_id)
