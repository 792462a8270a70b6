"""The figures of a period: cards beside the period before, days, and tables. docs/figures.md defines them.

Every number carries the selection that opens its conversations. Times are seconds, shares from 0 to 1.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.conversations import ownership
from bot.conversations.models import Handoff, Message, Rating
from bot.conversations.store import Store

from .models import Reading, Service
from .numbers import HANDOFFS, RATINGS, SATISFIED, SERVICES, Selection, unsettled, within
from .periods import Period

SMALL = 20  # fewer say little
TOP = 20
QUOTED = 120  # characters of an example

Kind = Literal["count", "share", "seconds", "text"]


@dataclass(frozen=True)
class Cell:
    """A number or a name; ``of`` is how many it was measured on, None where that says nothing."""

    value: float | str | None
    kind: Kind = "count"
    selection: Selection | None = None
    of: int | None = None

    @property
    def small(self) -> bool:
        """Measured on so few that it says little."""
        return self.of is not None and self.of < SMALL


@dataclass(frozen=True)
class Card:
    """A figure of this period and of the one before.

    ``good`` is where it should go: 1 up, -1 down, 0 either.
    """

    name: str
    now: Cell
    before: Cell
    good: int
    count: Cell | None = None
    """Of a share or time: how many stand behind it in this period."""

    @property
    def change(self) -> float | None:
        """Of a share the difference, else the part by which it grew, as exactly as it is shown.

        None where nothing can be compared.
        """
        now, before = self.now.value, self.before.value
        if not isinstance(now, int | float) or not isinstance(before, int | float):
            return None
        if self.now.kind == "share":
            return round(now - before, 3)
        return round((now - before) / before, 2) if before else None

    @property
    def verdict(self) -> int:
        """1: better than before, -1: worse, 0: neither, or too few to say."""
        change = self.change
        if not change or self.now.small or self.before.small:
            return 0
        return self.good if change > 0 else -self.good


@dataclass(frozen=True)
class Table:
    """Rows under ``columns``; the first cell of a row names it by a code."""

    name: str
    columns: tuple[str, ...]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Report:
    """All figures of a period."""

    period: Period
    before: Period
    cards: list[Card]
    unsettled: Cell
    tables: dict[str, Table]

    @property
    def empty(self) -> bool:
        return all(not card.now.value and not card.before.value for card in self.cards)


def report(store: Store, period: Period, now: datetime) -> Report:
    """The figures of the period, as far as the log was gathered."""
    earlier = period.before(now)
    with store.reading() as session:
        mine, before = _Facts(session, period, now), _Facts(session, earlier, now)
        tables = [
            _days(session, period),
            _reasons(session, period),
            _queues(mine.handoffs),
            _agents(mine.handoffs, mine.ratings),
            _ratings(mine.ratings),
            _intents(session, period),
            _unsure(session, period),
        ]
    cards, named = _cards(mine, before), {table.name: table for table in tables}
    return Report(period, earlier, cards, _count(mine, "unsettled"), named)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


class _Facts:
    """What is read once of a period."""

    def __init__(self, session: Session, period: Period, now: datetime) -> None:
        began = within(Service.began_at, period)
        figures = {**SERVICES, "unsettled": unsettled(now)}
        sums = [func.coalesce(func.sum(case((which, 1), else_=0)), 0) for which in figures.values()]
        counts = session.execute(select(*sums).where(began)).one()
        self.services: dict[str, int] = dict(zip(figures, counts, strict=True))
        waits = select(Service.bot_ms).where(began, SERVICES["bot_first"])
        self.bot_first = [(milliseconds or 0) / 1000 for milliseconds in session.scalars(waits)]
        self.handoffs: Sequence[Any] = session.execute(
            select(
                Handoff.queue,
                Handoff.agent_id,
                Handoff.at,
                Handoff.first_answer_at,
                *(case((which, 1), else_=0).label(name) for name, which in HANDOFFS.items()),
            ).where(within(Handoff.at, period))
        ).all()
        self.ratings: Sequence[Any] = session.execute(
            select(Rating.served_by, Rating.score, func.count().label("count"))
            .where(RATINGS["rated"], within(Rating.rated_at, period))
            .group_by(Rating.served_by, Rating.score)
        ).all()


def _cards(mine: _Facts, before: _Facts) -> list[Card]:
    return [
        Card("services", _count(mine, "services"), _count(before, "services"), 0),
        _share("strict", mine, before, 1),
        _share("answered", mine, before, 1),
        _share("handed_over", mine, before, -1),
        _share("unanswered", mine, before, -1),
        *_times("bot_first", mine.bot_first, before.bot_first),
        *_times("human_first", _waits(mine.handoffs), _waits(before.handoffs)),
        Card("satisfied", _satisfied(mine), _satisfied(before), 1, _count_of_ratings(mine)),
    ]


def _count(facts: _Facts, name: str) -> Cell:
    return Cell(facts.services[name], "count", Selection(name))


def _share(name: str, mine: _Facts, before: _Facts, good: int) -> Card:
    return Card(name, _part(mine, name), _part(before, name), good, _count(mine, name))


def _part(facts: _Facts, name: str) -> Cell:
    whole = facts.services["services"]
    return Cell(_divided(facts.services[name], whole), "share", Selection(name), whole)


def _times(name: str, mine: Sequence[float], before: Sequence[float]) -> list[Card]:
    count = Cell(len(mine), "count", Selection(name))
    return [
        Card(f"{name}_median", _median(mine, Selection(name)), _median(before, Selection(name)), -1, count),
        Card(f"{name}_p90", _p90(mine, Selection(name)), _p90(before, Selection(name)), -1, count),
    ]


def _median(values: Sequence[float], selection: Selection) -> Cell:
    return Cell(median(values) if values else None, "seconds", selection, len(values))


def _p90(values: Sequence[float], selection: Selection) -> Cell:
    return Cell(percentile(values, 0.9), "seconds", selection, len(values))


def _waits(handoffs: Sequence[Any]) -> list[float]:
    return [(row.first_answer_at - row.at).total_seconds() for row in handoffs if row.human_first]


def _satisfied(facts: _Facts) -> Cell:
    return _satisfaction(facts.ratings, Selection("satisfied"))


def _satisfaction(ratings: Sequence[Any], selection: Selection) -> Cell:
    rated = sum(row.count for row in ratings)
    satisfied = sum(row.count for row in ratings if row.score >= SATISFIED)
    return Cell(_divided(satisfied, rated), "share", selection, rated)


def _count_of_ratings(facts: _Facts) -> Cell:
    return Cell(sum(row.count for row in facts.ratings), "count", Selection("rated"))


def _divided(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# -- tables -------------------------------------------------------------------------------------------


def _days(session: Session, period: Period) -> Table:
    figures = ("services", "strict", "answered", "handed_over", "unanswered")
    sums = [func.sum(case((SERVICES[name], 1), else_=0)) for name in figures]
    query = select(Service.day, *sums).where(within(Service.began_at, period)).group_by(Service.day)
    found = {row[0]: row[1:] for row in session.execute(query)}
    rows = []
    for day in (each.isoformat() for each in period.days):
        counts = found.get(day, (0,) * len(figures))
        cells = [
            Cell(count, "count", Selection(name, day=day))
            for name, count in zip(figures, counts, strict=True)
        ]
        rows.append([Cell(day, "text"), *cells])
    return Table("days", ("day", *figures), rows)


def _reasons(session: Session, period: Period) -> Table:
    count = func.count()
    query = (
        select(Service.reason, count)
        .where(within(Service.began_at, period), SERVICES["handed_over"])
        .group_by(Service.reason)
        .order_by(count.desc(), Service.reason)
    )
    rows = session.execute(query).all()
    whole = sum(row[1] for row in rows)
    return Table(
        "reasons",
        ("reason", "services", "share"),
        [
            [
                Cell(reason, "text"),
                Cell(count, "count", Selection("handed_over", reason=reason)),
                Cell(count / whole, "share", None, whole),
            ]
            for reason, count in rows
        ],
    )


_BY_PEOPLE = ("handoffs", "human_first", "left", "nobody_there", "breached")


def _queues(handoffs: Sequence[Any]) -> Table:
    rows = [
        [Cell(queue, "text"), *_served(those, _BY_PEOPLE, Selection("handoffs", queue=queue))]
        for queue, those in _by(handoffs, "queue").items()
    ]
    return Table("queues", ("queue", *_BY_PEOPLE, "median", "p90"), _busiest(rows))


def _agents(handoffs: Sequence[Any], ratings: Sequence[Any]) -> Table:
    figures = ("handoffs", "human_first", "breached")
    served, rated = _by(handoffs, "agent_id"), _by(ratings, "served_by")
    ids = {id for id in served if id is not None} | {
        int(owner.removeprefix(ownership.AGENT_PREFIX))
        for owner in rated
        if owner.startswith(ownership.AGENT_PREFIX)
    }
    rows = []
    for id in ids:
        hers = rated.get(ownership.agent(id), [])
        rows.append(
            [
                Cell(str(id), "text"),
                *_served(served.get(id, []), figures, Selection("handoffs", agent=id)),
                Cell(sum(row.count for row in hers), "count", Selection("rated", agent=id)),
                _satisfaction(hers, Selection("satisfied", agent=id)),
            ]
        )
    return Table("agents", ("agent", *figures, "median", "p90", "rated", "satisfied"), _busiest(rows))


def _served(handoffs: Sequence[Any], figures: Sequence[str], of: Selection) -> list[Cell]:
    """Counts of these services by people, and how long their shoppers waited."""
    waits, first = _waits(handoffs), replace(of, figure="human_first")
    counts = [
        Cell(sum(getattr(row, name) for row in handoffs), "count", replace(of, figure=name))
        for name in figures
    ]
    return [*counts, _median(waits, first), _p90(waits, first)]


def _ratings(ratings: Sequence[Any]) -> Table:
    scores = (5, 4, 3, 2, 1)
    rows = []
    for by in ("bot", "people"):
        those = [row for row in ratings if (row.served_by == ownership.BOT) == (by == "bot")]
        counts = [
            Cell(
                sum(row.count for row in those if row.score == score),
                "count",
                Selection("rated", by=by, score=score),
            )
            for score in scores
        ]
        rated = Cell(sum(row.count for row in those), "count", Selection("rated", by=by))
        satisfied = _satisfaction(those, Selection("satisfied", by=by))
        rows.append([Cell(by, "text"), rated, *counts, satisfied])
    columns = ("served_by", "rated", *(f"score_{score}" for score in scores), "satisfied")
    return Table("ratings", columns, rows if ratings else [])


def _intents(session: Session, period: Period) -> Table:
    count = func.count()
    query = (
        select(Reading.intent, count)
        .where(within(Reading.began_at, period), Reading.wording.is_(None))
        .group_by(Reading.intent)
        .order_by(count.desc(), Reading.intent)
        .limit(TOP)
    )
    return Table(
        "intents",
        ("intent", "services"),
        [
            [Cell(intent, "text"), Cell(count, "count", Selection("services", intent=intent))]
            for intent, count in session.execute(query)
        ],
    )


def _unsure(session: Session, period: Period) -> Table:
    count = func.count()
    query = (
        select(Reading.wording, count)
        .where(within(Reading.began_at, period), Reading.wording.is_not(None))
        .group_by(Reading.wording)
        .order_by(count.desc(), Reading.wording)
        .limit(TOP)
    )
    return Table(
        "unsure",
        ("wording", "services"),
        [
            [
                Cell(_example(session, period, wording), "text"),
                Cell(count, "count", Selection("services", wording=wording)),
            ]
            for wording, count in session.execute(query)
        ],
    )


def _example(session: Session, period: Period, wording: str | None) -> str | None:
    """The words of the latest shopper who said so."""
    text = (
        select(func.substr(Message.text, 1, QUOTED))
        .join(Reading, (Reading.conversation_id == Message.conversation_id) & (Reading.seq == Message.seq))
        .where(Reading.wording == wording, within(Reading.began_at, period))
        .order_by(Reading.began_at.desc(), Reading.id.desc())
        .limit(1)
    )
    return session.scalar(text) or wording


def _by(rows: Sequence[Any], name: str) -> Mapping[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _busiest(rows: list[list[Cell]]) -> list[list[Cell]]:
    return sorted(rows, key=lambda row: (-float(row[1].value or 0), str(row[0].value)))
