"""Ratings: asked of whoever served, once for each service, changeable for a day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from bot.conversations import ratings
from bot.conversations.models import Rating
from bot.conversations.ratings import NothingToRate, rate
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from tests.heart.conftest import answered


def served(store: Store) -> str:
    conversation = answered(store)
    store.take(conversation, 7, "小王")
    store.say(conversation, 7, "小王", "您好", "a1")
    return conversation


def rows(database: Engine) -> list[tuple[str, str | None, int | None, str | None]]:
    query = select(Rating.served_by, Rating.served_name, Rating.score, Rating.comment).order_by(Rating.id)
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]  # type: ignore[misc]


@pytest.mark.parametrize(
    "end",
    [lambda store, c: store.close(c, 7), lambda store, c: store.hand_back(c, 7)],
    ids=["close", "hand_back"],
)
def test_an_agents_service_is_rated_as_hers(
    store: Store, database: Engine, end: Callable[[Store, str], None]
) -> None:
    conversation = served(store)
    with pytest.raises(NothingToRate):
        rate(store, conversation, 5)
    end(store, conversation)
    asked = store.state(conversation).rating
    assert asked == {
        "seq": store.conversation(conversation).last_seq,
        "by": "agent",
        "name": "小王",
        "score": None,
        "comment": None,
    }
    assert rate(store, conversation, 2, "等了很久") == {**asked, "score": 2, "comment": "等了很久"}
    assert rate(store, conversation, 4) == {**asked, "score": 4, "comment": None}
    assert rows(database) == [("agent:7", "小王", 4, None)]


def test_a_bots_service_is_rated_as_its_own(store: Store, database: Engine) -> None:
    conversation = answered(store)
    store.end(conversation)
    assert rate(store, conversation, 5)["by"] == "bot"
    assert rows(database) == [("bot", None, 5, None)]


def test_each_service_has_a_rating_of_its_own(store: Store, database: Engine) -> None:
    conversation = served(store)
    store.hand_back(conversation, 7)
    rate(store, conversation, 3)
    store.receive(conversation, "q2", "还有个问题")
    turn = store.claim_turn("me", 30)
    assert turn and store.finish_turn(turn, [Reply("您说")])
    store.end(conversation)
    rate(store, conversation, 5)
    assert rows(database) == [("agent:7", "小王", 3, None), ("bot", None, 5, None)]


@pytest.mark.parametrize("agent_came", [True, False])
def test_where_nobody_said_anything_nobody_is_rated(store: Store, agent_came: bool) -> None:
    conversation = store.begin("web", None, None).id
    store.ask_human(conversation)
    if agent_came:
        store.take(conversation, 7, "小王")
    store.end(conversation)
    assert store.state(conversation).rating is None
    with pytest.raises(NothingToRate):
        rate(store, conversation, 1)


@pytest.mark.parametrize(
    "late",
    [{"asked_at": ratings.GIVEN_WITHIN}, {"rated_at": ratings.CHANGED_WITHIN}],
    ids=["given", "changed"],
)
def test_a_rating_is_final_after_its_time(store: Store, database: Engine, late: dict[str, timedelta]) -> None:
    conversation = answered(store)
    store.end(conversation)
    if "rated_at" in late:
        rate(store, conversation, 5)
    with database.begin() as connection:
        connection.execute(update(Rating).values({name: now() - age for name, age in late.items()}))
    assert store.state(conversation).rating is None
    with pytest.raises(NothingToRate):
        rate(store, conversation, 1)
