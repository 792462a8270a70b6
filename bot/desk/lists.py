"""The left column: lists with their tabs, tickets, and the agent's own corner."""

from collections import Counter
from collections.abc import Callable, Sequence

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.handoff.desk_rules import queue_title
from bot.staff import texts

from .alerts import Alerts, BreachAlerts
from .board import Row
from .context import Context
from .elements import button, el, text
from .help import HelpSheet
from .live_facts import overdue
from .presence import PresenceControl
from .rows import RowList
from .search import SearchPalette
from .tickets import TicketColumn

TABS = ("mine", "queue", "all", "tickets")
DARK = {"auto": None, "light": False, "dark": True}
THEME_SIGNS = {"auto": "◐", "light": "○", "dark": "●"}
SHOWN = 100  # rows of one list; what waits behind them is counted
TAB_COOKIE = "desk_tab"


class ListColumn:
    """Shows the board's lists; made inside the page's root.

    Args:
        open_conversation: called with the id of the conversation that is chosen.
    """

    def __init__(self, ctx: Context, open_conversation: Callable[[str], object]) -> None:
        self._ctx = ctx
        self._open_conversation = open_conversation
        self._dark = ui.dark_mode(DARK[ctx.theme])
        self._theme = ctx.theme
        self._tab = "queue"
        self._queue: str | None = None
        self._queues_shown: tuple[object, ...] = ()
        self._selected: str | None = None
        self._calling = 0
        self._tabs: dict[str, Element] = {}
        self._counts: dict[str, TextElement] = {}
        t = ctx.t
        self._pane = el("nav", "list-pane", data_testid="list-pane")
        # A notification that was clicked, and keys that walk through the list.
        self._pane.on("choose", self._chosen, args=["detail"])
        with self._pane:
            self._presence = PresenceControl(ctx, el("header", "pane-head"), self._build_ways)
            with el("div", "tabs", role="tablist"):
                for name in TABS:
                    self._build_tab(name)
            self._queues = el("div", "queue-chips", data_testid="queue-filter")
            self._rows = RowList(el("div", "rows", data_testid="rows"), t, self.open)
            self._more = text("p", "", "hint rows-more")
            self._empty = text("p", "", "hint rows-empty", data_testid="rows-empty")
            self._tickets = TicketColumn(ctx, self.open)
            self._build_foot()
        self._tickets.build_view()
        self._search = SearchPalette(ctx, self.open, self._tickets.open)
        self._help = HelpSheet(ctx)
        self._alerts = Alerts(ctx)
        request = ctx.client.request
        kept = request.cookies.get(TAB_COOKIE, "")
        self.open_tab(kept if kept in TABS else "queue")

    # -- building -------------------------------------------------------------------------------------

    def _build_ways(self) -> None:
        """The ways from here, beside the presence."""
        t, staff = self._ctx.t, self._ctx.staff
        if staff.may("supervisor"):
            with el("a", "link to-live", href="/desk/live", data_testid="to-live"):
                text("span", t("live_short"))
                self._overdue = text("span", "", "count", title=t("live_overdue"))
            self._breaches = BreachAlerts(self._ctx)
        if staff.may("admin"):
            text("a", t("studio"), "link", href="/studio")
        label = t("search")
        search = button("", "icon-button magnifier", title=label, aria_label=label, data_testid="search")
        search.on("click", lambda: self._search.open(), args=[])

    def _build_foot(self) -> None:
        t, staff = self._ctx.t, self._ctx.staff
        with el("footer", "pane-foot"):
            text("span", staff.display_name[:1], "face", aria_hidden="true")
            # In a window of its own: the shift goes on in this one.
            more = {"href": "/account", "target": "_blank", "title": t("account")}
            text("a", staff.display_name, "me", data_testid="me", **more)
            el("sound-button", "", data_testid="sound")
            keys = button("?", "icon-button", title=t("keys"), aria_label=t("keys"), data_testid="help")
            keys.on("click", lambda: self._help.open(), args=[])
            self._theme_button = button("", "icon-button", data_testid="theme")
            self._theme_button.on("click", self._next_theme, args=[])
            self._label_theme()
            language = button(
                t("other_language"), "icon-button", title=t("other_language_hint"), data_testid="language"
            )
            other = "en" if t.language == "zh" else "zh"
            language.on("click", js_handler=f"() => office.language('{other}')")
            form = el("form", "sign-out", method="post", action="/sign-out")
            form.on("leave", self._presence.sign_out, args=[])
            with form:
                text("button", t("sign_out"), "link", type="submit", data_testid="sign-out")

    def _build_tab(self, name: str) -> None:
        self._tabs[name] = el("button", "tab", type="button", role="tab", data_testid=f"tab-{name}")
        with self._tabs[name]:
            text("span", self._ctx.t(name))
            self._counts[name] = text("span", "", "count", data_testid=f"count-{name}")
        self._tabs[name].on("click", lambda: self.open_tab(name), args=[])

    # -- showing --------------------------------------------------------------------------------------

    def open(self, conversation_id: str) -> None:
        """Show this conversation in place of whatever is open."""
        self._tickets.leave()
        self._open_conversation(conversation_id)

    def open_ticket(self, ticket_id: int) -> None:
        """Show this ticket in place of whatever is open."""
        self._tickets.open(ticket_id)

    def open_tab(self, name: str) -> None:
        self._tab = name
        for tab, element in self._tabs.items():
            element.props["aria-selected"] = "true" if tab == name else "false"
        self._rows.clear()
        self._tickets.set_visibility(name == "tickets")
        self._rows.set_visibility(name != "tickets")
        self._ctx.js(f"office.remember('{TAB_COOKIE}', '{name}')")
        self.show(self._selected)

    def show(self, selected: str | None) -> None:
        """Show the board as it is now; ``selected`` is the conversation before the agent's eyes."""
        self._selected = selected
        ctx, shown = self._ctx, self._ctx.desk.board.snapshot
        mine = shown.held.get(ctx.me, [])
        unread = sum(map(self._unread, mine))
        self._count("mine", len(mine), alert=unread > 0)
        self._count("queue", len(shown.waiting), alert=bool(shown.waiting))
        self._count("tickets", *self._tickets.show(shown))
        self._presence.show(shown, len(mine))
        if self._tab != "tickets":
            rows = {"mine": mine, "queue": self._of_queue(shown.waiting), "all": shown.latest}[self._tab]
            self._rows.show(
                rows[:SHOWN], me=ctx.me, names=shown.names, selected=selected, unread=self._unread
            )
            self._more.set_text(ctx.t("rows_more", count=len(rows) - SHOWN))
            resting = self._tab == "mine" and self._presence.offline
            self._empty.set_text(ctx.t("mine_empty_offline" if resting else f"{self._tab}_empty"))
        else:
            rows = []
        self._more.set_visibility(len(rows) > SHOWN)
        self._empty.set_visibility(self._tab != "tickets" and not rows)
        self._show_queues(shown.waiting)
        self._alerts.show(mine, selected)
        if ctx.staff.may("supervisor"):
            self._overdue.set_text(str(overdue(shown) or ""))
            self._breaches.show(shown)
        waiting = len(shown.waiting)
        if (calling := waiting + unread) != self._calling:
            self._calling = calling
            ctx.js(f"desk.title({calling})")

    def _count(self, tab: str, count: int, alert: bool) -> None:
        self._counts[tab].set_text(str(count) if count else "")
        self._tabs[tab].props["data-alert"] = "yes" if alert else "no"

    def _unread(self, row: Row) -> int:
        if row.owner != self._ctx.me or row.id == self._selected:
            return 0
        return self._ctx.desk.board.unread(self._ctx.staff.id, row)

    def _chosen(self, event: object) -> None:
        args = getattr(event, "args", None)
        detail = args.get("detail") if isinstance(args, dict) else None
        if isinstance(detail, str):
            self.open(detail)

    # -- queues ---------------------------------------------------------------------------------------

    def _of_queue(self, waiting: Sequence[Row]) -> list[Row]:
        return [row for row in waiting if self._queue in (None, row.queue)]

    def _show_queues(self, waiting: Sequence[Row]) -> None:
        """The queues in which somebody waits, where there are several to choose from."""
        counts = Counter(row.queue for row in waiting if row.queue)
        if self._queue and self._queue not in counts:
            self._queue = None
        state = (self._tab == "queue" and len(counts) > 1, self._queue, counts)
        if state == self._queues_shown:
            return
        self._queues_shown = state
        self._queues.clear()
        several = bool(state[0])
        self._queues.set_visibility(several)
        if not several:
            return
        with self._queues:
            for code, count in [(None, len(waiting)), *sorted(counts.items())]:
                title = queue_title(code, self._ctx.t.language) if code else self._ctx.t("queues_all")
                chip = button(f"{title} {count}", "queue-chip", data_queue=code or "")
                chip.props["aria-pressed"] = "true" if code == self._queue else "false"
                chip.on("click", lambda code=code: self._choose_queue(code), args=[])

    def _choose_queue(self, code: str | None) -> None:
        self._queue = code
        self.show(self._selected)

    # -- theme ----------------------------------------------------------------------------------------

    def _next_theme(self) -> None:
        self._theme = texts.THEMES[(texts.THEMES.index(self._theme) + 1) % len(texts.THEMES)]
        self._dark.value = DARK[self._theme]
        self._label_theme()
        self._ctx.js(f"office.theme('{self._theme}')")

    def _label_theme(self) -> None:
        label = self._ctx.t(f"theme_{self._theme}")
        self._theme_button.set_text(THEME_SIGNS[self._theme])
        self._theme_button.props["title"] = self._theme_button.props["aria-label"] = label
