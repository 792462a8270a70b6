"""A part of the sidebar that stays closed, and asks for nothing, until it is opened."""

from collections.abc import Awaitable, Callable

from nicegui import events
from nicegui.element import Element

from ..elements import el, text


class Fold:
    """Made inside the column; once opened it stays open with the next conversation.

    Args:
        name: its ``data-testid``.
        load: fills the element it is given.
    """

    def __init__(self, name: str, title: str, load: Callable[[Element], Awaitable[None]]) -> None:
        self._load = load
        self._open = False
        self._box = el("details", "box fold", data_testid=name)
        with self._box:
            with el("summary"):
                text("h2", title)
            self._body = el("div", "fold-body")
        self._box.on("toggle", self._toggled, js_handler="(event) => emit(event.target.open)")

    def show(self, visible: bool) -> None:
        """Another conversation is open: what was loaded is forgotten."""
        self._box.set_visibility(visible)
        self._body.clear()

    async def refresh(self) -> None:
        """Load anew what is open."""
        if self._open and self._box.visible:
            await self._load(self._body)
        else:
            self._body.clear()

    async def _toggled(self, event: events.GenericEventArguments) -> None:
        self._open = bool(event.args)
        if self._open and not self._body.default_slot.children:
            await self._load(self._body)
