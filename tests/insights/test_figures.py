"""The figures equal a count by hand over a random life, and every number opens as many conversations."""

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.insights import figures, gathering, lists, periods
from bot.insights.figures import Cell, Report
from bot.insights.numbers import Selection
from tests.handoff.conftest import Clock

from . import oracle
from .conftest import begin_anew
from .life import Life
from .oracle import SHANGHAI


def lived(store: Store, clock: Clock, seed: int, steps: int = 260) -> Life:
    """A shop after some weeks, gathered now and then, as the worker does."""
    life = Life(store, clock, seed)
    for _ in range(steps):
        life.step()
        if life.random.random() < 0.15:
            gathering.gather(store)
    clock.passes(1)
    gathering.gather(store)
    return life


def some_period(clock: Clock) -> periods.Period:
    last = clock.at.date()
    return periods.of_days(last - timedelta(days=8), last)


def cells(report: Report) -> list[Cell]:
    """Every number of the page that opens something, but shares and times, which open what they are of."""
    found = [cell for table in report.tables.values() for row in table.rows for cell in row]
    found += [cell for card in report.cards for cell in (card.now, card.count) if cell]
    return [cell for cell in [*found, report.unsettled] if cell.selection]


def rows(report: Report, table: str) -> dict[str, list[object]]:
    return {str(row[0].value): [cell.value for cell in row[1:]] for row in report.tables[table].rows}


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_equal_a_count_by_hand(store: Store, clock: Clock, seed: int) -> None:
    life = lived(store, clock, seed)
    now, period = clock.at, some_period(clock)
    report = figures.report(store, period, now)
    every = oracle.services(store)
    for each, cards in ((report.period, "now"), (report.before, "before")):
        mine = [one for one in every if oracle.within(one, each.start, each.end)]
        people = oracle.by_people(store, life.conversations, each.start, each.end)
        rated = oracle.rated(store, life.conversations, each.start, each.end)
        shown = {card.name: getattr(card, cards).value for card in report.cards}
        counted = oracle.counts(mine, now)
        assert shown["services"] == counted["services"]
        for name in ("strict", "answered", "handed_over", "unanswered"):
            assert shown[name] == (counted[name] / len(mine) if mine else None), name
        bot = [one.bot for one in mine if one.bot is not None]
        human = [(h.first_answer_at - h.at).total_seconds() for h in people if h.first_answer_at]
        for name, values in (("bot_first", bot), ("human_first", human)):
            assert shown[f"{name}_median"] == pytest.approx(oracle.middle(values))
            assert shown[f"{name}_p90"] == pytest.approx(oracle.ninety(values))
        satisfied = [r for r in rated if (r.score or 0) >= 4]
        assert shown["satisfied"] == (len(satisfied) / len(rated) if rated else None)
    mine = [one for one in every if oracle.within(one, period.start, period.end)]
    assert len(mine) > 5
    assert report.unsettled.value == oracle.counts(mine, now)["unsettled"]

    people = oracle.by_people(store, life.conversations, period.start, period.end)
    reasons = Counter(one.reason for one in mine if one.outcome == "handed_over")
    assert {reason: row[0] for reason, row in rows(report, "reasons").items()} == reasons
    assert {queue: row[0] for queue, row in rows(report, "queues").items()} == Counter(
        h.queue for h in people
    )
    left = Counter(h.queue for h in people if h.outcome == "left")
    assert {queue: row[2] for queue, row in rows(report, "queues").items() if row[2]} == left
    served = Counter(str(h.agent_id) for h in people if h.agent_id is not None)
    assert {agent: row[0] for agent, row in rows(report, "agents").items() if row[0]} == served
    intents = Counter(intent for one in mine for intent in one.intents)
    assert {intent: row[0] for intent, row in rows(report, "intents").items()} == intents
    wordings = Counter(wording for one in mine for wording in one.wordings)
    asked = {
        cell[1].selection.wording: cell[1].value for cell in report.tables["unsure"].rows if cell[1].selection
    }
    assert asked == wordings
    days = Counter(one.day for one in mine)
    assert {day: row[0] for day, row in rows(report, "days").items() if row[0]} == days
    assert len(rows(report, "days")) == 9


