"""The packet told from a real log."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from bot.conversations import notices
from bot.conversations.database import connect
from bot.conversations.models import Message
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.handoff import packet, queue
from bot.handoff.packet import Packet


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    engine = connect(database_url)
    yield Store(engine)
    engine.dispose()


def read(intent: str, *ranking: tuple[str, float], **more: Any) -> dict[str, Any]:
    return {"intent": intent, "ranking": [{"name": n, "confidence": c} for n, c in ranking], **more}


def turn(
    store: Store,
    conversation: str,
    text: str,
    reply: Reply,
    understanding: dict[str, Any] | None,
    handoff: dict[str, Any] | None = None,
) -> None:
    store.receive(conversation, secrets.token_hex(6), text)
    claimed = store.claim_turn("test", 30)
    assert claimed is not None
    assert store.finish_turn(claimed, [reply], understanding, "m", handoff)


def build(store: Store, conversation: str, language: str = "zh") -> Packet:
    told = packet.build(
        store.conversation(conversation),
        store.events(conversation),
        store.messages(conversation, limit=300),
        agent="小王",
        language=language,
    )
    assert told is not None
    return told


UNSURE = read("nlu_fallback", ("nlu_fallback", 0.5), ("return_request", 0.41), ("exchange_request", 0.3))
PARCEL = {
    "kind": "logistics",
    "order_no": "2026112000012345",
    "courier": "中通快递",
    "tracking_no": "753900",
    "status": "in_transit",
    "status_text": "运输中",
}


def test_no_hand_over_no_packet(store: Store) -> None:
    conversation = store.begin("web", None, None)
    assert packet.build(conversation, [], [], agent="小王") is None


def test_what_was_done_is_told(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    done = {"kind": "return", "id": "A20261120001", "title": "退货退款", "status_text": "已通过"}
    wish = read("return_request", ("return_request", 0.94), ("order_status", 0.04))
    turn(store, conversation, "我要退货", Reply("请选原因"), wish)
    number = read("inform", ("inform", 0.99), ("order_status", 0.01))
    turn(store, conversation, "不想要了", Reply("提交了", card=done), number)
    human = read("human_agent", ("human_agent", 0.99), ("order_status", 0.01))
    turn(store, conversation, "转人工", Reply("好的"), human, {"reason": "asked_for_human"})
    told = build(store, conversation)
    assert told.done == ["退货退款 A20261120001（已通过）"]
    assert "申请退货" in told.summary


def test_the_whole_story(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    parcel = read("logistics_track", ("logistics_track", 0.94), ("order_status", 0.04))
    turn(store, conversation, "到哪了", Reply("在路上", card=PARCEL), parcel)
    turn(store, conversation, "那个能不能弄一下", Reply("您想问哪个？"), UNSURE)
    turn(
        store,
        conversation,
        "就是不合适，快点！！",
        Reply("这就转人工"),
        UNSURE,
        {
            "reason": "low_confidence",
            "slots": {
                "order_no": "2026112000012345",
                "order_token": "eyJhbGciOi",
                "size": None,
                "phone_tail": "6688",
            },
            "orders": [{"order_no": "2026112000012345", "status": "shipped", "status_text": "已发货"}],
        },
    )
    told = build(store, conversation)
    assert (told.reason, told.reason_text) == ("low_confidence", "机器人没听懂")
    assert [(r.intent, r.confidence) for r in told.understood] == [
        ("return_request", 0.41),
        ("exchange_request", 0.3),
    ]
    assert told.understood[0].title == "申请退货"
    assert told.slots == [("订单号", "2026112000012345")]
    assert [o["status_text"] for o in told.orders] == ["已发货"]
    assert told.done == ["展示了物流：中通快递 753900（运输中）", "没听懂，反问了 2 次"]
    assert told.failed == []
    assert told.mood == "hurried"
    assert told.waited_until is None
    assert "顾客林晓雨" in told.summary and "3 句" in told.summary
    assert "2026112000012345（已发货）" in told.summary and "“就是不合适，快点！！”" in told.summary
    assert told.reply.startswith("您好，我是客服小王")


def test_nothing_secret_in_any_field(store: Store) -> None:
    conversation = store.begin("web", None, None).id
    slots = {"order_token": "TOKEN", "session": "TOKEN", "customer_token": "TOKEN", "phone_tail": "TOKEN"}
    turn(store, conversation, "人工", Reply("好"), None, {"reason": "asked_for_human", "slots": slots})
    assert "TOKEN" not in repr(build(store, conversation))


def test_a_shoppers_words_cannot_pass_for_ours(store: Store) -> None:
    assert packet.quotable("呜呜”。转人工原因：\u202e重要客户\u2066\n好") == "呜呜’。转人工原因：重要客户 好"


def test_pressed_for_a_person_without_a_word(store: Store) -> None:
    conversation = store.begin("web", None, None).id
    store.ask_human(conversation)
    told = build(store, conversation)
    assert told.reason == "asked_for_human"
    assert told.understood == [] and told.slots == [] and told.orders == [] and told.done == []
    assert told.mood == "calm" and told.queue == "general"
    assert "未登录的访客没有提问" in told.summary


def test_pressed_for_a_person_after_a_failure(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    failed = Reply(notices.text("failed"), notices.buttons(notices.HUMAN))
    turn(store, conversation, "我要退货", failed, None)
    store.receive(conversation, "press", payload=notices.HUMAN)
    told = build(store, conversation)
    assert told.failed == ["1 条消息没能处理（系统故障）"]
    assert told.reason == "asked_for_human"


def test_the_question_counts_not_the_wish_for_a_person(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    turn(
        store,
        conversation,
        "鞋子小了想换",
        Reply("好的"),
        read("exchange_request", ("exchange_request", 0.9)),
    )
    turn(
        store,
        conversation,
        "转人工",
        Reply("好的"),
        read("human_agent", ("human_agent", 0.99)),
        {"reason": "asked_for_human", "slots": {}},
    )
    told = build(store, conversation)
    assert told.understood[0].intent == "exchange_request"
    assert told.queue == "after_sales"
    assert "换成哪个颜色或尺码" in told.reply


def test_a_plain_wish_for_a_person_names_no_problem(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    turn(store, conversation, "在吗", Reply("在的"), read("greet", ("greet", 0.97)))
    wish = read("human_agent", ("human_agent", 0.99))
    turn(store, conversation, "转人工", Reply("好的"), wish, {"reason": "asked_for_human"})
    told = build(store, conversation)
    assert "没有说具体问题" in told.summary and "没能理解" not in told.summary
    assert told.understood == [] and told.queue == "general"
    store.take(conversation, 7, "小王")
    store.hand_back(conversation, 7)
    turn(store, conversation, "那个能不能弄一下", Reply("您想问哪个？"), UNSURE)
    turn(store, conversation, "转人工", Reply("好的"), wish, {"reason": "asked_for_human"})
    assert "没能理解" in build(store, conversation).summary


def test_waiting_ends_when_an_agent_comes_and_the_story_is_of_the_last_service(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    turn(store, conversation, "垃圾", Reply("抱歉"), UNSURE)
    store.ask_human(conversation)
    store.take(conversation, 7, "小王")
    first = build(store, conversation)
    assert first.mood == "angry"
    assert first.waited_until is not None and first.waited_until >= first.waiting_since
    store.hand_back(conversation, 7, "补发")
    store.ask_human(conversation)
    again = build(store, conversation)
    assert again.waited_until is None
    assert again.mood == "calm" and again.done == []


@pytest.mark.parametrize(
    ("reason", "wanted", "failed"),
    [
        ("complaint", ("angry", "complaints"), []),
        ("negative_emotion", ("angry", "complaints"), []),
        ("vip", ("calm", "general"), []),
        ("action_failed", ("calm", "general"), ["查询或操作失败后转接"]),
        ("made_up", ("calm", "general"), []),
    ],
)
def test_reasons_decide(store: Store, reason: str, wanted: tuple[str, str], failed: list[str]) -> None:
    conversation = store.begin("web", None, None).id
    turn(store, conversation, "你好", Reply("好"), None, {"reason": reason})
    told = build(store, conversation)
    assert (told.mood, told.queue) == wanted
    assert told.failed == failed
    assert told.reason_text


def test_what_the_engine_suggests_wins_and_oddities_do_no_harm(store: Store) -> None:
    conversation = store.begin("web", None, None).id
    odd = {"reason": "policy", "queue": "finance", "slots": ["x"], "orders": ["x", {"no": "1"}]}
    understanding = {"intent": "order_status", "ranking": [{"confidence": None}, {"name": "stock"}]}
    turn(store, conversation, "{name} {0}", Reply("好", cards=[PARCEL, PARCEL]), understanding, odd)
    told = build(store, conversation)
    assert told.queue == told.queue_text == "finance"
    assert [o["order_no"] for o in told.orders] == ["1"]
    assert [(r.intent, r.confidence) for r in told.understood] == [("stock", 0.0)]
    assert "“{name} {0}”" in told.summary


def test_english(store: Store) -> None:
    conversation = store.begin("web", "c1001", "林晓雨").id
    store.ask_human(conversation)
    told = build(store, conversation, "en")
    assert told.reason_text == "Asked for a person" and told.mood_text == "Calm"
    assert told.reply.startswith("您好")


@pytest.mark.parametrize(
    ("said", "mood"),
    [
        ([], "calm"),
        ([("我的快递到哪了", None)], "calm"),
        ([("12315 见", None), ("好的", None)], "angry"),
        ([("太失望了", None), ("谢谢", None)], "unhappy"),
        ([("好的", "hurried"), ("谢谢", None)], "hurried"),
        ([("谢谢，帮大忙了", None)], "pleased"),
        ([("垃圾", "angry")] + [("嗯", None)] * 6, "calm"),
    ],
)
def test_the_worst_mood_of_the_last_messages(said: list[tuple[str, str | None]], mood: str) -> None:
    assert packet.mood_of([Message(text=text, mood=felt) for text, felt in said]) == mood


def test_queue_is_in_order_of_waiting_and_counted_by_owner(store: Store) -> None:
    ids = [store.begin("web", None, None).id for _ in range(4)]
    for conversation in ids:
        store.ask_human(conversation)
    queue.claim(store, ids[1], 7, "小王")
    assert [(w.position, w.conversation.id) for w in queue.waiting(store)] == [
        (1, ids[0]),
        (2, ids[2]),
        (3, ids[3]),
    ]
    counts = queue.counts(store)
    assert counts.waiting == 3 and counts.held == {"agent:7": 1}
