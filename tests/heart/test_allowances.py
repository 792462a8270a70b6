"""What may still be sent to a shopper."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine, update

from bot.conversations import allowances
from bot.conversations.models import Allowance
from bot.conversations.steps import now
from bot.conversations.store import Store

HOUR = timedelta(hours=1)


def test_grants_are_spent_the_one_that_ends_first_before_the_other(store: Store) -> None:
    conversation = store.begin("wechat", None, None).id
    assert allowances.left(store, conversation) == allowances.Left(0, None)
    assert allowances.spend(store, conversation) is None
    allowances.grant(store, conversation, "message", 2, 48 * HOUR)
    allowances.grant(store, conversation, "event", 1, HOUR)
    left = allowances.left(store, conversation)
    assert left.messages == 3 and left.until and left.until - now() > 47 * HOUR
    spent = [allowances.spend(store, conversation) for _ in range(4)]
    assert spent == ["event", "message", "message", None]
    allowances.give_back(store, conversation, "message")
    assert allowances.spend(store, conversation) == "message"


def test_a_new_grant_replaces_the_old_and_the_channel_may_end_all(store: Store) -> None:
    conversation = store.begin("wechat", None, None).id
    for _ in range(3):
        allowances.grant(store, conversation, "message", 5, HOUR)
    assert allowances.left(store, conversation).messages == 5
    allowances.none_left(store, conversation)
    assert allowances.left(store, conversation).messages == 0


def test_what_has_run_out_is_not_left(store: Store, database: Engine) -> None:
    conversation = store.begin("wechat", None, None).id
    allowances.grant(store, conversation, "message", 5, HOUR)
    with database.begin() as connection:
        connection.execute(update(Allowance).values(until=now() - HOUR))
    assert allowances.left(store, conversation).messages == 0
    assert allowances.spend(store, conversation) is None


def test_many_at_once_spend_no_more_than_there_is(store: Store) -> None:
    conversation = store.begin("wechat", None, None).id
    allowances.grant(store, conversation, "message", 5, HOUR)
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _: allowances.spend(store, conversation), range(20)))
    assert sorted(filter(None, spent)) == ["message"] * 5
