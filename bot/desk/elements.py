"""The few building blocks of the desk. Text is always text, never markup."""

from datetime import datetime

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement


def el(tag: str, classes: str = "", **props: object) -> Element:
    """An element to be filled; ``data_testid="x"`` becomes the attribute ``data-testid``."""
    return _dressed(Element(tag), classes, props)


def text(tag: str, said: str, classes: str = "", **props: object) -> TextElement:
    """An element with text. What people wrote is kept apart from the direction of what surrounds it."""
    element = TextElement(tag=tag, text=said)
    _dressed(element, classes, {"dir": "auto", **props})
    return element


def button(said: str, classes: str = "", **props: object) -> TextElement:
    return text("button", said, classes, type="button", **props)


def moment(at: datetime | str) -> Element:
    """A point in time, told by the browser in the shop's zone."""
    return el("local-time", at=at if isinstance(at, str) else at.isoformat())


def since(at: datetime, until: datetime | None = None) -> Element:
    """The time gone by since then, ticking in the browser unless it has ended."""
    ended = {"until": until.isoformat()} if until else {}
    return el("wait-time", since=at.isoformat(), **ended)


def _dressed(element: Element, classes: str, props: dict[str, object]) -> Element:
    if classes:
        element.classes(classes)
    for name, value in props.items():
        element.props[name.rstrip("_").replace("_", "-")] = value
    return element
