"""The head of the open conversation: who it is with, who serves it, and by when she must be answered."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bot.conversations import ownership
from bot.conversations.allowances import Left
from bot.conversations.steps import now
from bot.handoff import desk_rules

from .board import Row
from .context import Context
from .elements import button, el, text
from .moves import Action, Moves, Standing


class Head:
    """Made inside the chat column.

    Args:
        act: makes of an action on the open conversation the handler that does it.
        taken: called when the agent has taken a conversation.
        pane: called with the column that is wanted where only one has room.
    """

    def __init__(
        self,
        ctx: Context,
        act: Callable[[Action], Callable[[], Awaitable[None]]],
        taken: Callable[[], object],
        pane: Callable[[str], object],
    ) -> None:
        self._ctx = ctx
        t = ctx.t
        with el("header", "pane-head"):
            back = button("‹", "icon-button phone-only", aria_label=t("back"), data_testid="back")
            back.on("click", lambda: pane("list"), args=[])
            with el("div", "chat-who"):
                with el("span", "chat-name"):
                    self._name = text("strong", "", data_testid="chat-name")
                    self._level = text("span", "", "chip", title=t("level"))
                self._state = text("span", "", "hint", data_testid="chat-state")
            el("span", "gap")
            self._left = text(
                "span", "", "chip sends-left", title=t("sends_left_hint"), data_testid="sends-left"
            )
            self._due = el("answer-due", title=t("due_hint"), data_testid="due")
            self._moves = Moves(ctx, act, taken)
            info = button(t("info"), "quiet narrow-only", data_testid="info")
            info.on("click", lambda: pane("info"), args=[])

    def show(self, standing: Standing, owner_name: str, guests: Sequence[int]) -> None:
        """Show who is here, and what may be done."""
        t, conversation = self._ctx.t, standing.conversation
        name = conversation.customer_name or conversation.customer_id
        self._name.set_text(name or f"{t('visitor')} {conversation.id[-4:]}")
        level = desk_rules.level_title(conversation.customer_level, t.language)
        self._level.set_text(level or "")
        self._level.set_visibility(bool(level))
        channel = conversation.channel
        channel = t(f"channel_{channel}") if channel in ("web", "wechat") else channel
        state = t("owner_mine") if standing.mine else t(f"owner_{standing.kind}", name=owner_name)
        names = self._ctx.desk.board.snapshot.names
        beside = [names.get(ownership.agent(guest), t("someone")) for guest in guests]
        joined = [t("joined", names="、".join(beside))] if beside else []
        self._state.set_text(" · ".join([channel, state, *joined]))
        self._moves.show(standing)

    def show_left(self, left: Left) -> None:
        """How many messages her channel still takes and until when, where that is limited."""
        self._left.set_visibility(left.until is not None)
        if left.until is None:
            return
        t, hours = self._ctx.t, (left.until - now()) / timedelta(hours=1)
        if not left.messages or hours <= 0:
            said = t("sends_none")
        elif hours < 1:
            said = t("sends_left_soon", messages=left.messages)
        else:
            said = t("sends_left", messages=left.messages, hours=int(hours))
        self._left.set_text(said)
        self._left.props["data-few"] = "yes" if left.messages <= 1 or hours < 1 else "no"
        self._left.update()

    def show_deadline(self, row: Row | None) -> None:
        """Until when she must be answered, if anybody waits for that."""
        due = row.due if row else None
        self._due.props["at"] = due.isoformat() if due else ""
        self._due.props["data-warned"] = "yes" if row and row.warned else "no"
        self._due.update()