@pytest.mark.parametrize("seed", (11, 12))
def test_every_number_opens_as_many_conversations(store: Store, clock: Clock, seed: int) -> None:
    lived(store, clock, seed)
    now, period = clock.at, some_period(clock)
    report = figures.report(store, period, now)
    checked = 0
    for cell in cells(report):
        assert cell.selection is not None
        held = lists.count(store, cell.selection, period, now)
        if cell.kind == "count":
            assert held == cell.value, cell.selection
        elif cell.kind == "share" and cell.of:
            assert held / cell.of == cell.value, cell.selection
        elif cell.kind == "seconds":
            assert held == cell.of, cell.selection
        lines = [
            line
            for page in range(held // lists.AT_ONCE + 1)
            for line in lists.listed(store, cell.selection, period, now, page)
        ]
        assert len(lines) == held
        checked += 1
    assert checked > 80


def test_a_time_opens_the_slowest_first(store: Store, clock: Clock) -> None:
    lived(store, clock, 21)
    period = periods.of_days(date(2026, 11, 1), clock.at.date())
    for figure in ("bot_first", "human_first"):
        seconds = [line.seconds for line in lists.listed(store, Selection(figure), period, clock.at)]
        assert seconds and seconds == sorted(seconds, key=lambda value: -(value or 0))


@pytest.mark.parametrize("seed", (31, 32))
def test_what_was_gathered_bit_by_bit_is_what_is_gathered_at_once(
    store: Store, clock: Clock, seed: int
) -> None:
    lived(store, clock, seed)
    period = periods.of_days(date(2026, 11, 1), clock.at.date())
    bit_by_bit = figures.report(store, period, clock.at)
    begin_anew(store)
    assert figures.report(store, period, clock.at).cards[0].now.value == 0
    gathering.gather(store)
    assert figures.report(store, period, clock.at) == bit_by_bit


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_a_day_is_the_shops(store: Store, clock: Clock) -> None:
    for moment in ("2026-11-23T23:59:59.9", "2026-11-24T00:00:00", "2026-11-24T07:59:59"):
        clock.at = at(moment)
        store.receive(store.begin("web", None, None).id, "m", "在吗")
    clock.passes(60)
    gathering.gather(store)
    report = figures.report(store, periods.of_days(date(2026, 11, 23), date(2026, 11, 24)), clock.at)
    assert {day: row[0] for day, row in rows(report, "days").items()} == {"2026-11-23": 1, "2026-11-24": 2}
    monday = periods.of_days(date(2026, 11, 23), date(2026, 11, 23))
    assert lists.count(store, Selection("services"), monday, clock.at) == 1
    today = periods.named("today", clock.at)
    assert today and today.days == [date(2026, 11, 24)]
    assert lists.count(store, Selection("services"), today, clock.at) == 2


def test_the_period_before_is_as_long_and_ends_at_the_same_time_of_day(clock: Clock) -> None:
    clock.at = at("2026-11-24T12:00:00")
    today = periods.of_days(date(2026, 11, 24), date(2026, 11, 24))
    assert today.before(clock.at) == periods.Period(at("2026-11-23T00:00:00"), at("2026-11-23T12:00:00"))
    week = periods.of_days(date(2026, 11, 9), date(2026, 11, 15))
    assert week.before(clock.at) == periods.of_days(date(2026, 11, 2), date(2026, 11, 8))
    month = periods.named("month", clock.at)
    assert month and (month.first, month.last) == (date(2026, 11, 1), date(2026, 11, 24))
    for first, last in ((date(2026, 11, 2), date(2026, 11, 1)), (date(2020, 1, 1), date(2026, 1, 1))):
        with pytest.raises(periods.WrongPeriod):
            periods.of_days(first, last)


def test_a_return_within_72_hours_is_no_strict_answer(store: Store, clock: Clock) -> None:
    def service(conversation: str) -> None:
        store.receive(conversation, f"m{clock.at.timestamp()}", "在吗")
        turn = store.claim_turn("bot", 30)
        assert turn and store.finish_turn(turn, [Reply("在")], {"intent": "greet"})
        clock.passes(60)
        store.end(conversation)

    def strict() -> tuple[int, int, int]:
        clock.passes(1)
        gathering.gather(store)
        period = periods.of_days(date(2026, 11, 23), date(2026, 11, 23))
        return tuple(
            lists.count(store, Selection(figure), period, clock.at)
            for figure in ("answered", "strict", "unsettled")
        )  # type: ignore[return-value]

    service(store.begin("web", "c1", None).id)
    assert strict() == (1, 1, 1)
    clock.passes(71 * 3600)
    # Elsewhere, as the same customer.
    service(store.begin("wechat", "c1", None).id)
    assert strict() == (1, 0, 0)

    clock.at = at("2026-11-23T20:00:00") + timedelta(days=30)
    service(visitor := store.begin("web", None, None).id)
    clock.passes(73 * 3600)
    service(visitor)
    clock.passes(1)
    gathering.gather(store)
    day = periods.of_days(date(2026, 12, 23), date(2026, 12, 23))
    assert lists.count(store, Selection("strict"), day, clock.at) == 1
    assert lists.count(store, Selection("unsettled"), day, clock.at) == 0


def test_small_samples_are_no_verdict() -> None:
    def card(before: float, now: float, of: int) -> figures.Card:
        return figures.Card("strict", Cell(now, "share", None, of), Cell(before, "share", None, 400), 1)

    assert card(0.5, 0.75, 19).verdict == 0 and card(0.5, 0.75, 19).now.small
    assert card(0.5, 0.75, 20).verdict == 1
    assert card(0.75, 0.5, 20).verdict == -1
    assert card(0.5, 0.75, 20).change == 0.25
    assert card(0.5, 0.5004, 400).verdict == 0 and card(0.5, 0.5004, 400).change == 0


def test_there_is_no_figure_of_that_name(store: Store, clock: Clock) -> None:
    period = some_period(clock)
    for selection in (
        Selection("nonsense"),
        Selection("strict", queue="general"),
        Selection("handoffs", by="bot"),
    ):
        with pytest.raises(KeyError):
            lists.count(store, selection, period, clock.at)
