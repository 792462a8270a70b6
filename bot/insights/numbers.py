"""Each figure as a choice of rows: what counts it and what lists its conversations are the same."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, true

from bot.conversations import ownership
from bot.conversations.models import Handoff, Rating

from .models import Reading, Service
from .periods import Period

SATISFIED, DISSATISFIED = 4, 2  # points, at least and at most

_answered = Service.outcome == "answered"
_returned = Service.next_at.is_not(None) & (Service.next_at <= Service.return_until)
_not_returned = Service.next_at.is_(None) | (Service.next_at > Service.return_until)
_nobody = (Handoff.outcome == "ticket") & Handoff.taken_at.is_(None)
_rated = Rating.score.is_not(None)

SERVICES: Mapping[str, ColumnElement[bool]] = {
    "services": true(),
    "strict": _answered & _not_returned,
    "answered": _answered,
    "returned": _answered & _returned,
    "handed_over": Service.outcome == "handed_over",
    "unanswered": Service.outcome == "unanswered",
    "bot_first": Service.bot_ms.is_not(None),
}
HANDOFFS: Mapping[str, ColumnElement[bool]] = {
    "handoffs": true(),
    "human_first": Handoff.first_answer_at.is_not(None),
    "left": Handoff.outcome == "left",
    "nobody_there": _nobody,
    "breached": Handoff.breaches > 0,
}
RATINGS: Mapping[str, ColumnElement[bool]] = {
    "rated": _rated,
    "satisfied": _rated & (Rating.score >= SATISFIED),
    "dissatisfied": _rated & (Rating.score <= DISSATISFIED),
}
FIGURES = (*SERVICES, "unsettled", *HANDOFFS, *RATINGS)


@dataclass(frozen=True)
class Selection:
    """A figure, and of which part of what it counts; None: of all of it.

    ``unsettled`` are those answered strictly so far whose shopper may still return.
    """

    figure: str
    day: str | None = None
    reason: str | None = None
    intent: str | None = None
    wording: str | None = None
    queue: str | None = None
    agent: int | None = None
    """Of ratings: who served; of services by people: who had it last."""
    by: str | None = None
    """Of ratings: bot or people."""
    score: int | None = None

    @property
    def parts(self) -> dict[str, str | int]:
        """What it is narrowed to, by name."""
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "figure"}
        return {name: value for name, value in given.items() if value is not None}


def source(selection: Selection) -> type[Service | Handoff | Rating]:
    """What the figure counts. Raises KeyError: there is no such figure."""
    if selection.figure in HANDOFFS:
        return Handoff
    if selection.figure in RATINGS:
        return Rating
    if selection.figure in FIGURES:
        return Service
    raise KeyError(selection.figure)


def condition(selection: Selection, period: Period, now: datetime) -> ColumnElement[bool]:
    """Chooses the rows of ``source`` that make up the figure.

    Raises KeyError: there is no such figure, or it has no such parts.
    """
    table = source(selection)
    if table is Handoff:
        return _handoffs(selection, period)
    if table is Rating:
        return _ratings(selection, period)
    return _services(selection, period, now)


def unsettled(now: datetime) -> ColumnElement[bool]:
    """Answered strictly so far; whether the shopper returns is not known yet."""
    return SERVICES["strict"] & Service.next_at.is_(None) & (Service.return_until >= now)


def within(column: Any, period: Period) -> ColumnElement[bool]:
    """The moment lies in the period."""
    chosen: ColumnElement[bool] = (column >= period.start) & (column < period.end)
    return chosen


def served_by(by: str) -> ColumnElement[bool]:
    """Ratings of the ``bot`` or of ``people``."""
    return Rating.served_by == ownership.BOT if by == "bot" else Rating.served_by != ownership.BOT


def _services(selection: Selection, period: Period, now: datetime) -> ColumnElement[bool]:
    base = unsettled(now) if selection.figure == "unsettled" else SERVICES[selection.figure]
    intent, wording = selection.intent, selection.wording
    parts = {
        "day": Service.day == selection.day,
        "reason": Service.reason == selection.reason,
        "intent": _read((Reading.intent == intent) & Reading.wording.is_(None)),
        "wording": _read(Reading.wording == wording),
    }
    return _narrowed(base & within(Service.began_at, period), selection, parts)


def _read(which: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = (Reading.conversation_id == Service.conversation_id) & (Reading.number == Service.number)
    return exists().where(mine, which)


def _handoffs(selection: Selection, period: Period) -> ColumnElement[bool]:
    parts = {"queue": Handoff.queue == selection.queue, "agent": Handoff.agent_id == selection.agent}
    return _narrowed(HANDOFFS[selection.figure] & within(Handoff.at, period), selection, parts)


def _ratings(selection: Selection, period: Period) -> ColumnElement[bool]:
    parts = {
        "agent": Rating.served_by == ownership.agent(selection.agent or 0),
        "by": served_by(selection.by or ""),
        "score": Rating.score == selection.score,
    }
    return _narrowed(RATINGS[selection.figure] & within(Rating.rated_at, period), selection, parts)


def _narrowed(
    chosen: ColumnElement[bool], selection: Selection, parts: Mapping[str, ColumnElement[bool]]
) -> ColumnElement[bool]:
    for name in selection.parts:
        chosen &= parts[name]
    return chosen
