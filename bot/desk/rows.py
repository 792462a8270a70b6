"""The left column's lists."""

from collections.abc import Callable, Sequence

from nicegui.element import Element

from bot.conversations import ownership
from bot.handoff.packet import reason_text
from bot.staff.texts import Texts

from .board import Row
from .elements import el, text


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
        said = row.last_text if row.last_text or row.last_from is None else t("not_text")
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
