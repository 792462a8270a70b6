"""The left column: three lists with their tabs, and the agent's own corner."""

from collections.abc import Callable, Sequence

from nicegui import context, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from bot.conversations import ownership
from bot.handoff.packet import reason_text
from bot.staff import texts
from bot.staff.sessions import Staff
from bot.staff.texts import Texts

from .board import Board, Row
from .elements import button, el, text

TABS = ("mine", "queue", "all")
DARK = {"auto": None, "light": False, "dark": True}
THEME_SIGNS = {"auto": "◐", "light": "○", "dark": "●"}


class ListColumn:
    """Shows the board's lists; made inside the page's root.

    Args:
        me: the owner string of this member of staff.
        open_row: called with the id of the conversation that is chosen.
    """

    def __init__(
        self, board: Board, staff: Staff, me: str, t: Texts, theme: str, open_row: Callable[[str], object]
    ) -> None:
        self._board = board
        self._staff = staff
        self._me = me
        self._t = t
        self._theme = theme
        self._dark = ui.dark_mode(DARK[theme])
        self._client = context.client
        self._tab = "queue"
        self._selected: str | None = None
        self._calling = 0
        self._tabs: dict[str, Element] = {}
        self._counts: dict[str, TextElement] = {}
        with el("nav", "list-pane"):
            self._build_head()
            with el("div", "tabs", role="tablist"):
                for name in TABS:
                    self._build_tab(name)
            self._rows = RowList(el("div", "rows", data_testid="rows"), t, open_row)
            self._empty = text("p", "", "hint rows-empty")
            with el("footer", "pane-foot"):
                text("span", staff.display_name[:1], "face", aria_hidden="true")
                text("span", staff.display_name, "me", data_testid="me")
                with el("form", "", method="post", action="/sign-out"):
                    text("button", t("sign_out"), "link", type="submit", data_testid="sign-out")
        self.open_tab("queue")

    def _build_head(self) -> None:
        t = self._t
        with el("header", "pane-head"):
            el("img", "logo", src="/static/staff/icon.svg", alt="", width=24, height=24)
            text("strong", t("product"))
            el("span", "gap")
            if self._staff.may("admin"):
                text("a", t("studio"), "link", href="/studio")
            self._theme_button = button("", "icon-button", data_testid="theme")
            self._theme_button.on("click", self._next_theme, args=[])
            self._label_theme()
            language = button(
                t("other_language"), "icon-button", title=t("other_language_hint"), data_testid="language"
            )
            other = "en" if t.language == "zh" else "zh"
            language.on("click", js_handler=f"() => office.language('{other}')")

    def _build_tab(self, name: str) -> None:
        self._tabs[name] = el("button", "tab", type="button", role="tab", data_testid=f"tab-{name}")
        with self._tabs[name]:
            text("span", self._t(name))
            self._counts[name] = text("span", "", "count", data_testid=f"count-{name}")
        self._tabs[name].on("click", lambda: self.open_tab(name), args=[])

    def open_tab(self, name: str) -> None:
        self._tab = name
        for tab, element in self._tabs.items():
            element.props["aria-selected"] = "true" if tab == name else "false"
        self._rows.clear()
        self.show(self._selected)

    def show(self, selected: str | None) -> None:
        """Show the board as it is now; ``selected`` is the conversation before the agent's eyes."""
        self._selected = selected
        shown = self._board.snapshot
        mine = shown.held.get(self._me, [])
        rows = {"mine": mine, "queue": shown.waiting, "all": shown.latest}[self._tab]
        self._rows.show(rows, me=self._me, names=shown.names, selected=selected, unread=self._unread)
        unread = sum(map(self._unread, mine))
        self._counts["mine"].set_text(str(len(mine)) if mine else "")
        self._counts["queue"].set_text(str(shown.waiting_count) if shown.waiting_count else "")
        self._tabs["mine"].props["data-alert"] = "yes" if unread else "no"
        self._tabs["queue"].props["data-alert"] = "yes" if shown.waiting_count else "no"
        self._empty.set_text(self._t(f"{self._tab}_empty"))
        self._empty.set_visibility(not rows)
        if (calling := shown.waiting_count + unread) != self._calling:
            self._calling = calling
            self._client.run_javascript(f"desk.title({calling})")

    def _unread(self, row: Row) -> bool:
        mine = row.owner == self._me and row.id != self._selected
        return mine and self._board.unread(self._staff.id, row)

    def _next_theme(self) -> None:
        self._theme = texts.THEMES[(texts.THEMES.index(self._theme) + 1) % len(texts.THEMES)]
        self._dark.value = DARK[self._theme]
        self._label_theme()
        self._client.run_javascript(f"office.theme('{self._theme}')")

    def _label_theme(self) -> None:
        label = self._t(f"theme_{self._theme}")
        self._theme_button.set_text(THEME_SIGNS[self._theme])
        self._theme_button.props["title"] = self._theme_button.props["aria-label"] = label


