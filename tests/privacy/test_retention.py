"""Retention: what has grown old goes by itself, in small portions, and what goes on is not disturbed."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.conversations import privacy
from bot.conversations.models import Audit, Base, Conversation, Erasure, UtcDateTime
from bot.conversations.steps import now
from bot.policies import PATH, read
from bot.settings import Settings
from tests.privacy.conftest import Installation

DAYS = 1095
LONG_AGO = timedelta(days=DAYS + 1)


def age(here: Installation, conversation: str, by: timedelta) -> None:
    """Make all of the conversation older."""
    whole = Base.metadata.tables["conversation"]
    keys = [(whole, whole.c.id), *((table, table.c.conversation_id) for table in privacy.tables())]
    with here.database.begin() as connection:
        for table, key in keys:
            moments = [column for column in table.c if isinstance(column.type, UtcDateTime)]
            for column in moments:
                rows = update(table).where(key == conversation, column.is_not(None))
                connection.execute(rows.values({column: now() - by}))


def expire(here: Installation) -> int:
    """Delete all that is old; in how many portions."""
    portions = 0
    while here.privacy.expire(now() - timedelta(days=DAYS)):
        portions += 1
    return portions


def test_the_old_goes_and_the_young_stays(here: Installation) -> None:
    old, young = here.talk("c1001", "很久以前"), here.talk("c1001", "昨天")
    age(here, old, LONG_AGO)
    before = here.rows(young)
    assert expire(here) == 1
    assert {table for table, count in here.rows(old).items() if count} == {"erasure"}
    assert here.rows(young) == before
    assert here.pictures() == 1
    with here.store.reading() as session:
        [audit] = session.scalars(select(Audit))
    assert (audit.by, audit.action, audit.detail and audit.detail["conversation"]) == ("worker", "expire", 1)


def test_in_small_portions(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "BATCH", 3)
    for _ in range(7):
        age(here, here.store.begin("web", None, None).id, LONG_AGO)
    assert expire(here) == 3
    assert here.rows()["conversation"] == 0


def test_one_that_goes_on_loses_what_is_old_once_nobody_writes(here: Installation) -> None:
    conversation = here.talk("c1001", "很久以前")
    age(here, conversation, LONG_AGO)
    last = here.store.receive(conversation, "new", "我又来了")
    assert expire(here) == 0, "not while she writes"
    with here.database.begin() as connection:
        connection.execute(update(Conversation).values(updated_at=now() - timedelta(hours=2)))
    assert expire(here) == 1
    assert [m.seq for m in here.store.messages(conversation)] == [last]
    assert here.store.events(conversation) == []
    assert here.pictures() == 0
    with here.store.reading() as session:
        forgotten = session.scalars(select(Erasure)).one()
    assert forgotten.goes_on and here.privacy.erased() == []
    assert here.store.receive(conversation, "newer", "在吗") == last + 1


def test_the_list_of_the_erased_ends_as_well(here: Installation) -> None:
    here.talk("c1001", "你好")
    here.privacy.erase(privacy.of_customer("c1001"), by="cli:0")
    expire(here)
    assert len(here.privacy.erased()) == 1
    with here.database.begin() as connection:
        connection.execute(update(Erasure).values(at=now() - LONG_AGO, next_at=None))
    expire(here)
    assert here.privacy.erased() == []


def test_the_default_keeps_what_the_bot_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUITAI_RETENTION_DAYS", raising=False)
    years, unit = str(read(PATH)["chat_period"]).split()
    assert (unit, Settings(data_dir=tmp_path).retention_days) == ("年", int(years) * 365)
