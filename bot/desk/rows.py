"""Rows of conversations; one element for each, drawn and kept ticking by the browser (lists.js)."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from nicegui.element import Element

from bot.conversations import ownership
from bot.handoff import desk_rules
from bot.handoff.packet import reason_text
from bot.staff.texts import Texts

from .board import Row
from .elements import el

MOODS_SHOWN = ("hurried", "unhappy", "angry", "pleased")


class RowList:
    """Keeps one element for each conversation and changes only what is new."""

    def __init__(self, container: Element, t: Texts, open_row: Callable[[str], object]) -> None:
        self._container = container
        self._t = t
        self._open = open_row
        self._shown: dict[str, Element] = {}
        self._states: dict[str, tuple[object, ...]] = {}
        self._filled = False

    def set_visibility(self, visible: bool) -> None:
        self._container.set_visibility(visible)

    def show(
        self,
        rows: Sequence[Row],
        *,
        me: str,
        names: dict[str, str],
        selected: str | None,
        unread: Callable[[Row], int],
    ) -> None:
        """Show these rows in this order."""
        known = {row.id for row in rows}
        for gone in [row_id for row_id in self._shown if row_id not in known]:
            self._states.pop(gone)
            self._shown.pop(gone).delete()
        for row in rows:
            state = (row, names.get(row.owner), row.id == selected, unread(row))
            if row.id not in self._shown:
                self._add(row.id)
            elif self._states[row.id] == state:
                continue
            self._states[row.id] = state
            facts = facts_of(row, me, names, self._t, selected=row.id == selected, unread=unread(row))
            self._shown[row.id].props["row"] = json.dumps(facts, ensure_ascii=False)
        self._sort([self._shown[row.id] for row in rows])
        self._filled = True

    def clear(self) -> None:
        """Forget everything: another list will be shown."""
        self._shown.clear()
        self._states.clear()
        self._container.clear()
        self._filled = False

    def _add(self, row_id: str) -> None:
        with self._container:
            row = el("desk-row", "", data_testid="conversation-row", data_conversation=row_id)
        row.props["data-fresh"] = "yes" if self._filled else "no"
        row.on("click", lambda: self._open(row_id), args=[])
        self._shown[row_id] = row

    def _sort(self, wanted: list[Element]) -> None:
        for place, row in enumerate(wanted):
            if self._container.default_slot.children[place] is not row:
                row.move(self._container, place)


def facts_of(
    row: Row, me: str, names: dict[str, str], t: Texts, *, selected: bool, unread: int
) -> dict[str, Any]:
    """What the browser draws of a row (``desk-row`` in lists.js)."""
    kind = ownership.kind(row.owner)
    # Shoppers send no cards, and nobody else sends pictures.
    instead = t("not_text_shopper" if row.last_from == "shopper" else "not_text")
    said = row.last_text if row.last_text or row.last_from is None else instead
    who = "" if row.last_from in ("shopper", None) else t("said_by", who=t(f"from_{row.last_from}"))
    # Until the agent has answered, the shopper has waited since she was handed over.
    first = kind == "queue" or (kind == "agent" and not row.answered)
    return {
        "name": row.name or f"{t('visitor')} {row.id[-4:]}",
        "face": row.name[0] if row.name else t("visitor")[0],
        "level": desk_rules.level_title(row.level, t.language),
        "said": f"{who}{said}" if said else t("no_message"),
        "since": _iso((row.waits_since or row.owner_since) if first else row.last_at),
        "waits": kind in ("queue", "agent") and (first or bool(row.unanswered)),
        "due": _iso(row.due),
        "warn": _iso(row.due - timedelta(seconds=desk_rules.current().warn_before)) if row.due else None,
        "unread": unread,
        "owner": kind,
        "selected": selected,
        "chips": _chips(row, kind, me, names, t),
    }


def _chips(row: Row, kind: str, me: str, names: dict[str, str], t: Texts) -> list[dict[str, str]]:
    served = kind in ("queue", "agent")
    chips = []
    if served and row.mood in MOODS_SHOWN:
        chips.append({"text": t(f"mood_{row.mood}"), "mood": row.mood})
    if served and row.queue:
        chips.append({"text": desk_rules.queue_title(row.queue, t.language), "queue": row.queue})
    if kind == "queue":
        reason = reason_text(row.reason, t.language) if row.reason else t("owner_queue")
        chips.append({"text": reason, "reason": row.reason or ""})
    elif kind == "agent" and row.owner != me:
        chips.append({"text": names.get(row.owner, t("someone")), "owner": "agent"})
    elif not served:
        chips.append({"text": t("from_bot") if kind == "bot" else t("owner_closed"), "owner": kind})
    return chips


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
