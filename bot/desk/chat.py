"""The middle column: the open conversation, followed as it grows."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership
from bot.conversations.models import Conversation, Message
from bot.conversations.steps import UnknownConversation

from .board import Board, Row
from .composer import Composer
from .context import Context
from .elements import button, el, text
from .head import Head
from .message_log import MessageLog
from .moves import Action, Standing
from .news import SHOWN, News


@dataclass(frozen=True)
class Hooks:
    """What the page does when something happens in the chat column.

    ``opened``: another conversation is on show; ``left``: none is; ``moved``: its owner changed;
    ``identified``: its customer became known; ``read``: more of it was shown; ``taken``: the agent took it;
    ``pane``: another column is wanted where only one has room.
    """

    opened: Callable[[Conversation], object]
    left: Callable[[], object]
    moved: Callable[[Conversation], object]
    identified: Callable[[Conversation], object]
    read: Callable[[], object]
    taken: Callable[[], object]
    pane: Callable[[str], object]


class ChatColumn:
    """Shows one conversation; made inside the page's root."""

    def __init__(self, ctx: Context, hooks: Hooks) -> None:
        self._ctx = ctx
        self._hooks = hooks
        self._follower: asyncio.Task[None] | None = None
        self._acting = False
        self._turning = False  # another conversation is about to be shown
        self._guests: Sequence[int] = ()
        self._notes = 0
        self._last: Message | None = None  # of the shopper or an agent, the newest
        self._grown: asyncio.Event | None = None
        self._told: tuple[object, ...] = ()
        self._delivery = ExitStack()
        self.conversation: Conversation | None = None
        t = ctx.t
        with el("main", "chat-pane"):
            self._nothing = el("div", "nothing")
            with self._nothing:
                el("img", "", src="/static/staff/icon.svg", alt="", width=44, height=44)
                text("strong", t("pick"))
                text("p", t("pick_hint"), "hint")
            self._chat = el("div", "chat", data_testid="chat")
            with self._chat:
                self._head = Head(ctx, self.act, hooks.taken, hooks.pane)
                with el("div", "messages-frame"):
                    self._log = MessageLog(t, self.act(self._show_older))
                    newest = button(t("newest"), "newest", data_testid="newest")
                    newest.on("click", js_handler="() => desk.toEnd()")
                self._composer = Composer(ctx)
        self._chat.set_visibility(False)
        ctx.client.on_delete(self._delivery.close)

    @property
    def address(self) -> str:
        """Where this conversation is opened again."""
        return f"/desk?c={self.conversation.id}" if self.conversation else "/desk"

    def open(self, conversation_id: str) -> None:
        """Open a conversation and follow it in place of the one before."""
        on_show = self.conversation is not None and self.conversation.id == conversation_id
        if self._follower:
            if on_show and not self._turning and not self._follower.done():
                self._hooks.pane("chat")
                return
            self._follower.cancel()
        self._turning = not on_show
        self._follower = self._ctx.run(self._follow(conversation_id))

    def use(self, said: str) -> None:
        """Put this into the composer, to be edited and sent."""
        self._composer.use(said)

    def board_changed(self) -> None:
        """The board has changed, which may tell of this conversation's deadline, and of colleagues."""
        if self.conversation is None:
            return
        row = _of_board(self._ctx.desk.board, self.conversation)
        with self._ctx.root:
            self._head.show_deadline(row)
        told = (row.breaches, row.owner) if row else ()
        gone = row is None and self.conversation.owner == self._ctx.me
        if (told != self._told or gone) and self._grown:
            self._told = told
            self._grown.set()

    def act(self, action: Action) -> Callable[[], Awaitable[None]]:
        """The handler that does ``action`` on the open conversation and tells what stood in the way."""

        async def handler() -> None:
            conversation = self.conversation
            if conversation is None or self._acting or self._turning:
                return
            self._acting = True
            try:
                await self._ctx.attempt(lambda: action(conversation), conversation.id)
            finally:
                self._acting = False
            self._ctx.desk.watcher.hint(conversation.id)

        return handler

    # -- following ------------------------------------------------------------------------------------

    async def _follow(self, conversation_id: str) -> None:
        ctx = self._ctx
        with ctx.desk.watcher.waiting(conversation_id) as grown:
            if not await ctx.signed_in():
                return
            try:
                news = await asyncio.to_thread(self._first, conversation_id)
            except (UnknownConversation, SQLAlchemyError) as error:
                ctx.tell("gone" if isinstance(error, UnknownConversation) else "not_now")
                self._show_nothing()
                return
            self._grown = grown
            with ctx.root:
                self._show(news)
            while True:
                await grown.wait()
                grown.clear()
                try:
                    while await self._read_on():
                        pass
                except UnknownConversation:
                    with ctx.root:
                        ctx.tell("gone")
                        self._show_nothing()
                    return
                except SQLAlchemyError:
                    await asyncio.sleep(1)
                    grown.set()

    def _first(self, conversation_id: str) -> News:
        store = self._ctx.desk.store
        news = News.read(store, conversation_id, None)
        audits.note(store, self._ctx.me, "view_conversation", conversation=conversation_id)
        return news

    def _show_nothing(self) -> None:
        """What was on show is followed no longer, and what was to be cannot be shown."""
        self.conversation, self._turning = None, False
        self._nothing.set_visibility(True)
        self._chat.set_visibility(False)
        self._delivery.close()
        self._ctx.js("desk.turn(null)")
        self._hooks.left()

    def _show(self, news: News) -> None:
        conversation = self.conversation = news.conversation
        self._turning = False
        self._chat.props["data-conversation"] = conversation.id
        self._nothing.set_visibility(False)
        self._chat.set_visibility(True)
        self._log.show(news.messages, news.notes, conversation.delivered_seq)
        self._last = _last_said(news.messages, None)
        self._guests, self._notes = news.guests, len(news.notes)
        self._show_standing()
        self._head.show_left(news.left)
        self._hooks.pane("chat")
        self._ctx.js(f"desk.open({json.dumps(conversation.id)}, {json.dumps(self.address)})")
        self._follow_delivery()
        self._hooks.opened(conversation)

    async def _read_on(self) -> bool:
        """Show what has been added to the log since; whether there may be more."""
        before = self.conversation
        if before is None:
            return False
        ctx = self._ctx
        news = await asyncio.to_thread(News.read, ctx.desk.store, before.id, self._log.last)
        conversation = self.conversation = news.conversation
        moved = conversation.epoch != before.epoch or len(news.notes) != self._notes
        joined = list(news.guests) != list(self._guests)
        last = _last_said(news.messages, self._last)
        said = last is not self._last
        self._guests, self._notes, self._last = news.guests, len(news.notes), last
        with ctx.root:
            self._log.append(news.messages, news.notes, conversation.delivered_seq)
            self._log.show_understanding(news.asked)
            self._head.show_left(news.left)
            if moved or joined or said:
                self._show_standing()
            if moved or joined:
                self._hooks.moved(conversation)
        self._hooks.read()
        self._follow_delivery()
        if before.owner == ctx.me != conversation.owner:
            await self._tell_lost(conversation)
        if conversation.customer_id != before.customer_id:
            self._hooks.identified(conversation)
        return len(news.messages) == SHOWN

    async def _tell_lost(self, conversation: Conversation) -> None:
        """It was hers, and is not by somebody else's doing."""
        ctx = self._ctx
        changes = await asyncio.to_thread(ctx.desk.store.events, conversation.id)
        if changes and changes[-1].by != ctx.me:
            kind = ownership.kind(conversation.owner)
            ctx.tell(f"moved_to_{kind}", name=_name(ctx, conversation.owner))

    async def _show_older(self, conversation: Conversation) -> None:
        before = self._log.first - 1
        after = max(0, before - SHOWN)
        store = self._ctx.desk.store
        messages = await asyncio.to_thread(store.messages, conversation.id, after, before - after)
        if self.conversation and self.conversation.id == conversation.id:
            self._log.prepend(messages)

    def _follow_delivery(self) -> None:
        """Hear how far the shopper's screen is, while something is on its way."""
        self._delivery.close()
        if self.conversation and self._log.undelivered:
            heard = self._ctx.desk.deliveries.waiting(self.conversation.id, self._delivered)
            self._delivery.enter_context(heard)

    def _delivered(self, seq: int) -> None:
        self._log.deliver(seq)
        if not self._log.undelivered:
            self._delivery.close()
            if self._grown:  # what was delivered is taken from what may be sent
                self._grown.set()

    def _show_standing(self) -> None:
        """Who serves the conversation, and what may be done with it."""
        conversation, ctx = self.conversation, self._ctx
        if conversation is None:
            return
        mine = conversation.owner == ctx.me
        guest = ctx.staff.id in self._guests
        standing = Standing(conversation, mine, guest, ctx.staff.may("supervisor"))
        name = _name(ctx, conversation.owner)
        self._head.show(standing, name, self._guests)
        self._head.show_deadline(_of_board(ctx.desk.board, conversation))
        if standing.speaks:
            self._composer.unlock(conversation, self._last)
        else:
            whisper = standing.others and standing.supervisor
            self._composer.lock(ctx.t(f"locked_{standing.kind}", name=name), whisper=whisper)


def _name(ctx: Context, owner: str) -> str:
    return ctx.desk.board.snapshot.names.get(owner, ctx.t("someone"))


def _of_board(board: Board, conversation: Conversation) -> Row | None:
    """The conversation as the lists show it, if people serve it or are waited for."""
    shown = board.snapshot
    waits = conversation.owner == ownership.QUEUE
    rows = shown.waiting if waits else shown.held.get(conversation.owner, ())
    return next((row for row in rows if row.id == conversation.id), None)


def _last_said(messages: Sequence[Message], before: Message | None) -> Message | None:
    """The newest message of the shopper or of an agent."""
    return next((m for m in reversed(messages) if m.sender in ("shopper", "agent")), before)
