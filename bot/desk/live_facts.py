"""What the supervisor's board shows, counted from the snapshot that all pages share."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.conversations import ownership
from bot.conversations.steps import now
from bot.handoff import desk_rules
from bot.handoff.desk_rules import queue_title
from bot.handoff.packet import reason_text
from bot.staff.texts import Texts

from .board import Colleague, Row, Snapshot
from .rows import MOODS_SHOWN, facts_of

SHOWN = 150  # conversations; the most urgent
PRESENCE_ORDER = ("online", "busy", "away", "offline")


def facts(board: Snapshot, t: Texts, me: str) -> dict[str, Any]:
    """Everything the browser draws (``live-board`` in live.js); moments tick there."""
    served = [row for rows in board.held.values() for row in rows]
    rows = sorted([*board.waiting, *served], key=_urgency)
    working = [agent for agent in board.agents.values() if agent.presence != "offline"]
    there = [agent for agent in working if agent.there]
    return {
        "figures": {
            "waiting": len(board.waiting),
            "longest": _oldest(board.waiting),
            "overdue": overdue(board),
            "served": len(served),
            "there": len(there),
            "load": sum(_load(board, agent) for agent in working),
            "places": sum(agent.capacity for agent in there),
        },
        "queues": [_queue(code, board, served, there, t) for code in _queues(rows)],
        "moods": {"waiting": _moods(board.waiting, t), "served": _moods(served, t)},
        "agents": [_agent(agent, board, t) for agent in sorted(board.agents.values(), key=_order)],
        "rows": [_conversation(row, board, t, me) for row in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
    }


def overdue(board: Snapshot) -> int:
    """How many shoppers have waited for a human's word longer than they should."""
    return sum(map(_overdue, [*board.waiting, *(row for rows in board.held.values() for row in rows)]))


def _queues(rows: Iterable[Row]) -> list[str]:
    """Those of the rules, and those that somebody still waits in."""
    return list(dict.fromkeys([*desk_rules.queues(), *(row.queue for row in rows if row.queue)]))


def _queue(
    code: str, board: Snapshot, served: Sequence[Row], there: Sequence[Colleague], t: Texts
) -> dict[str, Any]:
    waiting = [row for row in board.waiting if row.queue == code]
    with_agents = [row for row in served if row.queue == code]
    return {
        "code": code,
        "title": queue_title(code, t.language),
        "waiting": len(waiting),
        "longest": _oldest(waiting),
        "median": _median(waiting),
        "overdue": sum(map(_overdue, [*waiting, *with_agents])),
        "served": len(with_agents),
        "agents": sum(agent.skills is None or code in agent.skills for agent in there),
    }


def _agent(agent: Colleague, board: Snapshot, t: Texts) -> dict[str, Any]:
    held = board.held.get(ownership.agent(agent.id), [])
    skills = [queue_title(code, t.language) for code in agent.skills or ()]
    listed = (", " if t.language == "en" else "、").join(skills) or "–"
    return {
        "id": agent.id,
        "name": agent.name,
        "face": agent.name[:1],
        "presence": agent.presence,
        "said": t(f"presence_{agent.presence}"),
        "lost": agent.presence != "offline" and not agent.alive,
        "since": agent.since.isoformat(),
        "load": len(held),
        "capacity": agent.capacity,
        "overdue": sum(map(_overdue, held)),
        "skills": t("live_every_queue") if agent.skills is None else listed,
    }


def _conversation(row: Row, board: Snapshot, t: Texts, me: str) -> dict[str, Any]:
    drawn = facts_of(row, "", board.names, t, selected=False, unread=0)
    waits = row.owner == ownership.QUEUE
    return {
        **drawn,
        "id": row.id,
        "chips": [chip for chip in drawn["chips"] if "mood" in chip or "queue" in chip],
        "who": "" if waits else board.names.get(row.owner, t("someone")),
        "why": reason_text(row.reason, t.language) if row.reason else "",
        "breaches": row.breaches,
        "mine": row.owner == me,
    }


def _urgency(row: Row) -> tuple[object, ...]:
    """The overdue first, then who waits for a human, then by what is due."""
    late = row.due or datetime.max.replace(tzinfo=now().tzinfo)
    return (not _overdue(row), row.owner != ownership.QUEUE, late, row.id)


def _overdue(row: Row) -> bool:
    return row.due is not None and row.due <= now()


def _oldest(rows: Sequence[Row]) -> str | None:
    """Since when the longest waiting waits."""
    return min(row.waits_since or row.owner_since for row in rows).isoformat() if rows else None


def _median(rows: Sequence[Row]) -> str | None:
    """The moment since when half of them have waited."""
    since = sorted(row.waits_since or row.owner_since for row in rows)
    if not since:
        return None
    middle = len(since) // 2
    if len(since) % 2:
        return since[middle].isoformat()
    between: timedelta = since[middle] - since[middle - 1]
    return (since[middle - 1] + between / 2).isoformat()


def _moods(rows: Iterable[Row], t: Texts) -> list[dict[str, Any]]:
    counts = Counter(row.mood for row in rows)
    shown = [{"mood": mood, "text": t(f"mood_{mood}"), "count": counts[mood]} for mood in MOODS_SHOWN]
    calm = sum(counts.values()) - sum(counts[mood] for mood in MOODS_SHOWN)
    return [{"mood": "calm", "text": t("mood_calm"), "count": calm}, *shown]


def _load(board: Snapshot, agent: Colleague) -> int:
    return len(board.held.get(ownership.agent(agent.id), []))


def _order(agent: Colleague) -> tuple[object, ...]:
    return (PRESENCE_ORDER.index(agent.presence), agent.name)
