"""What shall be heard and seen beyond the page: sound and desktop notices (lists.js)."""

import json
from collections.abc import Sequence

from bot.handoff.desk_rules import queue_title

from .board import Row, Snapshot
from .context import Context


class Alerts:
    """Compares the agent's conversations with those of a moment ago."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        # The shopper's last word in each; None before the first look, of which nothing is news.
        self._heard: dict[str, int] | None = None

    def show(self, mine: Sequence[Row], selected: str | None) -> None:
        """Call for attention for what is new; the browser knows whether it is looked at."""
        if not self._ctx.desk.board.loaded:
            return
        heard, self._heard = self._heard, {row.id: max(row.unanswered, default=0) for row in mine}
        if heard is None:
            return
        t = self._ctx.t
        for row in mine:
            before = heard.get(row.id)
            if before is not None and self._heard[row.id] <= before:
                continue
            what = "said" if before is not None else "new"
            title = t(f"alert_{what}", name=row.name or t("visitor"))
            _ring(self._ctx, what, row, self._heard[row.id], title, looked_at=row.id == selected)


class BreachAlerts:
    """Tells a supervisor of each deadline that was missed, wherever it is."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[str, int] | None = None

    def show(self, board: Snapshot) -> None:
        """Call for attention for what has been missed since the last look."""
        if not self._ctx.desk.board.loaded:
            return
        late = [row for rows in (board.waiting, *board.held.values()) for row in rows if row.breached]
        known, self._known = self._known, {row.id: row.breaches for row in late}
        if known is None:
            return
        t = self._ctx.t
        for row in late:
            if known.get(row.id, 0) < row.breaches:
                queue = queue_title(row.queue or "", t.language)
                title = t("alert_breach", name=row.name or t("visitor"), queue=queue)
                _ring(self._ctx, "breach", row, row.breaches, title)


def _ring(ctx: Context, kind: str, row: Row, count: int, title: str, looked_at: bool = False) -> None:
    alert = {
        "id": row.id,
        "key": f"{row.id}:{kind}:{count}",
        "kind": kind,
        "title": title,
        "text": row.last_text or "",
        "open": looked_at,
    }
    ctx.js(f"alerts.ring({json.dumps(alert, ensure_ascii=False)})")
