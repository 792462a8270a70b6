"""How often each topic was the answer, and how often it was of no help; docs/figures.md says what counts.

A topic's figures are of services, as all figures are: each service in which it was read counts once, and once
more where the review inbox has a question of hers that was read so, by why it is there.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, or_, select

from bot.conversations.models import Message
from bot.conversations.store import Store
from bot.insights import periods
from bot.insights.models import Reading, Service
from bot.insights.numbers import Selection, source, within
from bot.insights.periods import Period
from bot.studio.review.due import Why
from bot.studio.review.models import Item

FAQ = "faq"
LONGEST = 128  # characters of a reading's name, as it is kept
WHYS: Mapping[str, Why] = {
    "handed_over": Why.HANDED_OVER,
    "rated_badly": Why.RATED_BADLY,
    "contradicted": Why.CONTRADICTED,
    "failed": Why.HANDED_OVER | Why.RATED_BADLY | Why.CONTRADICTED,
}
"""``failed``: for one of the reasons or several."""


@dataclass(frozen=True)
class Usage:
    """Of one topic, in services."""

    answered: int = 0
    handed_over: int = 0
    """Her last question before people took over was read as it."""
    rated_badly: int = 0
    """Likewise before she gave the bot's service one or two points."""
    contradicted: int = 0
    """She denied the answer, asked the same again, or asked for a person."""
    failed: int = 0

    @property
    def share(self) -> float | None:
        """Of the services in which it was the answer; None where there are none."""
        return self.failed / self.answered if self.answered else None


NONE = Usage()


def lately(now: datetime) -> Period:
    """The last 30 days, today being the last."""
    period = periods.named("30", now)
    assert period is not None  # noqa: S101
    return period


def of_topics(store: Store, period: Period) -> dict[str, Usage]:
    """The figures of each topic that was read in the period, by its name (``faq/return_days``)."""
    read = select(Reading.intent, func.count()).where(
        within(Reading.began_at, period), Reading.wording.is_(None), Reading.intent.startswith(f"{FAQ}/")
    )
    topic = _topic()
    failures = (
        select(Service.conversation_id, Service.number, topic, Item.why)
        .join(Item, _in_service())
        .join(Message, _message())
        .where(within(Service.began_at, period), _is(WHYS["failed"]), topic.is_not(None))
    )
    with store.reading() as session:
        answered = {row[0]: row[1] for row in session.execute(read.group_by(Reading.intent))}
        services: dict[str, dict[str, set[tuple[str, int]]]] = defaultdict(lambda: defaultdict(set))
        for conversation_id, number, name, why in session.execute(failures):
            for figure, flags in WHYS.items():
                if why & flags:
                    services[f"{FAQ}/{name}"[:LONGEST]][figure].add((conversation_id, number))
    return {
        name: Usage(answered.get(name, 0), **{figure: len(services[name][figure]) for figure in WHYS})
        for name in {*answered, *services}
    }


def selection(topic: str) -> Selection:
    """The services in which the topic was read."""
    return Selection("services", intent=topic)


def failing(chosen: Selection, why: str) -> ColumnElement[bool]:
    """Narrows services to those in which the topic that is chosen was of no help.

    Raises KeyError: there is no such reason, or the selection is not of services.
    """
    if source(chosen) is not Service:
        raise KeyError(chosen.figure)
    mine: ColumnElement[bool] = func.substr(literal(f"{FAQ}/") + _topic(), 1, LONGEST) == chosen.intent
    return exists().where(_in_service(), _is(WHYS[why]), _message(), mine)


def _topic() -> Any:
    return Message.understanding[("faq", "topic")].as_string()


def _message() -> ColumnElement[bool]:
    """The message of an item, where the bot was sure that a written answer fits."""
    sure: ColumnElement[bool] = Message.understanding["intent"].as_string() == FAQ
    return (Message.conversation_id == Item.conversation_id) & (Message.seq == Item.seq) & sure


def _in_service() -> ColumnElement[bool]:
    during = or_(Service.ended_at.is_(None), Item.at <= Service.ended_at)
    return (Item.conversation_id == Service.conversation_id) & (Item.seq >= Service.first_seq) & during


def _is(why: Why) -> ColumnElement[bool]:
    flagged: ColumnElement[bool] = Item.why.bitwise_and(why.value) != 0
    return flagged
