"""A topic's figures, and that each opens as many conversations as it counts."""

import pytest
from sqlalchemy import Engine

from bot.conversations import ratings
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from bot.handoff.routing import Routing
from bot.insights import gathering, lists
from bot.studio.knowledge import usage
from bot.studio.knowledge.usage import WHYS, Usage
from bot.studio.review.collecting import Collector
from tests.studio.review.conftest import begun, collected, said

HANDOFF = {"reason": "asked_for_human"}


@pytest.fixture
def desk(database: Engine) -> Store:
    return Store(database, desk_rules=Routing())


def ask(store: Store, conversation: str, text: str, topic: str, intent: str = "faq") -> None:
    """She asks what the bot reads as the topic."""
    seq = store.receive(conversation, f"{conversation}{text}", text)
    turn = store.claim_turn("test", 30)
    assert turn and turn.seq == seq
    understanding = {"intent": intent, "faq": {"topic": topic, "score": 0.9}}
    assert store.finish_turn(turn, [Reply("好的")], understanding, "m1")


def test_how_topics_fare(desk: Store) -> None:
    plain, against, over, rated = (begun(desk) for _ in range(4))
    ask(desk, plain, "几天内能退", "return_days")
    ask(desk, plain, "那邮费呢", "return_postage")
    # Asked twice in one service, which counts once, and denied.
    ask(desk, against, "几天可以退", "return_days")
    ask(desk, against, "不是这个意思，最晚哪天", "return_days")
    ask(desk, over, "能退几天", "return_days")
    said(desk, over, "转人工", "human_agent", [("human_agent", 1.0)], handoff=HANDOFF)
    ask(desk, rated, "几天之内都能退吗", "return_days")
    desk.end(rated)
    ratings.rate(desk, rated, 1)
    # Unsure: the topic was near, but was not the answer.
    unsure = begun(desk)
    ask(desk, unsure, "退一退", "return_days", "nlu_fallback")
    desk.ask_human(unsure)
    collected(desk, Collector(desk))
    gathering.gather(desk)

    period = usage.lately(now())
    figures = usage.of_topics(desk, period)
    assert figures == {
        "faq/return_days": Usage(answered=4, handed_over=1, rated_badly=1, contradicted=2, failed=3),
        "faq/return_postage": Usage(answered=1),
    }
    assert figures["faq/return_days"].share == 0.75 and usage.NONE.share is None
    for topic, found in figures.items():
        chosen = usage.selection(topic)
        assert lists.count(desk, chosen, period, now()) == found.answered
        for why in WHYS:
            also = usage.failing(chosen, why)
            assert lists.count(desk, chosen, period, now(), also) == getattr(found, why), why
            lines = lists.listed(desk, chosen, period, now(), also=also)
            assert len(lines) == getattr(found, why)
    chosen = usage.selection("faq/return_days")
    lines = lists.listed(desk, chosen, period, now(), also=usage.failing(chosen, "handed_over"))
    assert [line.conversation_id for line in lines] == [over]


def test_the_next_service_is_another_one(desk: Store) -> None:
    conversation = begun(desk)
    ask(desk, conversation, "几天内能退", "return_days")
    desk.end(conversation)
    ask(desk, conversation, "邮费谁出", "return_postage")
    ask(desk, conversation, "答非所问", "return_postage")
    collected(desk)
    gathering.gather(desk)
    figures = usage.of_topics(desk, usage.lately(now()))
    assert figures["faq/return_days"] == Usage(answered=1)
    assert (figures["faq/return_postage"].contradicted, figures["faq/return_postage"].failed) == (1, 1)


def test_only_reasons_of_services(desk: Store) -> None:
    with pytest.raises(KeyError):
        usage.failing(usage.selection("faq/x"), "unsure")
    with pytest.raises(KeyError):
        usage.failing(usage.Selection("rated", by="bot"), "failed")
