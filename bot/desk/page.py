"""The desk's page: one for each browser tab, alive as long as its client."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import FileResponse
from nicegui import Client, ui
from nicegui import app as pages

from bot.conversations import attachments
from bot.conversations.attachments import Attachments
from bot.conversations.models import Conversation
from bot.problems import Problem
from bot.settings import settings
from bot.staff import texts
from bot.staff.sessions import Staff, require

from . import live
from .chat import ChatColumn, Hooks
from .context import Context, Desk
from .elements import el
from .lists import ListColumn
from .sidebar import Sidebar

__all__ = ["Desk", "install"]

ICON = Path(texts.__file__).parent / "static" / "icon.svg"
ACCENT = "#1f6f5c"  # what Quasar draws in dialogs; the other colours are in office.css
STYLES = (
    "staff/office.css",
    "desk/desk.css",
    "desk/lists.css",
    "desk/chat.css",
    "desk/sidebar.css",
    "desk/touch.css",
)
SCRIPTS = (
    "staff/office.js",
    "desk/shortcuts.js",
    "desk/desk.js",
    "desk/lists.js",
    "desk/chat.js",
    "desk/sidebar.js",
)

_texts = texts.load(Path(__file__).parent / "texts.yml")


def install(desk: Desk) -> None:
    """Register the page ``/desk``, where ``?c=ID`` opens a conversation, and the pictures in it."""

    @ui.page("/desk", title=_texts["zh"]("title"), reconnect_timeout=20, favicon=ICON)
    def show(request: Request, client: Client, who: Annotated[Staff, Depends(require("agent"))]) -> None:
        Page(desk, request, client, who).build(request.query_params.get("c"))

    live.install(desk)
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


class Page:
    """Three columns: the lists, one conversation, and its facts."""

    def __init__(self, desk: Desk, request: Request, client: Client, staff: Staff) -> None:
        t = _texts[texts.language(request)]
        theme = texts.theme(request)
        self._ctx = Context(desk, client, request.session, staff, t, theme, lambda: self._chat.address)

    def build(self, conversation_id: str | None) -> None:
        """Fill the client; ``conversation_id`` is opened once the browser is there."""
        ctx = self._ctx
        ui.add_head_html(
            "".join(f'<link rel="stylesheet" href="/static/{name}">' for name in STYLES)
            + f'<script>document.documentElement.dataset.theme = "{ctx.theme}"</script>'
            + "".join(f'<script src="/static/{name}"></script>' for name in SCRIPTS)
        )
        ui.colors(primary=ACCENT)
        ctx.root = el("div", "desk", data_pane="list", data_testid="desk")
        with ctx.root:
            self._list = ListColumn(ctx, self.open)
            self._chat = ChatColumn(
                ctx,
                Hooks(
                    opened=self._opened,
                    left=self._left,
                    moved=lambda conversation: self._info.refresh_facts(conversation),
                    identified=lambda conversation: self._info.show(conversation),
                    read=self._seen,
                    taken=lambda: self.open_tab("mine"),
                    pane=self.show_pane,
                ),
            )
            self._info = Sidebar(
                ctx,
                self._use_reply,
                lambda: self.show_pane("chat"),
                self._list.open,
                self._list.open_ticket,
            )
        self._info.clear()
        ctx.client.on_delete(ctx.stop)
        started = False

        def start() -> None:
            nonlocal started
            if started:
                return
            started = True
            ctx.run(self._follow_board())
            ctx.run(ctx.stay_signed_in())
            if conversation_id:
                self.open(conversation_id)

        ctx.client.on_connect(start)
        ui.page_title(ctx.t("title"))

    def open(self, conversation_id: str) -> None:
        """Open a conversation."""
        self._chat.open(conversation_id)

    def open_tab(self, name: str) -> None:
        """Show another list."""
        self._list.open_tab(name)

    def show_pane(self, name: str) -> None:
        """Show ``list``, ``chat`` or ``info`` where only one has room."""
        self._ctx.root.props["data-pane"] = name
        self._seen()
        self._list.show(self.watched())

    def watched(self) -> str | None:
        """The conversation before the agent's eyes; a ticket, or on a phone the list, may hide it."""
        if self._chat.conversation is None or self._ctx.root.props["data-pane"] in ("list", "ticket"):
            return None
        return self._chat.conversation.id

    async def _follow_board(self) -> None:
        with self._ctx.desk.board.waiting() as changed:
            while True:
                with self._ctx.root:
                    self._list.show(self.watched())
                self._chat.board_changed()
                await changed.wait()
                changed.clear()

    def _opened(self, conversation: Conversation) -> None:
        self._info.show(conversation)

    def _left(self) -> None:
        self._info.clear()
        self.show_pane("list")

    def _seen(self) -> None:
        conversation = self._chat.conversation
        # A window that was left lives on for a while, but nobody looks at it.
        if conversation and self.watched() and self._ctx.client.has_socket_connection:
            self._ctx.desk.board.see(self._ctx.staff.id, conversation.id, conversation.last_seq)

    def _use_reply(self, reply: str) -> None:
        self.show_pane("chat")
        self._chat.use(reply)
