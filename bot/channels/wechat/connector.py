"""What becomes of a message from WeChat, and which way its answer goes.

A message is received once, however often it is delivered: its key is the log's ``client_id``. Its answer goes
back on the message's own connection where it comes in time and is one text; else the outbox sends it. The
hold on the conversation's delivery decides, so it never goes both ways.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

import structlog

from bot.conversations import allowances, outbox, pictures, privacy
from bot.conversations.attachments import Attachments
from bot.conversations.models import Message
from bot.conversations.outbox import Held
from bot.conversations.privacy import Privacy
from bot.conversations.steps import UnknownPayload
from bot.conversations.store import TEXT_LIMIT, Store, TooManyOwed
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher, wait

from . import callbacks, inbound, pages, rating, render, texts
from .accounts import Account
from .api import Api, NoMedia
from .bodies import Fields
from .book import Book, Shopper
from .callbacks import Callback
from .render import Rendered
from .shelf import DatabaseShelf
from .sign_ins import SignIns
from .wording import say

# What an act of a shopper allows to be sent to her, and for how long.
PER_MESSAGE = (5, timedelta(hours=48))
PER_EVENT = (3, timedelta(minutes=1))
HOLD_MORE = 2.0  # seconds beyond the wait, for the reply to be written
LOOK_SECONDS = 0.1
MORE_ROOM = 200  # bytes for the link to what follows
RESULT = "guitai-result"  # the id of that link

log = structlog.get_logger()


@dataclass(frozen=True)
class _Received:
    """A message that stands in the log as ``seq``; None: a tap that only asks for what is ready by now."""

    shopper: Shopper
    key: str
    seq: int | None
    held: Held | None


class Connector:
    """One account's way into the conversations."""

    def __init__(
        self,
        account: Account,
        api: Api,
        store: Store,
        watcher: Watcher,
        turns: TurnRunner,
        kept: Attachments,
        erase: Privacy,
        shelf: DatabaseShelf,
        front: str,
    ) -> None:
        self._account, self._api, self._store, self._shelf = account, api, store, shelf
        self._watcher, self._turns, self._kept, self._privacy = watcher, turns, kept, erase
        self._book, self._sign_ins, self._front = Book(store), SignIns(store), front
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, callback: Callback, message: inbound.Inbound) -> Fields | None:
        """Take a message in; its passive reply, or None where there is none."""
        deadline = time.monotonic() + self._account.passive_seconds
        line = self._lines.setdefault(message.openid, asyncio.Lock())
        async with line:  # into the log in the order in which they came
            taken = await self._take_in(message)
        said = await self._answer_to(taken, deadline) if isinstance(taken, _Received) else taken
        return callbacks.text_reply(callback, said, datetime.now(UTC)) if said else None

    # -- in ------------------------------------------------------------------------------------------------

    async def _take_in(self, message: inbound.Inbound) -> _Received | str | None:
        """Receive what the shopper said; or the reply, where nothing comes into the log."""
        match message:
            case inbound.Unsubscribe():
                await asyncio.to_thread(self._forget, message.openid)
                return None
            case inbound.Subscribe():
                await self._granted(message, "event", PER_EVENT)
                return self._welcome()
            case inbound.Scan() | inbound.MenuClick():
                shopper = await self._granted(message, "event", PER_EVENT)
                text = self._account.menu.get(message.event_key)
                return await self._received(shopper, message.key, text=text) if text else None
            case inbound.Event():
                return None
        shopper = await self._granted(message, "message", PER_MESSAGE)
        match message:
            case inbound.Text():
                return await self._text(shopper, message)
            case inbound.Image():
                return await self._image(shopper, message)
            case inbound.Voice(recognition=heard) if heard.strip():
                return await self._received(shopper, message.key, text=heard)
            case inbound.Link():
                return await self._received(shopper, message.key, text=f"{message.title}\n{message.url}")
        return say("voice_unheard" if isinstance(message, inbound.Voice) else "please_type")

    async def _granted(self, message: inbound.Inbound, kind: str, much: tuple[int, timedelta]) -> Shopper:
        shopper = await asyncio.to_thread(self._book.shopper, self._account.name, message.openid)
        await asyncio.to_thread(allowances.grant, self._store, shopper.conversation_id, kind, *much)
        return shopper

    def _welcome(self) -> str:
        if not self._account.signs_in:
            return say("welcome")
        url = pages.login_url(self._front, self._account)
        return f"{say('welcome')}\n{say('welcome_sign_in', url=url)}"

    def _forget(self, openid: str) -> None:
        self._sign_ins.forget(self._account.name, openid)
        shopper = self._book.known(self._account.name, openid)
        if shopper:
            self._privacy.erase(privacy.of_id(shopper.conversation_id), "wechat", "unsubscribe")

    async def _text(self, shopper: Shopper, message: inbound.Text) -> _Received | str | None:
        if message.menu_id == RESULT:
            return _Received(shopper, message.key, None, await self._hold(shopper))
        look = self._book.tapped if message.menu_id else self._book.typed
        payload = await asyncio.to_thread(look, shopper.conversation_id, message.menu_id or message.content)
        if points := rating.score(payload):
            return await asyncio.to_thread(rating.rate, self._store, shopper.conversation_id, points)
        return await self._received(shopper, message.key, text=message.content, payload=payload)

    async def _image(self, shopper: Shopper, message: inbound.Image) -> _Received | str | None:
        try:
            data = await self._api.media(message.media_id)
            picture = await asyncio.to_thread(self._kept.keep, shopper.conversation_id, data)
        except (NoMedia, pictures.UnknownFormat, pictures.Unreadable) as error:
            log.warning("wechat.picture_lost", account=self._account.name, why=type(error).__name__)
            return say("picture_lost")
        return await self._received(shopper, message.key, attachment=picture)

    async def _received(
        self,
        shopper: Shopper,
        key: str,
        *,
        text: str | None = None,
        payload: str | None = None,
        attachment: str | None = None,
    ) -> _Received | str | None:
        words = text.strip()[:TEXT_LIMIT] if text else None
        if not (words or attachment):
            return say("please_type")
        # The outbox is kept away before there is an answer that it could send.
        held = await self._hold(shopper)
        conversation = shopper.conversation_id
        try:
            try:
                seq = await self._turns.receive(
                    conversation, key, None if payload else words, payload, attachment
                )
            except UnknownPayload:
                # A button from long ago: what it says is read as if it had been typed.
                seq = await self._turns.receive(conversation, key, words)
        except BaseException as error:
            if held:
                await self._let_go(held)
            if isinstance(error, TooManyOwed):
                return say("too_many")
            raise
        return _Received(shopper, key, seq, held)

    # -- out -----------------------------------------------------------------------------------------------

    async def _answer_to(self, taken: _Received, deadline: float) -> str | None:
        """The reply that goes back on the connection, where there is one in time."""
        conversation, held = taken.shopper.conversation_id, taken.held
        try:
            while held is None:
                # Another message's connection, or the outbox, delivers: what it leaves may still go this way.
                if known := await asyncio.to_thread(self._book.replied, conversation, taken.key):
                    return known
                if time.monotonic() > deadline:
                    return None
                await asyncio.sleep(LOOK_SECONDS)
                held = await self._hold(taken.shopper)
            if known := await asyncio.to_thread(self._book.replied, conversation, taken.key):
                return known
            await self._answered(conversation, taken.seq, deadline)
            return await self._reply(held, taken)
        finally:
            if held:
                await self._let_go(held)

    async def _hold(self, shopper: Shopper) -> Held | None:
        seconds = self._account.passive_seconds + HOLD_MORE
        name = secrets.token_hex(16)
        return await asyncio.to_thread(
            outbox.hold, self._store, shopper.conversation_id, shopper.receiver, name, seconds
        )

    async def _let_go(self, held: Held) -> None:
        await asyncio.to_thread(outbox.let_go, self._store, held)
        self._watcher.hint(held.conversation_id)

    async def _is_owed(self, conversation: str, seq: int | None) -> bool:
        return await asyncio.to_thread(self._store.owes, conversation, seq)

    async def _answered(self, conversation: str, seq: int | None, deadline: float) -> None:
        """Wait until the answer stands in the log, or the connection must be answered."""
        with self._watcher.waiting(conversation) as grown:
            while await self._is_owed(conversation, seq):
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                await wait(grown, left)

    async def _reply(self, held: Held, taken: _Received) -> str | None:
        """What of the log goes back on this connection, noted as delivered."""
        due = await asyncio.to_thread(self._store.messages, held.conversation_id, held.after)
        told = [message for message in due if message.sender != "shopper"]
        owed = await self._is_owed(held.conversation_id, taken.seq)
        rendered = await asyncio.to_thread(rating.rendered, self._store, told)
        if self._account.verified and not await self._shelf.is_barred(self._account.name):
            if not _is_one_text(rendered):
                if owed:
                    await self._api.typing(taken.shopper.openid, True)
                return None
            text, through = rendered[0].text, told[0].seq
        elif told:
            text, through = await self._as_much_as_fits(held, told, rendered)
        elif owed:
            text, through = render.link(say("working"), RESULT), held.after
        elif taken.seq is None:
            text, through = say("nothing_more"), held.after
        else:
            return None
        noted = await asyncio.to_thread(self._book.reply, held, taken.key, text, through)
        return text if noted else None

    async def _as_much_as_fits(
        self, held: Held, told: Sequence[Message], listed: Sequence[Rendered]
    ) -> tuple[str, int]:
        """The next text for an account that can only reply, and how far it brings her."""
        rendered, many = render.together(listed)
        last = told[many - 1]
        ids = await asyncio.to_thread(self._book.offer, held.conversation_id, last.seq, rendered.buttons)
        parts = texts.parts(render.linked(rendered, ids), texts.LARGEST - MORE_ROOM)
        begun = await asyncio.to_thread(self._book.begun, held.conversation_id, last.seq)
        text, *rest = parts[min(begun, len(parts) - 1) :]
        if rest:
            await asyncio.to_thread(self._book.begin, held.conversation_id, last.seq, begun + 1)
        if rest or many < len(told):
            text = f"{text}\n{render.link(say('more_parked'), RESULT)}"
        return text, held.after if rest else last.seq


def _is_one_text(rendered: Sequence[Rendered]) -> bool:
    return len(rendered) == 1 and rendered[0].plain and texts.size(rendered[0].text) <= texts.LARGEST
