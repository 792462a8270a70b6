"""A shopper's WeChat and the shop's customer: bound, and parted again."""

import asyncio
import secrets
import time
from contextlib import suppress

from sqlalchemy import update

from bot.channels.web.tokens import Customer
from bot.conversations import allowances, outbox, steps
from bot.conversations.outbox import Held
from bot.conversations.steps import Reply, UnknownConversation
from bot.conversations.store import Store

from .book import CHANNEL, Book, Shopper
from .models import User
from .wording import say

HOLD_SECONDS = 10.0
# A connection that waits for an answer delivers for up to 7 s, the outbox seldom longer.
PATIENCE = 10.0
LOOK_SECONDS = 0.1


class Delivering(Exception):
    """Something is on its way to the phone, and does not come to an end."""


def shown(name: str | None, id: str) -> str:
    """A customer as her page names her: enough for her to know, and for nobody else."""
    return f"{(name or id)[0]}**"


def bind(store: Store, shopper: Shopper, customer: Customer) -> bool:
    """Her conversation becomes the customer's, and she is told there; whether it is not another's."""
    store.bind_customer(shopper.conversation_id, customer.id, customer.name, customer.level)
    with store.writing() as session:
        conversation = steps.locked(session, shopper.conversation_id)
        if conversation.customer_id != customer.id:
            return False
        steps.append(session, conversation, _told("bound", shown(customer.name, customer.id)))
        return True


async def unbind(store: Store, book: Book, shopper: Shopper) -> Shopper | None:
    """Give the phone a fresh conversation, a visitor's; the old one stays the customer's, and ends.

    None where it was done meanwhile. Nothing of the old one reaches the phone any more once this returns.

    Raises:
        Delivering: nothing was changed.
    """
    held = await _held(store, book, shopper)
    fresh = await asyncio.to_thread(_part, store, shopper, held) if held else None
    if fresh:
        await asyncio.to_thread(store.end, shopper.conversation_id)
    return fresh


async def _held(store: Store, book: Book, shopper: Shopper) -> Held | None:
    """The delivery to her phone, once nothing is on its way; None where the conversation is not hers now."""
    deadline = time.monotonic() + PATIENCE
    mine = shopper.conversation_id, shopper.receiver, secrets.token_hex(16), HOLD_SECONDS
    while await asyncio.to_thread(book.known, shopper.account, shopper.openid) == shopper:
        with suppress(UnknownConversation):
            if held := await asyncio.to_thread(outbox.hold, store, *mine):
                return held
        if time.monotonic() > deadline:
            raise Delivering
        await asyncio.sleep(LOOK_SECONDS)
    return None


def _part(store: Store, shopper: Shopper, held: Held) -> Shopper | None:
    fresh = Shopper(shopper.account, shopper.openid, store.begin(CHANNEL, None, None).id)
    outbox.subscribe(store, fresh.conversation_id, fresh.receiver, after=0)
    hers = (User.account == shopper.account) & (User.openid == shopper.openid)
    with store.writing() as session:
        before = steps.locked(session, shopper.conversation_id)
        if before.customer_id is None or not outbox.unsubscribe(session, held):
            return None
        # What WeChat still lets be sent does not depend on whose she is.
        allowances.move(session, shopper.conversation_id, fresh.conversation_id)
        session.execute(update(User).where(hers).values(conversation_id=fresh.conversation_id))
        conversation = steps.locked(session, fresh.conversation_id)
        steps.append(session, conversation, _told("unbound", shown(before.customer_name, before.customer_id)))
    return fresh


def _told(what: str, customer: str) -> Reply:
    return Reply(say(f"told_{what}", customer=customer), sender="system", names=(customer,))
