"""Ways to a human: asked for, unsure twice, complaint."""

import pytest

from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.shopper import text_of, titles
from tests.stack import Running


def handoff(running: Running, conversation: str) -> tuple[str | None, dict[str, object]]:
    store = Store(connect(running.settings.database))
    (moved,) = [e for e in store.events(conversation) if e.move == "hand_over"]
    return moved.reason, moved.detail or {}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("转人工", "asked_for_human"),
        ("别让机器人回我，叫个真人来", "asked_for_human"),
        ("我要投诉你们客服的态度", "complaint"),
    ],
)
def test_a_plain_request_hands_over_at_once(running: Running, said: str, reason: str) -> None:
    shopper = running.shopper("c1001")
    answer = shopper.say(said)
    assert "位" in text_of(answer)
    assert handoff(running, shopper.conversation)[0] == reason


def test_unsure_once_asks_back_and_twice_hands_over(running: Running) -> None:
    shopper = running.shopper("c1001")
    first = shopper.say("帮我写一首关于秋天的诗")
    assert "转人工" in titles(first)
    assert "位" in text_of(shopper.say("那明天北京天气怎么样"))
    reason, detail = handoff(running, shopper.conversation)
    assert reason == "low_confidence"
    assert "token" not in str(detail)


def test_the_packet_holds_the_order_spoken_of(running: Running) -> None:
    shopper = running.shopper("c1001")
    shopper.say("我的快递到哪了")
    shopper.say("转人工")
    order = running.orders("c1001")[0]["no"]
    assert order in str(handoff(running, shopper.conversation)[1])


def test_who_waits_is_still_answered_and_may_leave(running: Running) -> None:
    shopper = running.shopper("c1001")
    shopper.say("转人工")
    assert "运费" in text_of(shopper.say("多少钱包邮"))
    assert "位" in text_of(shopper.say("转人工"))
    shopper.tap("不等了")
    assert "SF" in text_of(shopper.say("我的快递到哪了"))
