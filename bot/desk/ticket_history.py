"""What has become of a ticket, line by line."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nicegui.element import Element

from bot.conversations import tickets
from bot.conversations.models import TicketEvent
from bot.conversations.notices import ZONE
from bot.staff.texts import Texts

from .elements import el, moment, text


def show_history(
    container: Element, happened: Sequence[TicketEvent], names: Mapping[int, str], t: Texts
) -> None:
    """Fill the container, newest first; ``names`` are those of the staff by account id."""
    container.clear()
    with container:
        for event in reversed(happened):
            with el("li"):
                moment(event.at)
                by = event.name or t(f"by_{event.by}" if event.by in ("shopper", "bot") else "someone")
                text("span", t(f"ticket_event_{event.kind}", name=by, **_values(event, names, t)))
                if said := (event.detail or {}).get("text"):
                    text("p", str(said), "settled")


def _values(event: TicketEvent, names: Mapping[int, str], t: Texts) -> dict[str, str]:
    """What was changed, in words."""
    now = (event.detail or {}).get("now")
    if event.kind == "state":
        return {"now": t(f"ticket_{now}") if now in tickets.STATES else str(now)}
    if event.kind == "owner":
        return {"now": names.get(now, t("someone")) if isinstance(now, int) else t("ticket_nobody")}
    if event.kind == "due":
        due = datetime.fromisoformat(now).astimezone(ZONE) if isinstance(now, str) else None
        return {"now": due.strftime("%m-%d %H:%M") if due else "–"}
    if event.kind == "note":
        return {"told": t("ticket_told" if (event.detail or {}).get("told") else "ticket_internal")}
    return {}
