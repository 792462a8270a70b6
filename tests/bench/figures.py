"""How long a year of figures takes at 100,000 conversations: ``python -m tests.bench.figures``, see --help.

Writes the log of a year into a database of its own, lets it be gathered as the worker does, and asks for
figures as the page does; beside it, what reading the log itself would take. Figures depend on the machine.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, func, insert, select

from bot.conversations.database import connect
from bot.conversations.models import Conversation, Event, Handoff, Message, Rating
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.insights import figures, gathering, lists, periods
from bot.insights.models import Service
from bot.insights.numbers import Selection
from bot.migrations import upgrade

BATCH = 2000
TRIES = 5
INTENTS = [f"intent_{number}" for number in range(80)]
READING = [{"name": f"intent_{number}", "confidence": 0.1} for number in range(5)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--database", help="an empty database of PostgreSQL instead of a file of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'figures.db'}"
        upgrade(url)
        engine = connect(url)
        fill(engine, options.conversations)
        print(json.dumps(measured(Store(engine)), indent=2, ensure_ascii=False))
        engine.dispose()


def measured(store: Store) -> dict[str, Any]:
    """Seconds."""
    began = time.perf_counter()
    gathered = gathering.gather(store)
    first = time.perf_counter() - began
    at = now()
    today = periods.day(at)

    def report(days: int) -> Callable[[], object]:
        period = periods.of_days(today - timedelta(days=days - 1), today)
        return lambda: figures.report(store, period, at)

    year = periods.of_days(today - timedelta(days=364), today)
    with store.reading() as session:
        counts = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (Conversation, Message, Event, Handoff, Rating, Service)
        }
    return {
        "at": at.isoformat(timespec="minutes"),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "rows": counts,
        "gathered at once": {"conversations": gathered, "seconds": round(first, 1)},
        "gathered again, nothing new": _median(lambda: gathering.gather(store)),
        "figures of 7 days": _median(report(7)),
        "figures of 30 days": _median(report(30)),
        "figures of a year": _median(report(365)),
        "a list of a year, page 1": _median(lambda: lists.listed(store, Selection("services"), year, at)),
        "a list of a year, its slowest": _median(
            lambda: lists.listed(store, Selection("bot_first"), year, at)
        ),
        "the log itself, intents of a year only": _median(lambda: _intents(store, year)),
    }


def fill(engine: Engine, conversations: int) -> None:
    """A year of conversations of eight messages, a fifth of them handed over, one in ten rated."""
    rolled = random.Random(7)
    start = now() - timedelta(days=364)
    step = timedelta(days=364) / conversations
    rows: dict[type[Any], list[dict[str, Any]]] = {
        table: [] for table in (Conversation, Message, Event, Handoff, Rating)
    }
    for number in range(conversations):
        _one(rows, number, start + number * step, rolled)
        if len(rows[Conversation]) == BATCH or number == conversations - 1:
            with engine.begin() as connection:
                for table, those in rows.items():
                    if those:
                        connection.execute(insert(table), those)
                    those.clear()


def _one(
    rows: dict[type[Any], list[dict[str, Any]]], number: int, at: datetime, rolled: random.Random
) -> None:
    id, people = f"{number:024x}", rolled.random() < 0.2
    end, agent = at + timedelta(minutes=70), rolled.randrange(1, 20)
    rows[Conversation].append(
        {
            "id": id,
            "channel": "web",
            "customer_id": f"c{rolled.randrange(40_000)}" if rolled.random() < 0.7 else None,
            "owner": "closed",
            "owner_since": end,
            "epoch": 2,
            "last_seq": 8,
            "created_at": at,
            "updated_at": end,
        }
    )
    for seq in range(1, 9):
        hers = seq % 2 == 1
        unsure = rolled.random() < 0.1
        read = {
            "intent": "nlu_fallback" if unsure else rolled.choice(INTENTS),
            "confidence": 0.9,
            "ranking": READING,
            "entities": [],
        }
        rows[Message].append(
            {
                "conversation_id": id,
                "seq": seq,
                "at": at + timedelta(seconds=20 * seq + (0 if hers else rolled.random())),
                "sender": "shopper" if hers else "bot",
                "text": f"问题{int(rolled.paretovariate(0.6)) % 5000}怎么办？" if hers else "您好，" * 20,
                "reply_to": None if hers else seq - 1,
                "understanding": read if hers else None,
                "model": "m" if hers else None,
            }
        )
    moves = [("bot", "hand_over", "queue"), ("queue", "take", f"agent:{agent}")] if people else []
    moves.append((f"agent:{agent}" if people else "bot", "close", "closed"))
    for place, (before, move, after) in enumerate(moves):
        when = end if move == "close" else at + timedelta(seconds=200 + 60 * place)
        reason = (
            rolled.choice(("complaint", "low_confidence", "asked_for_human")) if move == "hand_over" else None
        )
        event = {"move": move, "from_owner": before, "to_owner": after, "epoch": place + 1, "by": "bot"}
        rows[Event].append({"conversation_id": id, "at": when, "reason": reason, **event})
    if people:
        over = at + timedelta(seconds=200)
        rows[Handoff].append(
            {
                "conversation_id": id,
                "at": over,
                "reason": "complaint",
                "queue": rolled.choice(("general", "presales", "logistics")),
                "rank_at": over,
                "taken_at": over + timedelta(seconds=60),
                "agent_id": agent,
                "first_answer_at": over + timedelta(seconds=rolled.expovariate(1 / 90)),
                "ended_at": end,
                "outcome": "closed",
                "tags": [],
            }
        )
    if rolled.random() < 0.1:
        served = f"agent:{agent}" if people else "bot"
        rated = {"served_by": served, "seq": 8, "asked_at": end, "rated_at": end}
        rows[Rating].append({"conversation_id": id, "score": rolled.randint(1, 5), **rated})


def _intents(store: Store, period: periods.Period) -> None:
    intent = Message.understanding["intent"].as_string()
    query = select(intent, func.count()).where(
        Message.sender == "shopper", Message.at >= period.start, Message.at < period.end
    )
    with store.reading() as session:
        session.execute(query.group_by(intent)).all()


def _median(act: Callable[[], object]) -> float:
    """Of some tries, after one that warms up."""
    act()
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return round(median(times), 3)


if __name__ == "__main__":
    main()
