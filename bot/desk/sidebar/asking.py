"""Filling a place with what may be slow or down: told in place, with a way to try again."""

from collections.abc import Callable
from typing import TypeVar

from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Refused, ShopError
from bot.staff.texts import Texts

from ..elements import button, el, text
from ..shop_calls import ask

T = TypeVar("T")


async def fill(
    box: Element, t: Texts, call: Callable[[], T], show: Callable[[T], object], failed: str
) -> None:
    """Fill the box with what the call brings; where it brings nothing, say so, with a button to try again.

    Args:
        call: made in a thread.
        show: called inside the box.
        failed: key of the sentence; ``data-testid`` of what says so is the key with hyphens.
    """
    if box.is_deleted:
        return
    box.clear()
    with box:
        text("p", t("loading"), "hint loading")
    said = None
    try:
        brought = await ask(call)
    except Refused:
        said = "not_offered"
    except (ShopError, SQLAlchemyError):
        said = failed
    if box.is_deleted:
        return
    box.clear()
    with box:
        if said is None:
            show(brought)
            return
        with el("p", "hint" if said == "not_offered" else "hint bad"):
            text("span", t(said), data_testid=said.replace("_", "-"))
            if said == failed:
                again = button(t("retry"), "link", data_testid="retry")
                again.on("click", lambda: fill(box, t, call, show, failed), args=[])
