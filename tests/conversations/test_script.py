"""A shopper who writes traditional characters reads them, in all that the service says."""

from bot.conversations.database import connect
from bot.conversations.script import HANS, HANT, traditional, written_in
from bot.conversations.store import Store
from tests.shopper import Message, cards, text_of, titles
from tests.stack import Running


def assert_traditional(messages: list[Message]) -> None:
    shown = [text_of(messages), *titles(messages), *shown_in(cards(messages))]
    assert written_in(text_of(messages)) == HANT, messages
    assert shown == traditional(shown)


def shown_in(part: object) -> list[str]:
    """All that a card may show."""
    if isinstance(part, dict):
        return shown_in([value for key, value in part.items() if key != "image"])
    if isinstance(part, list):
        return [text for each in part for text in shown_in(each)]
    return [part] if isinstance(part, str) else []


def test_answers_buttons_cards_and_notices_are_in_the_shoppers_script(running: Running) -> None:
    shopper = running.shopper("c1001")
    order = next(o for o in running.orders("c1001") if o["status"] == "shipped")
    name = traditional(order["items"][0]["name"])

    # Understood as the same question in simplified characters is.
    answer = shopper.say("請問我的訂單寄出了嗎")
    assert_traditional(answer)
    assert cards(answer) or titles(answer)

    where = shopper.say("我的快遞到哪裡了")
    assert_traditional(where)
    (parcel,) = running.parcels("c1001", order["no"])
    assert parcel["tracking_no"] in str(cards(where))
    assert name in text_of(where)

    assert_traditional(shopper.say("幫我寫一首關於秋天的詩"))
    over = shopper.tap("轉人工")
    assert "已經幫您轉接人工客服" in text_of(over)
    assert_traditional(over)
    assert "取消排隊" in text_of(shopper.tap("不等了"))

    shopper.say("轉人工")
    store = Store(connect(running.settings.database))
    agent, display = 1, "于云"
    seq = shopper.history()[-1]["seq"]
    store.take(shopper.conversation, agent, display)
    store.say(shopper.conversation, agent, display, "您好，我来帮您看看", "typed-by-agent")
    store.hand_back(shopper.conversation, agent)
    taken, typed, back = shopper.after(seq)
    assert taken["text"].startswith("客服于云來為您服務了")
    assert typed["text"] == "您好，我来帮您看看"
    assert_traditional([back])

    # What she was shown is what the log replays, and what she tapped she may tap again.
    assert [m["text"] for m in shopper.history(seq)] == [taken["text"], typed["text"], back["text"]]

    answer = shopper.say("我的快递到哪了")
    assert written_in(text_of(answer)) == HANS
    assert order["items"][0]["name"] in text_of(answer)
    assert "转接人工客服" in text_of(shopper.say("转人工"))


def test_an_engine_that_fails_is_told_in_her_script(running: Running) -> None:
    shopper = running.shopper("c1002")
    shopper.say("你好，請問有人在嗎")
    process = running.process("engine")
    process.suspend()
    try:
        told = shopper.say("請問運費怎麼算", seconds=20)
    finally:
        process.resume()
    assert_traditional(told)
    assert titles(told) == ["轉人工"]
