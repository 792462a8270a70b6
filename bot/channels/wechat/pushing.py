"""Sends through the customer-service API what did not go back on a shopper's own connection."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import NoReturn

import structlog

from bot.conversations import allowances
from bot.conversations.attachments import Attachments
from bot.conversations.models import Message
from bot.conversations.outbox import NotDelivered, Parked
from bot.conversations.store import Store

from . import api, rating, render, texts
from .accounts import Account
from .api import Api
from .book import Book, of_receiver
from .notices import Notices
from .outcomes import Kind, Outcome
from .render import ZONE, Rendered
from .shelf import DatabaseShelf
from .wording import say

log = structlog.get_logger()


class Closed(Parked):
    """Nothing may be sent to her before she writes again."""


class Pusher:
    """Delivers to the shoppers of all accounts; what ``OutboxRunner`` pushes with."""

    def __init__(
        self,
        store: Store,
        kept: Attachments,
        accounts: Mapping[str, Account],
        apis: Mapping[str, Api],
        shelf: DatabaseShelf,
    ) -> None:
        self._store, self._kept, self._book, self._shelf = store, kept, Book(store), shelf
        self._accounts, self._apis = accounts, apis
        self._notices = Notices(store, accounts, apis)

    async def __call__(self, receiver: str, messages: Sequence[Message]) -> int:
        """Send the first message, or with the last that is allowed as many as fit into one.

        Raises:
            Parked: nothing may be sent before the shopper's next message.
            NotDelivered: WeChat or the line is in trouble.
        """
        name, openid = of_receiver(receiver)
        account = self._accounts.get(name)
        if account is None or not account.verified or await self._shelf.is_barred(name):
            raise Parked("Only replies go to this account's shoppers.")
        told = [message for message in messages if message.sender != "shopper"]
        if not told:
            return messages[-1].seq
        try:
            return await self._push(name, openid, told)
        except Closed:
            await self._notices.tell(name, openid, told)
            raise

    async def _push(self, name: str, openid: str, told: Sequence[Message]) -> int:
        """Send of what is told to her."""
        conversation = told[0].conversation_id
        left = await asyncio.to_thread(allowances.left, self._store, conversation)
        # With the last message that is allowed goes what else fits into it.
        listed = await asyncio.to_thread(rating.rendered, self._store, told)
        rendered, many = render.together(listed if left.messages == 1 else listed[:1])
        last = told[many - 1]
        bodies = await self._bodies(name, last, rendered)
        begun = await asyncio.to_thread(self._book.begun, conversation, last.seq)
        for number, body in enumerate(bodies[begun:], begun + 1):
            await self._send(name, openid, conversation, body, api.once(conversation, last.seq, number))
            if number < len(bodies):
                await asyncio.to_thread(self._book.begin, conversation, last.seq, number)
        return last.seq

    async def _bodies(self, account: str, message: Message, rendered: Rendered) -> list[api.Message]:
        """The API's messages that show it, the buttons with the last."""
        bodies: list[api.Message] = []
        if rendered.attachment:
            bodies += await self._picture(account, rendered.attachment)
        if not rendered.buttons:
            return bodies + [api.text(part) for part in texts.parts(rendered.text) if part]
        titles = [title for title, _ in rendered.buttons]
        ids = await asyncio.to_thread(
            self._book.offer, message.conversation_id, message.seq, rendered.buttons
        )
        menus = self._accounts[account].ways.menus
        if menus is None or not menus.hold(titles):
            return bodies + [api.text(part) for part in texts.parts(render.numbered(rendered))]
        # With room for the list that stands for a menu where WeChat takes none.
        room = texts.size(render.numbered(Rendered("", rendered.buttons))) + 1
        *parts, head = texts.parts(rendered.text, max(texts.LARGEST - room, texts.LARGEST // 2))
        if texts.size(head) > menus.head:
            parts, head = [*parts, head], ""
        menu = api.menu(head, list(zip(ids, titles, strict=True)), say("menu_tail"))
        return [*bodies, *map(api.text, parts), menu]

    async def _picture(self, account: str, attachment: str) -> list[api.Message]:
        found = await asyncio.to_thread(self._kept.find, attachment)
        if found is None:
            return []
        image = await asyncio.to_thread(found[1].read_bytes)
        outcome, media_id = await self._apis[account].upload(image, "picture.jpg")
        if outcome.kind is Kind.REFUSED:
            log.error("wechat.picture_refused", account=account, code=outcome.code)
            return []  # wrong for good, as in _send
        if not outcome.ok:
            await self._fail(account, outcome)
        return [api.image(media_id)]

    async def _send(self, account: str, openid: str, conversation: str, body: api.Message, id: str) -> None:
        spent = await asyncio.to_thread(allowances.spend, self._store, conversation)
        if spent is None:
            raise Closed("Nothing more may be sent to her.")
        outcome = await self._apis[account].send(openid, body, id)
        if outcome.kind is Kind.MENU_REFUSED:
            outcome = await self._apis[account].send(openid, _as_text(body), id)
        known = self._accounts[account].ways.knows_ids
        if outcome.kind is Kind.OK or (outcome.kind is Kind.UNSURE and not known):
            return  # sent once too few is told by the shopper, sent twice confuses her
        if outcome.kind in (Kind.QUOTA_SPENT, Kind.OUT_OF_WINDOW):
            await asyncio.to_thread(allowances.none_left, self._store, conversation)
            raise Closed(outcome.kind)
        await asyncio.to_thread(allowances.give_back, self._store, conversation, spent)
        if outcome.kind is Kind.REFUSED:
            # Wrong for good: to wait for it would keep back all that comes behind it.
            log.error("wechat.message_refused", account=account, code=outcome.code)
            return
        await self._fail(account, outcome)

    async def _fail(self, account: str, outcome: Outcome) -> NoReturn:
        if outcome.kind is Kind.NO_PERMISSION:
            log.error("wechat.no_permission", account=account)
            await self._shelf.bar(account)
            raise Parked(outcome.kind)
        if outcome.kind is Kind.DAILY_CAP:
            log.error("wechat.daily_cap", account=account)
            raise NotDelivered(outcome.kind, _until_midnight(datetime.now(ZONE)))
        if outcome.kind in (Kind.NOT_A_FOLLOWER, Kind.NOT_OURS):
            raise Parked(outcome.kind)
        raise NotDelivered(outcome.kind)


def _as_text(menu: api.Message) -> api.Message:
    """A menu that was refused, as a list of numbers to answer with."""
    shown = menu["msgmenu"]
    buttons = tuple((item["content"], item["id"]) for item in shown["list"])
    return api.text(texts.parts(render.numbered(Rendered(shown["head_content"], buttons)))[0])


def _until_midnight(at: datetime) -> float:
    """Seconds until WeChat counts anew."""
    tomorrow = datetime.combine(at.date() + timedelta(days=1), time(), ZONE)
    return (tomorrow - at).total_seconds()
