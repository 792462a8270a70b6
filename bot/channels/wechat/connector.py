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
from sqlalchemy.exc import IntegrityError

from bot.channels.visible import visible
from bot.conversations import allowances, outbox, outside, pictures, privacy
from bot.conversations.attachments import Attachments
from bot.conversations.models import Message
from bot.conversations.outbox import Held
from bot.conversations.privacy import Privacy
from bot.conversations.steps import UnknownConversation, UnknownPayload
from bot.conversations.store import TEXT_LIMIT, Store, TooManyOwed
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher, wait

from . import api, callbacks, inbound, native_desk, pages, rating, render, texts, unread
from .accounts import Account
from .api import Api, NoMedia
from .bodies import Fields
from .book import TRANSFER, Book, Shopper, Transfer
from .callbacks import Callback
from .limits import Pace, Verdict
from .outcomes import Kind
from .render import Rendered
from .shelf import DatabaseShelf
from .sign_ins import SignIns
from .wording import say

# What a message of a shopper allows to be sent to her, and for how long.
PER_MESSAGE = (5, timedelta(hours=48))
HOLD_MORE = 2.0  # seconds beyond the wait, for the reply to be written
LOOK_SECONDS = 0.1
MORE_ROOM = 200  # bytes for the link to what follows
RESULT = "guitai-result"  # the id of that link
MEDIA_SECONDS = 3.0  # for a picture to be fetched, so that WeChat has its answer in time
TYPING_AFTER = 1.0  # seconds without an answer

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
        per_minute: int,
    ) -> None:
        self._pace = Pace(per_minute)
        self._account, self._api, self._store, self._shelf = account, api, store, shelf
        self._watcher, self._turns, self._kept, self._privacy = watcher, turns, kept, erase
        self._book, self._sign_ins, self._front = Book(store), SignIns(store), front
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, callback: Callback, message: inbound.Inbound) -> Fields | None:
        """Take a message in; its passive reply, or None where there is none."""
        if not self._account.ways.passive:
            return callbacks.transfer_reply(callback, datetime.now(UTC)) if await self.take(message) else None
        deadline = time.monotonic() + self._account.passive_seconds
        taken = await self._in_turn(message)
        try:
            said = await self._answer_to(taken, deadline) if isinstance(taken, _Received) else taken
        except UnknownConversation:
            return None  # erased while it was answered
        if said is TRANSFER:
            return callbacks.transfer_reply(callback, datetime.now(UTC))
        return callbacks.text_reply(callback, said, datetime.now(UTC)) if said else None

    async def take(self, message: inbound.Inbound) -> bool:
        """Take a message in whose answer can go through the API alone.

        Gives whether it is to be handed to WeChat's own desk.
        """
        taken = await self._in_turn(message)
        if isinstance(taken, str):
            # Whoever opens the chat again and again is greeted once in a while.
            key = "entered" if isinstance(message, inbound.Enter) else message.key
            await self._tell(message.openid, key, taken)
        if not isinstance(taken, _Received):
            return False
        conversation = taken.shopper.conversation_id
        try:
            if self._account.ways.typing:
                await self._answered(conversation, taken.seq, time.monotonic() + TYPING_AFTER)
                if await self._is_owed(conversation, taken.seq):
                    await self._api.typing(message.openid, True)
            return await self._is_transferred(taken)
        except UnknownConversation:
            return False  # erased while it was answered

    # -- in ------------------------------------------------------------------------------------------------

    async def _in_turn(self, message: inbound.Inbound) -> _Received | str | None:
        async with self._lines.setdefault(message.openid, asyncio.Lock()):  # in the order in which they came
            try:
                return await self._take_in(message)
            except (UnknownConversation, IntegrityError):
                # It was erased, or another process has begun it, under our hands: now it is seen.
                return await self._take_in(message)

    async def _take_in(self, message: inbound.Inbound) -> _Received | str | None:
        """Receive what the shopper said; or the reply, where nothing comes into the log."""
        per_event = self._account.ways.per_event
        match message:
            case inbound.Unsubscribe():
                await asyncio.to_thread(self._forget, message.openid)
                return None
            case inbound.Subscribe():
                shopper = await self._granted(message, "event", per_event)
                await asyncio.to_thread(outbox.wake, self._store, shopper.conversation_id)
                return self._welcome()
            case inbound.Enter():
                await self._granted(message, "event", per_event)
                return say("welcome_entered")
            case inbound.Event() if native_desk.is_about(message) and self._account.native_desk:
                await asyncio.to_thread(self._hear_of_desk, message)
                return None
            case inbound.Event() if not isinstance(message, inbound.Scan | inbound.MenuClick):
                return None
        verdict = self._pace.judge(message.openid, message.key)
        if verdict is not Verdict.TAKEN:
            return _told_to_slow_down(verdict)
        # A tap on a message's menu allows no more than one on the account's own.
        tapped = isinstance(message, inbound.Event) or (
            isinstance(message, inbound.Text) and message.menu_id and self._account.ways.taps_are_events
        )
        way = ("event", per_event) if tapped else ("message", PER_MESSAGE)
        shopper = await self._granted(message, *way)
        taken = await self._said(shopper, message)
        if not isinstance(taken, _Received):
            # The log has not grown, but what is parked may be sent now.
            await asyncio.to_thread(outbox.wake, self._store, shopper.conversation_id)
        return taken

    async def _said(self, shopper: Shopper, message: inbound.Inbound) -> _Received | str | None:
        match message:
            case inbound.Scan() | inbound.MenuClick():
                text = self._account.menu.get(message.event_key)
                if text and await self._is_outside(shopper.conversation_id):
                    return say("with_people")
                return await self._received(shopper, message.key, text=text) if text else None
            case inbound.Text():
                return await self._text(shopper, message)
            case inbound.Image():
                return await self._image(shopper, message)
            case inbound.Voice(recognition=heard) if visible(heard):
                return await self._received(shopper, message.key, text=heard)
            case inbound.Link():
                return await self._received(shopper, message.key, text=f"{message.title}\n{message.url}")
        if noted := await self._noted(shopper, message):
            return noted
        if isinstance(message, inbound.Location) and (named := unread.place(message)):
            return await self._received(shopper, message.key, text=named)
        if isinstance(message, inbound.MiniProgramPage):
            return await self._received(shopper, message.key, text=message.title)
        return say("voice_unheard" if isinstance(message, inbound.Voice) else "please_type")

    async def _granted(self, message: inbound.Inbound, kind: str, much: tuple[int, timedelta]) -> Shopper:
        return await asyncio.to_thread(self._grant, message, kind, much)

    def _grant(self, message: inbound.Inbound, kind: str, much: tuple[int, timedelta]) -> Shopper:
        shopper = self._book.shopper(self._account.name, message.openid)
        if shopper.outside_desk != self._account.native_desk:
            outside.use(self._store, shopper.conversation_id, self._account.native_desk)
        # Delivered again it allows no more: some of it may have been sent since.
        if self._store.seq_of(shopper.conversation_id, message.key) is None:
            allowances.grant(self._store, shopper.conversation_id, kind, *much)
        return shopper

    def _welcome(self) -> str:
        if not self._account.signs_in:
            return say("welcome")
        url = pages.login_url(self._front, self._account)
        return f"{say('welcome')}\n{say('welcome_sign_in', url=url)}"

    def _hear_of_desk(self, event: inbound.Event) -> None:
        known = self._book.known if event.name == native_desk.ENDED else self._book.shopper
        if shopper := known(self._account.name, event.openid):
            native_desk.hear(self._store, self._book, shopper, event)
            self._watcher.hint(shopper.conversation_id)

    def _forget(self, openid: str) -> None:
        self._sign_ins.forget(self._account.name, openid)
        shopper = self._book.known(self._account.name, openid)
        if shopper:
            self._privacy.erase(privacy.of_id(shopper.conversation_id), "wechat", "unsubscribe")

    async def _text(self, shopper: Shopper, message: inbound.Text) -> _Received | str | None:
        if message.menu_id == RESULT:
            return _Received(shopper, message.key, None, await self._hold(shopper))
        look = self._book.tapped if message.menu_id else self._book.typed
        if not visible(message.content):
            return await self._noted(shopper, message) or say("please_type")
        payload = await asyncio.to_thread(look, shopper.conversation_id, message.menu_id or message.content)
        if points := rating.score(payload):
            return await asyncio.to_thread(rating.rate, self._store, shopper.conversation_id, points)
        return await self._received(shopper, message.key, text=message.content, payload=payload)

    async def _image(self, shopper: Shopper, message: inbound.Image) -> _Received | str | None:
        known = await asyncio.to_thread(self._store.seq_of, shopper.conversation_id, message.key)
        if known is not None:
            return _Received(shopper, message.key, known, await self._hold(shopper))
        try:
            async with asyncio.timeout(MEDIA_SECONDS):
                data = await self._api.media(message.media_id)
            picture = await asyncio.to_thread(self._kept.keep, shopper.conversation_id, data)
        except (NoMedia, TimeoutError, pictures.UnknownFormat, pictures.Unreadable) as error:
            log.warning("wechat.picture_lost", account=self._account.name, why=type(error).__name__)
            noted = await self._noted(shopper, message)
            # WeChat's own desk has it from WeChat itself.
            return noted if await self._is_outside(shopper.conversation_id) else say("picture_lost")
        return await self._received(shopper, message.key, attachment=picture)

    async def _noted(self, shopper: Shopper, message: inbound.Inbound) -> _Received | None:
        """Let the people who serve her see that something came; None where there is only the bot."""
        conversation = shopper.conversation_id
        line = unread.noted(message)
        seq = await asyncio.to_thread(self._store.receive_unread, conversation, message.key, line)
        if seq is None:
            return None
        self._watcher.hint(conversation)
        return _Received(shopper, message.key, seq, await self._hold(shopper))

    async def _received(
        self,
        shopper: Shopper,
        key: str,
        *,
        text: str | None = None,
        payload: str | None = None,
        attachment: str | None = None,
    ) -> _Received | str | None:
        seen = visible(text) if text else None
        words = seen[:TEXT_LIMIT] if seen else None
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
                return _told_to_slow_down(self._pace.refuse(shopper.openid, key))
            raise
        return _Received(shopper, key, seq, held)

    # -- out -----------------------------------------------------------------------------------------------

    async def _tell(self, openid: str, key: str, text: str) -> None:
        """Answer a message that does not come into the log through the API, once."""
        shopper = await asyncio.to_thread(self._book.shopper, self._account.name, openid)
        conversation = shopper.conversation_id
        if await asyncio.to_thread(self._book.heard, conversation, key):
            return
        spent = await asyncio.to_thread(allowances.spend, self._store, conversation)
        if spent is None:
            return
        outcome = await self._api.send(openid, api.text(text), api.once(conversation, key))
        if outcome.kind not in (Kind.OK, Kind.UNSURE):
            await asyncio.to_thread(allowances.give_back, self._store, conversation, spent)

    async def _answer_to(self, taken: _Received, deadline: float) -> str | Transfer | None:
        """The reply that goes back on the connection, where there is one in time."""
        conversation, held = taken.shopper.conversation_id, taken.held
        try:
            while True:
                if known := await asyncio.to_thread(self._book.replied, conversation, taken.key):
                    return known
                if await self._is_transferred(taken):
                    return TRANSFER
                if held:
                    break
                # Another message's connection, or the outbox, delivers: what it leaves may still go this way.
                if time.monotonic() > deadline:
                    return None
                await asyncio.sleep(LOOK_SECONDS)
                held = await self._hold(taken.shopper)
            await self._answered(conversation, taken.seq, deadline)
            return TRANSFER if await self._is_transferred(taken) else await self._reply(held, taken)
        finally:
            if held:
                await self._let_go(held)

    async def _is_outside(self, conversation: str) -> bool:
        """Whether WeChat's own desk serves her."""
        return self._account.native_desk and await asyncio.to_thread(
            outside.serves, self._store, conversation
        )

    async def _is_transferred(self, taken: _Received) -> bool:
        """Note that the message goes to WeChat's own desk, where that serves her; whether it does."""
        conversation = taken.shopper.conversation_id
        if taken.seq is None or not await self._is_outside(conversation):
            return False
        return await asyncio.to_thread(self._book.transfer, conversation, taken.key)

    async def _hold(self, shopper: Shopper) -> Held | None:
        if not self._account.ways.passive:
            return None  # the outbox alone delivers
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


def _told_to_slow_down(verdict: Verdict) -> str | None:
    return say("too_many") if verdict is Verdict.TOLD else None


def _is_one_text(rendered: Sequence[Rendered]) -> bool:
    return len(rendered) == 1 and rendered[0].plain and texts.size(rendered[0].text) <= texts.LARGEST
