"""The sheet of keys; the browser knows them (shortcuts.js)."""

from nicegui import ui

from .context import Context
from .elements import button, el, text


class HelpSheet:
    """A dialog that the button and the key ``?`` open."""

    def __init__(self, ctx: Context) -> None:
        with ui.dialog() as self._dialog, ui.card().classes("ask help-sheet"):
            with el("div", "help-head"):
                text("h2", ctx.t("keys"))
                close = button("✕", "icon-button", aria_label=ctx.t("cancel"))
                close.on("click", lambda: self._dialog.close(), args=[])
            el("key-sheet", "", data_testid="key-sheet")

    def open(self) -> None:
        self._dialog.open()
