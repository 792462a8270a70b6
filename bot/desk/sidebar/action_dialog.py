"""The dialog of an order action: what is needed, what will happen, and what came of it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from nicegui import ui
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Customer, Order, Refused, ShopError
from bot.conversations.models import Conversation
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import NotYours

from .. import order_actions, telling
from ..context import Context
from ..elements import button, el, moment, text
from ..order_actions import Deed, Outcome, Wish
from ..shop_calls import ask, do
from ..telling import Fact
from . import forms

log = structlog.get_logger()


class ActionDialog:
    """One action, opened once.

    Args:
        order: what it is about; for ``withdraw`` the order of the after-sale.
        about: the order's number, or the after-sale's id.
        pictures: that may go along as evidence.
        done: called when the order may have changed.
    """

    def __init__(
        self,
        ctx: Context,
        conversation: Conversation,
        action: str,
        order: Order | None,
        order_no: str,
        about: str,
        pictures: Sequence[str],
        done: Callable[[], Awaitable[None]],
    ) -> None:
        self._ctx, self._conversation = ctx, conversation
        self._action, self._order, self._order_no, self._about = action, order, order_no, about
        self._pictures, self._done = pictures, done
        self._customer = Customer(conversation.customer_id or "")
        t = ctx.t
        with ctx.root, ui.dialog() as self._dialog, ui.card().classes("ask act"):
            text("h2", t("act_title", act=t(f"act_{action}")), data_testid="act-title")
            name = conversation.customer_name or conversation.customer_id or ""
            text("p", t("act_for", name=name, no=order_no), "hint")
            with el("div", "act-body", data_testid="act-body") as self._body:
                self._fields = el("div", "fields")
        self._dialog.on("hide", self._dialog.delete)
        self._read: forms.Read | None = None

    async def open(self) -> None:
        """Show it, and begin."""
        ctx = self._ctx
        if not await ctx.signed_in():
            self._dialog.delete()
            return
        self._dialog.open()
        self._say_busy()
        if deed := order_actions.unsure(self._action, self._about):
            self._show_outcome(deed, Outcome("unsure"))
        elif self._order and self._action in forms.NEEDED:
            await self._begin_form(self._order)
        else:
            await self._propose(Wish(self._action, self._order_no, self._about))

    # -- stages ---------------------------------------------------------------------------------------

    async def _begin_form(self, order: Order) -> None:
        try:
            known = await ask(forms.look_up, self._ctx.desk.shop, self._customer, order, self._action)
        except ShopError:
            self._show_end("failed", again=partial(self._begin_form, order))
            return
        if self._fields.is_deleted:
            return
        self._clear()
        with self._fields:
            self._read = forms.build(self._action, order, known, self._pictures, self._ctx.t)
        self._show_form()

    def _show_form(self, lacking: str | None = None) -> None:
        self._clear()
        self._fields.set_visibility(True)
        with self._body:
            if lacking:
                text("p", self._ctx.t(lacking), "bad", role="alert", data_testid="act-lacking")
            with el("div", "ask-foot"):
                self._button("cancel", self._dialog.close)
                self._button("act_next", self._take, primary=True, testid="act-next")

    async def _take(self) -> None:
        assert self._read is not None  # noqa: S101
        try:
            values = self._read()
        except forms.Lacking as lacking:
            self._show_form(str(lacking))
            return
        await self._propose(Wish(self._action, self._order_no, self._about, values))

    async def _propose(self, wish: Wish) -> None:
        self._say_busy()
        desk, staff = self._ctx.desk, self._ctx.staff
        try:
            would = await ask(
                order_actions.propose, desk.store, desk.shop, staff, self._conversation.id, wish
            )
        except Refused as refused:
            self._show_end("refused", reason=refused.reason)
        except (NotYours, UnknownConversation):
            self._show_end("not_yours_now")
        except (ShopError, SQLAlchemyError):
            self._show_end("failed", again=partial(self._propose, wish))
        else:
            self._show_proposal(Deed(wish), would)

    def _show_proposal(self, deed: Deed, would: Any) -> None:
        if not self._clear():
            return
        t = self._ctx.t
        with self._body:
            text("p", t("act_would"), "hint")
            _show_facts(telling.facts(deed.wish, would, t))
            with el("div", "ask-foot"):
                if self._read:
                    self._button("act_back", self._show_form)
                else:
                    self._button("act_not", self._dialog.close)
                act = t("act_confirm", act=t(f"act_{self._action}"))
                confirm = button(act, "primary", data_testid="act-confirm", title="Ctrl+Enter")
                confirm.on("click", lambda: self._carry_out(deed), args=[])

    async def _carry_out(self, deed: Deed) -> None:
        """The same deed again is done once: it keeps its key."""
        ctx = self._ctx
        self._say_busy()
        if not await ctx.signed_in():
            return
        store, shop = ctx.desk.store, ctx.desk.shop
        note = partial(self._note, deed.wish)
        self._dialog.props("persistent")
        try:
            outcome = await do(
                order_actions.carry_out, store, shop, ctx.staff, self._conversation.id, deed, note
            )
        except (NotYours, UnknownConversation):
            self._show_end("not_yours_now")
        except SQLAlchemyError as error:
            log.error("desk.action_failed", error=type(error).__name__)
            self._show_end("not_done", again=partial(self._carry_out, deed))
        except ShopError:
            self._show_outcome(deed, Outcome("unsure"))
        else:
            self._show_outcome(deed, outcome)
            ctx.desk.watcher.hint(self._conversation.id)
        self._dialog.props(remove="persistent")

    def _note(self, wish: Wish, outcome: Outcome) -> str:
        return telling.note(wish, outcome, self._ctx.t)

    def _show_outcome(self, deed: Deed, outcome: Outcome) -> None:
        if outcome.kind != "unsure":
            self._ctx.run(self._tell_done())
        if outcome.kind == "refused":
            self._show_end("refused", reason=outcome.reason)
            return
        if not self._clear():
            return
        t = self._ctx.t
        with self._body:
            text(
                "p",
                t(f"act_{outcome.kind}"),
                f"outcome {outcome.kind}",
                role="status",
                data_testid="act-outcome",
            )
            if outcome.kind == "done":
                _show_facts(telling.facts(deed.wish, outcome.result, t))
            with el("div", "ask-foot"):
                self._button("act_close", self._dialog.close, testid="act-close")
                if outcome.kind == "unsure":
                    again = partial(self._carry_out, deed)
                    self._button("act_ask_again", again, primary=True, testid="act-again")

    async def _tell_done(self) -> None:
        await self._done()

    def _show_end(
        self, what: str, reason: str = "", again: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Nothing was changed: say why, and what can be done."""
        if not self._clear():
            return
        with self._body:
            said = self._ctx.t(f"act_{what}", reason=reason or self._ctx.t("refused_plainly"))
            text("p", said, f"outcome {what}", role="status", data_testid="act-outcome")
            with el("div", "ask-foot"):
                if self._read and what == "refused":
                    self._button("act_back", self._show_form)
                self._button("act_close", self._dialog.close, testid="act-close")
                if again:
                    self._button("retry", again, primary=True, testid="act-retry")

    # -- pieces ---------------------------------------------------------------------------------------

    def _button(
        self, key: str, handler: Callable[[], object], primary: bool = False, testid: str | None = None
    ) -> None:
        made = button(self._ctx.t(key), "primary" if primary else "quiet", data_testid=testid or key)
        made.on("click", handler, args=[])

    def _say_busy(self) -> None:
        if self._clear():
            with self._body:
                text("p", self._ctx.t("act_busy"), "hint loading", role="status")

    def _clear(self) -> bool:
        """Take away all but the fields, which keep what was typed; False: the dialog was closed."""
        if self._body.is_deleted:
            return False
        for child in list(self._body.default_slot.children):
            if child is not self._fields:
                child.delete()
        self._fields.set_visibility(False)
        return True


def _show_facts(told: Sequence[Fact]) -> None:
    with el("dl", "facts", data_testid="act-facts"):
        for label, value in told:
            with el("div"):
                text("dt", label)
                if isinstance(value, datetime):
                    with el("dd"):
                        moment(value)
                else:
                    text("dd", value)
