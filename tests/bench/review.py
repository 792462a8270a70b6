"""Does the review inbox open at once? ``python -m tests.bench.review``, and --help for the options.

A log with so many turns is filled, some of which are due; the collector takes it in from the beginning; then
the page is asked for over HTTP, and in a browser until the chosen group is drawn. Figures depend on the
machine and on what else it does, which ``load`` tells.
"""

import argparse
import json
import os
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import func, insert, select

from bot.conversations.database import connect
from bot.conversations.models import Conversation, Message
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.data_check import examples
from bot.migrations import upgrade
from bot.settings import ROOT, Settings
from bot.studio.review.collecting import Collector
from bot.studio.review.models import Item
from tests.browser import chromium_browser
from tests.offices import running_office, sign_in
from tests.servers import free_port

TURNS_EACH = 4  # of a conversation
ROWS = 2000  # of one insertion


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=options.database, office_port=free_port())
        upgrade(settings.database)
        store = Store(connect(settings.database))
        _fill(store, options.turns, options.due)
        began = time.perf_counter()
        collector = Collector(store)
        while collector.look():
            pass
        took = time.perf_counter() - began
        with store.reading() as session:
            items, groups = session.execute(select(func.count(), func.count(Item.group_id.distinct()))).one()
        result = {
            "turns": options.turns,
            "due": items,
            "groups": groups,
            "collected in s": round(took, 1),
            **_opened(settings),
            "load": round(os.getloadavg()[0], 1),
        }
    print(json.dumps(result, ensure_ascii=False, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument(
        "--due", type=float, default=0.2, help="share of the turns that the bot was unsure of"
    )
    parser.add_argument("--database", default="", help="an empty one; without, SQLite in a temporary folder")
    return parser.parse_args()


def _fill(store: Store, turns: int, due: float) -> None:
    """Texts of the training data, each said by some with a slip of the finger."""
    chosen = random.Random(1)
    texts = [(each.text, each.intent.partition("/")[0]) for each in examples(ROOT)]
    at = now() - timedelta(days=20)
    conversations: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for number in range(turns // TURNS_EACH):
        id = f"{number:032x}"
        conversations.append(
            {
                "id": id,
                "channel": "web",
                "owner": "bot",
                "owner_since": at,
                "last_seq": 2 * TURNS_EACH,
                "created_at": at,
                "updated_at": at,
            }
        )
        for turn in range(TURNS_EACH):
            # A few are asked by many.
            text, intent = texts[int(len(texts) * chosen.random() ** 4)]
            if len(text) > 4 and chosen.random() < 0.5:
                slip = chosen.randrange(len(text))
                text = text[:slip] + text[slip + 1 :]
            read = "nlu_fallback" if chosen.random() < due else intent
            ranking = [{"name": intent, "confidence": 0.4}, {"name": "chitchat", "confidence": 0.2}]
            shared = {"conversation_id": id, "at": at}
            said = {"sender": "shopper", "text": text, "reply_to": None}
            understood = {"understanding": {"intent": read, "ranking": ranking}}
            messages.append({**shared, **said, **understood, "seq": 2 * turn + 1})
            answer = {"sender": "bot", "text": "好的", "reply_to": 2 * turn + 1, "understanding": None}
            messages.append({**shared, **answer, "seq": 2 * turn + 2})
    for start in range(0, len(conversations), ROWS):
        with store.writing() as session:
            session.execute(insert(Conversation), conversations[start : start + ROWS])
    for start in range(0, len(messages), ROWS):
        with store.writing() as session:
            session.execute(insert(Message), messages[start : start + ROWS])


def _opened(settings: Settings) -> dict[str, Any]:
    with running_office(settings) as office, chromium_browser() as browser:
        page = browser.new_page()
        page.goto(f"{office.url}/studio")
        sign_in(page, "admin", office.passwords["admin"])
        ways = {"first": [], "most frequent": [], "one reason": [], "page 20": []}  # type: ignore[var-annotated]
        ways["first"].append(_seconds(page, f"{office.url}/studio"))
        for _ in range(5):
            ways["most frequent"].append(_seconds(page, f"{office.url}/studio"))
            ways["one reason"].append(_seconds(page, f"{office.url}/studio?why=unsure&days=30"))
            ways["page 20"].append(_seconds(page, f"{office.url}/studio?page=20"))
        return {f"{name}, ms": round(1000 * median(each)) for name, each in ways.items()}


def _seconds(page: Page, address: str) -> float:
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.get_by_test_id("words").wait_for()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
