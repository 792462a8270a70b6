"""The search over all conversations and tickets: a palette that the keys find and walk through."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from nicegui import events, ui
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership, tickets
from bot.conversations.agent_side import Found
from bot.conversations.models import Ticket

from .context import Context
from .elements import el, moment, text

SHORTEST = 1  # characters
LONGEST = 100
QUOTED = 90
BEFORE = 24  # characters of the message shown before what was found

log = structlog.get_logger()


class SearchPalette:
    """A dialog with one line to type in and what was found under it.

    Args:
        open_conversation: called with an id.
        open_ticket: called with an id.
    """

    def __init__(
        self,
        ctx: Context,
        open_conversation: Callable[[str], object],
        open_ticket: Callable[[int], object],
    ) -> None:
        self._ctx = ctx
        self._open_conversation = open_conversation
        self._open_ticket = open_ticket
        self._asked = 0
        with ui.dialog().props("position=top") as self._dialog, ui.card().classes("ask palette"):
            self._words = el(
                "input",
                "palette-words",
                type="search",
                maxlength=LONGEST,
                placeholder=ctx.t("search_hint"),
                aria_label=ctx.t("search"),
                data_testid="search-words",
                autocomplete="off",
                spellcheck="false",
            )
            self._words.on("words", self._search, args=["detail"])
            self._found = el("div", "palette-found", role="listbox", data_testid="search-found")
            self._told = text("p", "", "hint palette-told", data_testid="search-told")

    def open(self) -> None:
        self._found.clear()
        self._told.set_text(self._ctx.t("search_begin"))
        self._dialog.open()
        self._ctx.js("lists.search()")

    async def _search(self, event: events.GenericEventArguments) -> None:
        said = event.args.get("detail") if isinstance(event.args, dict) else None
        words = said.replace("\0", "").strip()[:LONGEST] if isinstance(said, str) else ""
        self._asked += 1
        asked, ctx = self._asked, self._ctx
        if len(words) < SHORTEST:
            self._found.clear()
            self._told.set_text(ctx.t("search_begin"))
            return
        if not await ctx.signed_in():
            return

        def find() -> tuple[Sequence[Found], Ticket | None]:
            found = ctx.desk.store.search(words)
            ticket = _ticket(ctx, words)
            # What was searched for may be a name: it is not kept.
            audits.note(ctx.desk.store, ctx.me, "search", found=len(found))
            return found, ticket

        try:
            found, ticket = await asyncio.to_thread(find)
        except SQLAlchemyError as error:
            log.error("desk.search_failed", error=type(error).__name__)
            ctx.tell("not_now")
            return
        if asked == self._asked:
            self._show(words, found, ticket)

    def _show(self, words: str, found: Sequence[Found], ticket: Ticket | None) -> None:
        t = self._ctx.t
        self._found.clear()
        with self._found:
            if ticket:
                with self._hit(partial(self._open_ticket, ticket.id)):
                    with el("span", "row-line"):
                        text("span", f"{t('ticket')} {tickets.number(ticket)}", "row-name")
                        moment(ticket.updated_at)
                    text("span", ticket.title, "row-last")
            for each in found:
                self._show_found(words, each)
        self._told.set_text("" if found or ticket else t("search_empty", words=words))

    def _show_found(self, words: str, found: Found) -> None:
        t, conversation = self._ctx.t, found.conversation
        name = (
            conversation.customer_name or conversation.customer_id or f"{t('visitor')} {conversation.id[-4:]}"
        )
        names = self._ctx.desk.board.snapshot.names
        with self._hit(partial(self._open_conversation, conversation.id), conversation.id):
            with el("span", "row-line"):
                text("span", name, "row-name")
                kind = ownership.kind(conversation.owner)
                state = t(f"owner_{kind}", name=names.get(conversation.owner, t("someone")))
                text("span", state, "chip", data_owner=kind)
                moment(found.message.at if found.message else conversation.updated_at)
            if found.message and found.message.text:
                text("span", excerpt(found.message.text, words), "row-last")

    def _hit(self, choose: Callable[[], object], conversation_id: str = "") -> ui.element:
        hit = el("button", "hit", type="button", role="option", data_testid="search-hit")
        hit.props["data-conversation"] = conversation_id

        def chosen() -> None:
            self._dialog.close()
            choose()

        hit.on("click", chosen, args=[])
        return hit


def excerpt(said: str, words: str) -> str:
    """The part of a message around what was found in it."""
    place = said.lower().find(words.lower())
    start = max(0, place - BEFORE) if place > BEFORE else 0
    cut = said[start : start + QUOTED]
    return ("…" if start else "") + cut + ("…" if start + QUOTED < len(said) else "")


def _ticket(ctx: Context, words: str) -> Ticket | None:
    """The ticket of this number, if it is one."""
    ticket_id = tickets.id_of(words)
    if ticket_id is None:
        return None
    try:
        return tickets.get(ctx.desk.store, ticket_id)
    except tickets.UnknownTicket:
        return None
