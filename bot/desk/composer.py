"""Where the agent writes: replies, and notes that only colleagues see."""

import asyncio
import json
from datetime import timedelta

import structlog
from nicegui import events
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, notes
from bot.conversations.models import Conversation, Message
from bot.conversations.steps import UnknownConversation, now
from bot.conversations.store import TEXT_LIMIT, NotYours

from .context import Context
from .dialogs import cleaned
from .elements import button, el, text
from .offers import Offers

SAME_NOTE = timedelta(minutes=1)  # the same words again within it are a retry of the browser

log = structlog.get_logger()


class Composer:
    """The foot of the chat column; made inside it."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._note_kind = "note"
        t = ctx.t
        self._bar = el("footer", "composer-bar", data_may="nothing")
        with self._bar:
            self._offers = Offers(ctx, self.use)
            with el("div", "locked-row"):
                self._locked = text("p", "", "hint locked", data_testid="locked")
                begin = button(t("note_begin"), "link", data_testid="note-begin")
                begin.on("click", js_handler="() => desk.mode('note')")
            # Filled by the browser alone.
            el("div", "canned", role="listbox", id="canned", aria_label=t("canned"), data_testid="canned")
            with el("div", "composer-tools", role="tablist"):
                for mode in ("reply", "note"):
                    tab = button(t(f"mode_{mode}"), "mode", role="tab", data_mode=mode)
                    tab.props["data-testid"] = f"mode-{mode}"
                    tab.on("click", js_handler=f"() => desk.mode('{mode}')")
                self._note_tab = tab
                text("span", t("canned_hint"), "hint canned-hint")
            with el("div", "composer-box"):
                field = self._field = el(
                    "textarea",
                    "composer",
                    data_testid="composer",
                    rows=2,
                    maxlength=TEXT_LIMIT,
                    placeholder=t("composer"),
                    aria_label=t("composer_phone"),
                    data_note=t("composer_note"),
                )
                field.on("say", self._say, args=["detail"])
                field.on("canned", self._offers.send_canned, args=[])
                send = button(t("send"), "primary", data_testid="send")
                send.props["data-note"] = t("send_note")
                send.on("click", js_handler="() => desk.send()")

    def unlock(self, conversation: Conversation, last: Message | None) -> None:
        """The agent may write; ``last``: the newest message of the shopper or of an agent."""
        if self._bar.props["data-may"] == "note":
            self._ctx.js("desk.mode('reply')")
        self._bar.props["data-may"] = "reply"
        self._notes_are("note")
        self._offers.show(conversation, last)

    def lock(self, why: str, *, whisper: bool) -> None:
        """The agent may write notes only, and is told why; ``whisper``: a note is for who serves."""
        self._bar.props["data-may"] = "note"
        self._notes_are("whisper" if whisper else "note")
        self._locked.set_text(why)
        self._offers.hide()

    def _notes_are(self, kind: str) -> None:
        self._note_kind = kind
        self._note_tab.set_text(self._ctx.t("note_whisper" if kind == "whisper" else "mode_note"))
        self._field.props["data-note"] = self._ctx.t(f"composer_{kind}")

    def use(self, said: str) -> None:
        """Put this into the composer, to be edited and sent."""
        self._ctx.js(f"desk.use({json.dumps(said)})")

    async def _say(self, event: events.GenericEventArguments) -> None:
        """What was written; the browser tries again until it hears ``sent`` or ``refused``."""
        ctx = self._ctx
        said = event.args.get("detail") if isinstance(event.args, dict) else None
        if not isinstance(said, dict):
            return
        place, client_id, words = (str(said.get(key) or "") for key in ("conversation", "client_id", "text"))
        outcome = "refused"
        if not client_id or len(client_id) > 63 or not await ctx.signed_in():
            return
        if len(words) > TEXT_LIMIT:
            ctx.tell("too_long", limit=TEXT_LIMIT)
        else:
            keep = self._keep_note if said.get("mode") == "note" else self._keep_reply
            try:
                if clean := cleaned(words):
                    await asyncio.to_thread(keep, place, clean, client_id)
                outcome = "sent"
                ctx.desk.watcher.hint(place)
            except NotYours:
                ctx.tell("not_sent")
            except UnknownConversation:
                ctx.tell("gone")
            except SQLAlchemyError as error:
                # It may be stored or not: the browser tries again under the same client_id.
                log.error("desk.message_not_stored", error=type(error).__name__)
                ctx.tell("not_now")
                return
        ctx.js(f"desk.{outcome}({json.dumps(client_id)})")

    def _keep_reply(self, place: str, words: str, client_id: str) -> None:
        staff = self._ctx.staff
        self._ctx.desk.store.say(place, staff.id, staff.display_name, words, client_id)

    def _keep_note(self, place: str, words: str, _: str) -> None:
        store, staff, me = self._ctx.desk.store, self._ctx.staff, self._ctx.me
        since = now() - SAME_NOTE
        if any(n.by == me and n.text == words and n.at > since for n in notes.of(store, place)):
            return
        notes.add(store, place, staff.id, staff.display_name, words, self._note_kind)
        audits.note(store, me, self._note_kind, conversation=place)
