"""The desk's page: one for each browser tab, alive as long as its client."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Response
from fastapi.responses import FileResponse
from nicegui import Client, events, ui
from nicegui import app as pages
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Shop
from bot.conversations import attachments, ownership, ratings
from bot.conversations.attachments import Attachments
from bot.conversations.models import Conversation, Event, Message, Rating
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import TEXT_LIMIT, NotYours, Store
from bot.conversations.watch import Watcher
from bot.handoff import packet, queue
from bot.problems import Problem
from bot.settings import settings
from bot.staff import Accounts, sessions, texts
from bot.staff.sessions import Staff, require
from bot.staff.texts import Texts

from . import sidebar
from .board import Board
from .bubbles import MessageLog
from .elements import button, el, text
from .lists import ListColumn

SHOWN = 100  # messages at first, and with each step back
PACKET_MESSAGES = 300  # read for the packet
EVIDENCE = 12  # pictures, the newest
STILL_SIGNED_IN_EVERY = 5.0  # seconds
ICON = Path(texts.__file__).parent / "static" / "icon.svg"
ACCENT = "#1f6f5c"  # what Quasar draws in dialogs; the other colours are in office.css

_texts = texts.load(Path(__file__).parent / "texts.yml")
log = structlog.get_logger()


@dataclass(frozen=True)
class Desk:
    """What all pages share."""

    store: Store
    watcher: Watcher
    accounts: Accounts
    board: Board
    shop: Shop


def install(desk: Desk) -> None:
    """Register the page ``/desk``, where ``?c=ID`` opens a conversation, and the pictures in it."""

    @ui.page("/desk", title=_texts["zh"]("title"), reconnect_timeout=20, favicon=ICON)
    def show(request: Request, client: Client, who: Annotated[Staff, Depends(require("agent"))]) -> None:
        Page(desk, request, client, who).build(request.query_params.get("c"))

    kept = Attachments(desk.store, settings.data_dir)

    @pages.get("/desk/attachments/{id}", dependencies=[Depends(require("agent"))])
    def picture(id: str) -> Response:
        found = kept.find(id)
        if found is None:
            return Problem(404, "unknown-attachment", "There is no such picture.").response()
        attachment, path = found
        return FileResponse(
            path,
            media_type=attachment.type,
            headers=attachments.HEADERS,
            filename=attachments.file_name(attachment),
            content_disposition_type="inline",
        )


def evidence(messages: list[Message]) -> list[str]:
    """The pictures that the shopper sent, the newest of them."""
    shown = [(m.content or {}).get("attachment") for m in messages if m.sender == "shopper"]
    return [str(attachment) for attachment in shown if attachment][-EVIDENCE:]


class Page:
    """Shows the board, one conversation and its customer, and carries out what the agent does."""

    def __init__(self, desk: Desk, request: Request, client: Client, staff: Staff) -> None:
        self._desk = desk
        self._client = client
        self._session = request.session
        self._staff = staff
        self._me = ownership.agent(staff.id)
        self._theme = texts.theme(request)
        self._t: Texts = _texts[texts.language(request)]
        self._tasks: set[asyncio.Task[None]] = set()
        self._follower: asyncio.Task[None] | None = None
        self._conversation: Conversation | None = None
        self._acting = False

    # -- building -------------------------------------------------------------------------------------

    def build(self, conversation_id: str | None) -> None:
        t = self._t
        ui.add_head_html(
            '<link rel="stylesheet" href="/static/staff/office.css">'
            '<link rel="stylesheet" href="/static/desk/desk.css">'
            f'<script>document.documentElement.dataset.theme = "{self._theme}"</script>'
            '<script src="/static/staff/office.js"></script><script src="/static/desk/desk.js"></script>'
        )
        ui.colors(primary=ACCENT)
        self._root = el("div", "desk", data_pane="list", data_testid="desk")
        with self._root:
            self._list = ListColumn(self._desk.board, self._staff, self._me, t, self._theme, self._open)
            self._build_chat()
            self._build_info()
        self._show_nothing()
        self._client.on_delete(self._stop)
        started = False

        def start() -> None:
            nonlocal started
            if started:
                return
            started = True
            self._run(self._follow_board())
            self._run(self._stay_signed_in())
            if conversation_id:
                self._open(conversation_id)

        self._client.on_connect(start)
        ui.page_title(t("title"))

    def _build_chat(self) -> None:
        t = self._t
        with el("main", "chat-pane"):
            self._nothing = el("div", "nothing")
            with self._nothing:
                el("img", "", src="/static/staff/icon.svg", alt="", width=44, height=44)
                text("strong", t("pick"))
                text("p", t("pick_hint"), "hint")
            self._chat = el("div", "chat")
            with self._chat:
                with el("header", "pane-head"):
                    back = button("‹", "icon-button phone-only", aria_label=t("back"), data_testid="back")
                    back.on("click", lambda: self._show_pane("list"), args=[])
                    with el("div", "chat-who"):
                        self._chat_name = text("strong", "", data_testid="chat-name")
                        self._chat_state = text("span", "", "hint", data_testid="chat-state")
                    el("span", "gap")
                    self._take = button(t("take"), "primary", data_testid="take")
                    self._take.on("click", self._act(self._do_take), args=[])
                    self._hand_back = button(t("hand_back"), "quiet", data_testid="hand-back")
                    self._hand_back.on("click", self._act(self._do_hand_back), args=[])
                    self._close = button(t("close"), "quiet", data_testid="close")
                    self._close.on("click", self._act(self._do_close), args=[])
                    info = button(t("info"), "quiet narrow-only", data_testid="info")
                    info.on("click", lambda: self._show_pane("info"), args=[])
                with el("div", "messages-frame"):
                    self._log = MessageLog(t, self._act(self._show_older))
                    newest = button(t("newest"), "newest", data_testid="newest")
                    newest.on("click", js_handler="() => desk.toEnd()")
                with el("footer", "composer-bar"):
                    self._locked = text("p", "", "hint locked", data_testid="locked")
                    self._composer_box = el("div", "composer-box")
                    with self._composer_box:
                        self._composer = el(
                            "textarea",
                            "composer",
                            data_testid="composer",
                            rows=2,
                            maxlength=TEXT_LIMIT,
                            placeholder=t("composer"),
                            aria_label=t("composer_phone"),
                        )
                        self._composer.on("say", self._do_say, args=["detail"])
                        send = button(t("send"), "primary", data_testid="send")
                        send.on("click", js_handler="() => desk.send()")

    def _build_info(self) -> None:
        t = self._t
        with el("aside", "info-pane"):
            self._info = el("div", "info")
            with self._info:
                with el("header", "pane-head narrow-only"):
                    back = button(
                        "‹", "icon-button", aria_label=t("back_to_chat"), data_testid="back-to-chat"
                    )
                    back.on("click", lambda: self._show_pane("chat"), args=[])
                    text("strong", t("info"))
                with el("section", "box", data_testid="packet"):
                    text("h2", t("packet"))
                    self._packet_box = el("div", "packet")
                with el("section", "box", data_testid="customer"):
                    text("h2", t("customer"))
                    self._customer_box = el("div", "customer")
                with el("section", "box"):
                    text("h2", t("history"))
                    self._history_box = el("ol", "history", data_testid="history")

    # -- life -----------------------------------------------------------------------------------------

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the page until it ends or the client goes."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("desk.page_failed", exc_info=error)
            self._client.open(self._address())

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _stay_signed_in(self) -> None:
        while await self._signed_in():  # noqa: ASYNC110
            await asyncio.sleep(STILL_SIGNED_IN_EVERY)
        # The browser was told to leave; should it stay, there is nothing left for it to see or press.
        await asyncio.sleep(1)
        self._client.remove_all_elements()
        self._stop()

    async def _signed_in(self) -> bool:
        """Whether the sign-in that opened this page still holds; if not, the page leaves."""
        try:
            staff = await asyncio.to_thread(sessions.current, self._session, self._desk.accounts)
        except SQLAlchemyError:
            return True
        if staff is None or not staff.may("agent"):
            self._client.open("/sign-in")
            return False
        return True

    async def _follow_board(self) -> None:
        with self._desk.board.waiting() as changed:
            while True:
                with self._root:
                    self._list.show(self._watched())
                await changed.wait()
                changed.clear()

    # -- middle ---------------------------------------------------------------------------------------

    def _show_pane(self, name: str) -> None:
        self._root.props["data-pane"] = name
        self._seen()
        self._list.show(self._watched())

    def _show_nothing(self) -> None:
        self._conversation = None
        self._nothing.set_visibility(True)
        self._chat.set_visibility(False)
        self._info.set_visibility(False)

    def _open(self, conversation_id: str) -> None:
        """Open a conversation and follow it in place of the one before."""
        if self._follower:
            self._follower.cancel()
        self._follower = self._run(self._follow(conversation_id))

    async def _follow(self, conversation_id: str) -> None:
        with self._desk.watcher.waiting(conversation_id) as grown:
            if not await self._signed_in():
                return
            try:
                conversation = await asyncio.to_thread(self._desk.store.conversation, conversation_id)
                messages = await self._read(conversation_id, max(0, conversation.last_seq - SHOWN), SHOWN)
            except UnknownConversation:
                self._tell("gone")
                return
            except SQLAlchemyError:
                self._tell("not_now")
                return
            with self._root:
                self._show_conversation(conversation, messages)
            await self._show_facts()
            customer = self._run(self._show_customer(conversation))
            try:
                while True:
                    await grown.wait()
                    grown.clear()
                    try:
                        while await self._read_on():
                            pass
                    except SQLAlchemyError:
                        await asyncio.sleep(1)
                        grown.set()
            finally:
                customer.cancel()

    async def _read(self, conversation_id: str, after: int, limit: int) -> list[Message]:
        return await asyncio.to_thread(self._desk.store.messages, conversation_id, after, limit)

    def _show_conversation(self, conversation: Conversation, messages: list[Message]) -> None:
        self._conversation = conversation
        self._nothing.set_visibility(False)
        self._chat.set_visibility(True)
        self._info.set_visibility(True)
        self._log.show(messages)
        self._show_owner()
        self._show_pane("chat")
        place = json.dumps(conversation.id)
        self._client.run_javascript(f"desk.open({place}, {json.dumps(self._address())})")

    def _address(self) -> str:
        return f"/desk?c={self._conversation.id}" if self._conversation else "/desk"

    async def _read_on(self) -> bool:
        """Show what has been added to the log since; whether there may be more."""
        before = self._conversation
        if before is None:
            return False
        conversation = await asyncio.to_thread(self._desk.store.conversation, before.id)
        messages = await self._read(before.id, self._log.last, SHOWN)
        answered = {m.reply_to for m in messages if m.reply_to}
        asked = [m for seq in answered for m in await self._read(before.id, seq - 1, 1)]
        self._conversation = conversation
        self._log.append(messages)
        self._log.show_understanding(asked)
        self._seen()
        if conversation.epoch != before.epoch:
            with self._root:
                self._show_owner()
            await self._show_facts()
        if conversation.customer_id != before.customer_id:
            await self._show_customer(conversation)
        return len(messages) == SHOWN

    async def _show_older(self, conversation: Conversation) -> None:
        before = self._log.first - 1
        after = max(0, before - SHOWN)
        messages = await self._read(conversation.id, after, before - after)
        if self._conversation and self._conversation.id == conversation.id:
            self._log.prepend(messages)

    def _watched(self) -> str | None:
        """The conversation before the agent's eyes; on a phone the list may hide it."""
        if self._conversation is None or self._root.props["data-pane"] == "list":
            return None
        return self._conversation.id

    def _seen(self) -> None:
        if self._conversation and self._watched():
            self._desk.board.see(self._staff.id, self._conversation.id, self._conversation.last_seq)

    def _show_owner(self) -> None:
        """Who serves the conversation, and what may be done with it."""
        conversation, t = self._conversation, self._t
        assert conversation is not None  # noqa: S101
        kind = ownership.kind(conversation.owner)
        mine = conversation.owner == self._me
        name = self._desk.board.snapshot.names.get(conversation.owner, t("someone"))
        self._chat_name.set_text(
            conversation.customer_name or conversation.customer_id or f"{t('visitor')} {conversation.id[-4:]}"
        )
        channel = conversation.channel
        channel = t(f"channel_{channel}") if channel in ("web", "wechat") else channel
        state = t("owner_mine") if mine else t(f"owner_{kind}", name=name)
        self._chat_state.set_text(f"{channel} · {state}")
        # Hidden in the browser only: who presses a moment too late is told why nothing happens.
        self._take.props["hidden"] = kind not in ("bot", "queue")
        self._hand_back.props["hidden"] = self._close.props["hidden"] = not mine
        self._composer_box.set_visibility(mine)
        self._locked.set_visibility(not mine)
        if not mine:
            self._locked.set_text(t(f"locked_{kind}", name=name))

    # -- right ----------------------------------------------------------------------------------------

    async def _show_facts(self) -> None:
        """The packet and the history: they change with the owner only."""
        conversation = self._conversation
        if conversation is None:
            return

        def read() -> tuple[list[Event], list[Message], list[Rating]]:
            store, mine = self._desk.store, conversation.id
            after = max(0, conversation.last_seq - PACKET_MESSAGES)
            log = store.messages(mine, after, PACKET_MESSAGES)
            return store.events(mine), log, ratings.given(store, mine)

        changes, messages, rated = await asyncio.to_thread(read)
        told = packet.build(
            conversation, changes, messages, agent=self._staff.display_name, language=self._t.language
        )
        with self._root:
            sidebar.show_packet(self._packet_box, told, evidence(messages), self._t, self._use_reply)
            names = self._desk.board.snapshot.names
            sidebar.show_history(self._history_box, changes, rated, names, self._t)

    async def _show_customer(self, conversation: Conversation) -> None:
        with self._root:
            await sidebar.show_customer(self._customer_box, conversation, self._desk.shop, self._t)

    def _use_reply(self, reply: str) -> None:
        self._show_pane("chat")
        self._client.run_javascript(f"desk.use({json.dumps(reply)})")

    # -- actions --------------------------------------------------------------------------------------

    def _act(self, action: Callable[[Conversation], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The handler that does ``action`` on the open conversation and tells what stood in the way."""

        async def handler() -> None:
            conversation = self._conversation
            if conversation is None or self._acting:
                return
            self._acting = True
            try:
                if await self._signed_in():
                    await action(conversation)
            except ownership.IllegalMove:
                await self._tell_owner(conversation.id)
            except NotYours:
                self._tell("not_yours")
            except UnknownConversation:
                self._tell("gone")
            except SQLAlchemyError as error:
                log.error("desk.action_failed", error=type(error).__name__)
                self._tell("not_now")
            finally:
                self._acting = False
            self._desk.watcher.hint(conversation.id)

        return handler

    async def _do_take(self, conversation: Conversation) -> None:
        store, staff = self._desk.store, self._staff
        await asyncio.to_thread(queue.claim, store, conversation.id, staff.id, staff.display_name)
        self._list.open_tab("mine")
        self._client.run_javascript("desk.focus()")

    async def _do_hand_back(self, conversation: Conversation) -> None:
        settled = await self._ask("hand_back", ask_text=True)
        if settled is None:
            return
        store, agent = self._desk.store, self._staff.id
        await asyncio.to_thread(store.hand_back, conversation.id, agent, settled.strip()[:TEXT_LIMIT] or None)

    async def _do_close(self, conversation: Conversation) -> None:
        if await self._ask("close") is not None:
            await asyncio.to_thread(self._desk.store.close, conversation.id, self._staff.id)

    async def _do_say(self, event: events.GenericEventArguments) -> None:
        """One message of the composer; the browser tries again until it hears ``sent`` or ``refused``."""
        said = event.args.get("detail") if isinstance(event.args, dict) else None
        if not isinstance(said, dict):
            return
        place, client_id, words = (str(said.get(key) or "") for key in ("conversation", "client_id", "text"))
        outcome = "refused"
        if not client_id or len(client_id) > 63 or not await self._signed_in():
            return
        if len(words) > TEXT_LIMIT:
            self._tell("too_long", limit=TEXT_LIMIT)
        else:
            try:
                # A lone surrogate or NUL cannot be stored everywhere.
                clean = words.encode("utf-8", "replace").decode().replace("\0", "").strip()
                if clean:
                    await asyncio.to_thread(
                        self._desk.store.say,
                        place,
                        self._staff.id,
                        self._staff.display_name,
                        clean,
                        client_id,
                    )
                outcome = "sent"
                self._desk.watcher.hint(place)
            except NotYours:
                self._tell("not_sent")
            except UnknownConversation:
                self._tell("gone")
            except SQLAlchemyError as error:
                # It may be stored or not: the browser tries again under the same client_id.
                log.error("desk.message_not_stored", error=type(error).__name__)
                self._tell("not_now")
                return
        self._client.run_javascript(f"desk.{outcome}({json.dumps(client_id)})")

    async def _ask(self, what: str, ask_text: bool = False) -> str | None:
        """A dialog before the action; None when the agent thinks better of it."""
        t = self._t
        with self._root, ui.dialog() as dialog, ui.card().classes("ask"):
            text("h2", t(f"{what}_title"))
            text("p", t(f"{what}_hint"), "hint")
            noted = ui.textarea().props("outlined dense autofocus maxlength=500 rows=2").classes("ask-text")
            noted.props["data-testid"] = "settled"
            noted.set_visibility(ask_text)
            with el("div", "ask-foot"):
                button(t("cancel"), "quiet").on("click", lambda: dialog.submit(None), args=[])
                confirm = button(t(what), "primary", data_testid="confirm")
                confirm.on("click", lambda: dialog.submit(noted.value or ""), args=[])
        answer: str | None = await dialog
        dialog.delete()
        return answer

    async def _tell_owner(self, conversation_id: str) -> None:
        """The move was not possible: say who was there first."""
        conversation = await asyncio.to_thread(self._desk.store.conversation, conversation_id)
        if ownership.kind(conversation.owner) == "agent":
            if conversation.owner == self._me:
                self._tell("taken_by_you")
            else:
                names = await asyncio.to_thread(self._desk.accounts.display_names)
                known = {ownership.agent(account): name for account, name in names.items()}
                self._tell("taken_already", name=known.get(conversation.owner, self._t("someone")))
        else:
            self._tell("closed_already")

    def _tell(self, key: str, **values: object) -> None:
        with self._root:
            ui.notify(self._t(key, **values), position="top", classes="told")