class RowList:
    """Keeps one element for each conversation and changes only what is new."""

    def __init__(self, container: Element, t: Texts, open_row: Callable[[str], object]) -> None:
        self._container = container
        self._t = t
        self._open = open_row
        self._shown: dict[str, _RowElement] = {}
        self._filled = False

    def show(
        self,
        rows: Sequence[Row],
        *,
        me: str,
        names: dict[str, str],
        selected: str | None,
        unread: Callable[[Row], bool],
    ) -> None:
        known = {row.id for row in rows}
        for gone in [row_id for row_id in self._shown if row_id not in known]:
            self._shown.pop(gone).element.delete()
        for place, row in enumerate(rows):
            shown = self._shown.get(row.id)
            if shown is None:
                with self._container:
                    shown = _RowElement(row.id, self._t, self._open, fresh=self._filled)
                self._shown[row.id] = shown
            children = self._container.default_slot.children
            if children.index(shown.element) != place:
                shown.element.move(self._container, place)
            shown.fill(row, me, names, row.id == selected, unread(row))
        self._filled = True

    def clear(self) -> None:
        """Forget everything: another list will be shown."""
        self._shown.clear()
        self._container.clear()
        self._filled = False


class _RowElement:
    def __init__(self, row_id: str, t: Texts, open_row: Callable[[str], object], fresh: bool) -> None:
        self._t = t
        self._state: tuple[object, ...] = ()
        self.element = el(
            "button", "row fresh" if fresh else "row", type="button", data_testid="conversation-row"
        )
        self.element.props["data-conversation"] = row_id
        self.element.on("click", lambda: open_row(row_id), args=[])
        with self.element:
            self._face = text("span", "", "face", aria_hidden="true")
            with el("span", "row-body"):
                with el("span", "row-line"):
                    self._name = text("span", "", "row-name")
                    self._wait = el("wait-time")
                with el("span", "row-line"):
                    self._last = text("span", "", "row-last")
                    self._chip = text("span", "", "chip")
                    self._dot = el("span", "dot")

    def fill(self, row: Row, me: str, names: dict[str, str], selected: bool, unread: bool) -> None:
        state = (row, names.get(row.owner), selected, unread)
        if state == self._state:
            return
        self._state = state
        t = self._t
        name = row.name or f"{t('visitor')} {row.id[-4:]}"
        kind = ownership.kind(row.owner)
        self._face.set_text(name[0] if row.name else t("visitor")[0])
        self._name.set_text(name)
        # Shoppers send no cards, and nobody else sends pictures.
        instead = t("not_text_shopper" if row.last_from == "shopper" else "not_text")
        said = row.last_text if row.last_text or row.last_from is None else instead
        who = "" if row.last_from in ("shopper", None) else f"{t('from_' + row.last_from)}："
        self._last.set_text(f"{who}{said}" if said else t("no_message"))
        waits = kind == "queue" or (kind == "agent" and row.last_from == "shopper")
        self._wait.props["since"] = (row.owner_since if kind == "queue" else row.last_at).isoformat()
        self._wait.props["data-waits"] = "yes" if waits else "no"
        self._wait.update()
        if kind == "queue":
            chip = reason_text(row.reason, t.language) if row.reason else t("owner_queue")
        elif row.owner == me:
            chip = ""
        elif kind == "agent":
            chip = names.get(row.owner, t("someone"))
        else:
            chip = t("from_bot") if kind == "bot" else t("owner_closed")
        self._chip.set_text(chip)
        self._chip.props["data-owner"] = kind
        self._chip.props["data-reason"] = row.reason or ""
        self._chip.set_visibility(bool(chip))
        self._dot.set_visibility(unread)
        self.element.props["aria-current"] = "true" if selected else "false"
        self.element.props["data-unread"] = "yes" if unread else "no"
        self.element.props["data-owner"] = kind
        self.element.update()
