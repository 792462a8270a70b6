"""Which script a text is written in, and that the log speaks it."""

from typing import Any

import pytest

from bot.conversations import notices
from bot.conversations.script import HANS, HANT, traditional, written_in
from bot.conversations.steps import Reply
from bot.conversations.store import Store


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("請問我的訂單寄出了嗎", HANT),
        ("在嗎", HANT),
        ("唔該,我想問下個單去咗邊呀,等咗成個禮拜", HANT),
        ("帳戶的稅金多少，户口名稱呢", HANT),  # Hong Kong writes 户 as the mainland does
        ("我的快递到哪了", HANS),
        ("买鼎泰豐", None),
        ("有没有「寶礦力水特」，给我推荐一下", HANS),
        ("我想買「优衣库」的衣服", HANT),
        ("多久到，太后悔了，里面只有一只", None),  # 后, 里, 只 and 面 are at home in both
        ("いつ届きますか、注文の商品が見つかりません、図書館", None),
        ("我的訂單の進度", HANT),
        ("2026112000012345", None),
        ("ok 👌 DHL?", None),
        ("", None),
    ],
)
def test_a_text_tells_its_script_or_nothing(text: str, script: str | None) -> None:
    assert written_in(text) == script


@pytest.mark.parametrize(
    ("simplified", "read"),
    [
        ("轻暖短款羽绒服，里面加绒", "輕暖短款羽絨服，裡面加絨"),
        ("密封后冷藏，7 天后生效；商品和面单", "密封後冷藏，7 天後生效；商品和面單"),
        ("支持无理由退货，头发干净", "支持無理由退貨，頭髮乾淨"),  # characters, no other words
        ("点 https://shop.example/商品/耳机?no=1，谢谢", "點 https://shop.example/商品/耳机?no=1，謝謝"),
    ],
)
def test_text_becomes_traditional(simplified: str, read: str) -> None:
    assert traditional(simplified) == read
    assert traditional(read) == read


BUTTON = {"title": "查物流", "payload": '/track{"name": "羽绒"}'}
CARD = {"kind": "order", "status_text": "运输中", "items": [{"name": "羽绒服", "image": "/图/羽绒.svg"}]}
READ = {"kind": "order", "status_text": "運輸中", "items": [{"name": "羽絨服", "image": "/图/羽绒.svg"}]}


def answer(store: Store, conversation: str, handoff: dict[str, Any] | None = None) -> None:
    turn = store.claim_turn("me", 30)
    assert turn and turn.conversation_id == conversation
    assert store.finish_turn(turn, [Reply("马上帮您查", [BUTTON], CARD, [CARD])], {}, "m", handoff)


def said(store: Store, conversation: str) -> list[str | None]:
    return [m.text for m in store.messages(conversation, limit=1000)]


def test_the_log_speaks_the_script_that_the_shopper_last_wrote(store: Store) -> None:
    conversation = store.begin("web", None, None).id
    store.receive(conversation, "a", "請問我的訂單寄出了嗎")
    answer(store, conversation)
    told = store.messages(conversation)[-1]
    assert (told.text, told.content) == (
        "馬上幫您查",
        {
            "buttons": [{"title": "查物流", "payload": '/track{"name": "羽绒"}'}],
            "card": READ,
            "cards": [READ],
        },
    )

    # Numbers and a tapped button change nothing, typed simplified characters do.
    store.receive(conversation, "b", "123")
    answer(store, conversation)
    store.receive(conversation, "c", payload=BUTTON["payload"])
    answer(store, conversation)
    assert said(store, conversation)[-1] == "馬上幫您查"
    store.receive(conversation, "d", "谢谢")
    answer(store, conversation)
    assert said(store, conversation)[-1] == "马上帮您查"


def test_notices_are_traditional_and_what_people_write_stays(store: Store) -> None:
    conversation = store.begin("web", None, None).id
    store.receive(conversation, "a", "轉人工，謝謝")
    answer(store, conversation, {"reason": "asked_for_human"})
    over = store.messages(conversation)[-1]
    assert over.text and "已經幫您轉接人工客服" in over.text
    assert over.content == {"buttons": [{"title": "不等了，問智能助手", "payload": notices.LEAVE_QUEUE}]}
    store.ask_human(conversation)
    assert "客服接入後" in (said(store, conversation)[-1] or "")

    store.take(conversation, 1, "于云")
    assert (said(store, conversation)[-1] or "").startswith("客服于云來為您服務了")
    store.say(conversation, 1, "于云", "您好，我来帮您查", "s")
    assert said(store, conversation)[-1] == "您好，我来帮您查"
    store.close(conversation, 1)
    assert "本次服務已結束" in (said(store, conversation)[-1] or "")
