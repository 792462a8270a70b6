"""From the phone to the log and back, whatever is slow, lost, repeated or refused on the way."""

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from bot.channels.wechat import api, connector, crypto, texts
from bot.channels.wechat.simulator.delivery import APOLOGY, Delivery, sealed
from bot.conversations import allowances, privacy
from bot.conversations.privacy import Privacy
from bot.conversations.store import Store

from .conftest import MENU, Connect, Engine
from .line import Line

# The way of an answer


async def test_a_quick_answer_goes_back_on_the_same_connection(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    assert line.screen(shopper) == ["回答 你好"] and shopper.screen[0].passive
    await asyncio.sleep(0.3)
    assert line.screen(shopper) == ["回答 你好"] and line.account.calls["send"] == 0


@pytest.mark.parametrize(
    ("delay", "ways"), [(0.1, {True}), (4.1, {True, False}), (4.3, {False}), (5.5, {False})]
)
async def test_however_long_the_bot_takes_the_answer_comes_once(
    connect: Connect, engine: Engine, delay: float, ways: set[bool]
) -> None:
    engine.delay = (delay, delay)
    # A busy machine may take its time besides.
    async with connect(turn_seconds=15.0) as line:
        shopper = line.phone()
        await line.write(shopper, "你好")
        await line.until(shopper, "回答 你好")
        await asyncio.sleep(0.5)
        assert line.screen(shopper) == ["回答 你好"] and len(engine.asked) == 1
        assert shopper.screen[0].passive in ways, "4.1 s may be too late for the reply on a busy machine"


async def test_a_bot_that_takes_too_long_is_told_once(connect: Connect, engine: Engine) -> None:
    engine.delay = (20.0, 20.0)
    async with connect(turn_seconds=3.0) as line:
        shopper = line.phone()
        await line.write(shopper, "你好")
        (said,) = await line.shown(shopper, bool)
        assert "人工" in said and len(engine.asked) == 1


async def test_a_bot_that_crashes_is_told_once(line: Line, engine: Engine) -> None:
    engine.status, engine.body = 500, b"oops"
    shopper = line.phone()
    await line.write(shopper, "你好")
    (said,) = await line.shown(shopper, bool)
    assert "人工" in said


async def test_several_messages_come_in_order(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第一条", "第二条")
    assert not any(bubble.passive for bubble in shopper.screen)


async def test_a_long_answer_comes_in_parts(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "长")
    await line.until(shopper, *texts.parts("长" * 1500))


async def test_the_last_message_that_is_allowed_holds_the_rest(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "七条")
    await line.until(shopper, "第1条", "第2条", "第3条", "第4条", "第5条\n\n第6条\n\n第7条")


async def test_buttons_are_tapped_named_or_numbered(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    await line.until(shopper, f"{MENU} [羽绒服|雪地靴]")
    first, second = shopper.screen[-1].message["msgmenu"]["list"]
    assert "/a" not in str(shopper.screen[-1].message)
    await line.write(shopper, "羽绒服", bizmsgmenuid=first["id"])
    await line.write(shopper, "雪地靴")
    for shown, said in enumerate(("2", "２.", " 2 "), 2):
        await line.write(shopper, "菜单")
        await line.shown(shopper, lambda screen, shown=shown: str(screen).count(MENU) == shown)
        await line.write(shopper, said)
    told = [message.payload for message in line.log(shopper) if message.sender == "shopper"]
    assert told == [None, "/a", "/b", *[None, "/b"] * 3]
    # Another's id, and one that never was, are but words.
    stranger = line.phone("小明")
    await line.write(stranger, "羽绒服", bizmsgmenuid=second["id"])
    assert (line.log(stranger)[0].text, line.log(stranger)[0].payload) == ("羽绒服", None)


@pytest.mark.parametrize(
    "text", ["/restart", "/greet{}", "<b>粗</b>]]>", "'; DROP TABLE message; --", "\u202e反"]
)
async def test_whatever_is_typed_is_only_text(line: Line, text: str) -> None:
    shopper = line.phone()
    await line.write(shopper, text)
    assert line.screen(shopper) == [f"回答 {text}"]
    assert (line.log(shopper)[0].text, line.log(shopper)[0].payload) == (text, None)


# Repetition


async def test_three_deliveries_over_two_fronts_are_one_turn(connect: Connect, engine: Engine) -> None:
    engine.delay = (1.0, 1.0)
    async with connect(fronts=2) as line:
        shopper = line.phone()
        fields = {"MsgType": "text", "Content": "你好", "MsgId": 42}
        line.account.acted(shopper, "message")
        ways = [asyncio.create_task(line.deliver(shopper, fields)) for _ in range(2)]
        line.account.callback = line.fronts[1]
        await line.deliver(shopper, fields, Delivery(copies=3))
        await asyncio.gather(*ways)
        assert len(engine.asked) == 1
        assert [m.text for m in line.log(shopper)] == ["你好", "回答 你好"]
        assert set(line.screen(shopper)) == {"回答 你好"}


async def test_a_message_delivered_again_after_a_cut_gets_the_same_reply(line: Line, engine: Engine) -> None:
    engine.delay = (1.0, 1.0)
    shopper = line.phone()
    await line.write(shopper, "你好", Delivery(seconds=0.7))
    await asyncio.sleep(1.5)
    assert line.screen(shopper) == ["回答 你好"] and len(engine.asked) == 1


# Two fronts know nothing of each other's calls: in between lies more than they need to write one down.
@pytest.mark.parametrize(("fronts", "pause"), [(1, 0.05), (2, 0.4)])
async def test_ten_rapid_messages_stay_in_order(
    connect: Connect, engine: Engine, fronts: int, pause: float
) -> None:
    engine.delay = (0.0, 0.2)
    async with connect(fronts=fronts) as line:
        shopper = line.phone()
        sent = []
        for number in range(10):
            line.account.callback = random.choice(line.fronts)
            sent.append(asyncio.create_task(line.write(shopper, f"第{number}句")))
            await asyncio.sleep(pause)
        await asyncio.gather(*sent)
        # An answer that met her next message on the way was counted against it: the rest comes with one more.
        await line.settled(shopper)
        await line.write(shopper, "第10句")
        said = [m.text for m in line.log(shopper) if m.sender == "shopper"]
        assert said == [f"第{number}句" for number in range(11)]
        expected = "\n".join(f"回答 第{number}句" for number in range(11))
        await line.shown(shopper, lambda screen: "\n".join(screen).replace("\n\n", "\n") == expected)


# WeChat in trouble


async def test_a_token_that_ends_mid_way_is_replaced(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第一条", "第二条")
    line.account.revoke()
    await line.write(shopper, "两条")
    await line.until(shopper, *["第一条", "第二条"] * 2)
    assert line.account.calls["token"] == 2


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45011}, {"status": 502}])
async def test_a_busy_wechat_is_asked_until_it_takes_the_message(line: Line, fault: dict[str, int]) -> None:
    line.fail(times=4, **fault)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第一条", "第二条")


async def test_a_lost_answer_is_not_sent_twice(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "TIMEOUT", 0.3)
    line.fail(delay=1.0, afterwards=True)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第一条", "第二条")
    await asyncio.sleep(1)
    assert line.screen(shopper) == ["第一条", "第二条"]


@pytest.mark.parametrize("code", [45015, 45047])
async def test_what_may_not_be_sent_waits_for_her_next_message(line: Line, code: int) -> None:
    line.fail(errcode=code, times=1)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await asyncio.sleep(1)
    assert line.screen(shopper) == []
    assert allowances.left(line.store, line.conversation(shopper)).messages == 0
    await line.write(shopper, "还在吗")
    await line.until(shopper, "第一条", "第二条", "回答 还在吗")


async def test_a_message_that_is_never_taken_keeps_back_no_other(line: Line) -> None:
    line.fail(errcode=40035)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第二条")


async def test_a_menu_that_is_refused_is_a_numbered_list(line: Line) -> None:
    line.account.takes_menus = False
    shopper = line.phone()
    await line.write(shopper, "菜单")
    (shown,) = await line.shown(shopper, bool)
    assert shown.startswith(MENU) and shown.endswith("1. 羽绒服\n2. 雪地靴")
    await line.write(shopper, "2")
    assert line.log(shopper)[-2].payload == "/b"


async def test_an_account_that_may_not_send_replies_alone(line: Line) -> None:
    line.account.verified = False  # and it does not know
    shopper = line.phone()
    await line.write(shopper, "两条")
    await asyncio.sleep(1)
    assert line.screen(shopper) == []
    await line.write(shopper, "还在吗")
    assert line.screen(shopper) == ["第一条\n\n第二条\n\n回答 还在吗"]
    assert line.account.calls["send"] == 1


async def test_a_full_outbox_survives_a_restart(connect: Connect) -> None:
    async with connect() as line:
        line.fail(errcode=-1, times=1000)
        shopper = line.phone()
        await line.write(shopper, "两条")
        await asyncio.sleep(0.5)
        assert line.screen(shopper) == []
        account, openid = line.account, shopper.openid
    async with connect() as line:
        line.account.followers = account.followers
        await line.until(line.account.followers[openid], "第一条", "第二条", seconds=30)


# An account that can only reply


async def test_a_slow_answer_is_fetched_by_a_tap(connect: Connect, engine: Engine) -> None:
    engine.delay = (1.0, 1.0)
    async with connect(verified=False, passive_seconds=0.5) as line:
        shopper = line.phone()
        await line.write(shopper, "你好")
        (waiting,) = line.screen(shopper)
        assert "weixin://bizmsgmenu?msgmenucontent=" in waiting
        id = waiting.partition("msgmenuid=")[2].partition('"')[0]
        await asyncio.sleep(1)
        await line.write(shopper, "点此查看结果", bizmsgmenuid=id)
        await line.write(shopper, "点此查看结果", bizmsgmenuid=id)
        first, again = line.screen(shopper)[1:]
        assert first == "回答 你好" and "没有新的消息" in again
        assert [m.text for m in line.log(shopper)] == ["你好", "回答 你好"]


async def test_buttons_are_links_where_no_menu_can_be_sent(connect: Connect) -> None:
    async with connect(verified=False) as line:
        shopper = line.phone()
        await line.write(shopper, "菜单")
        (shown,) = line.screen(shopper)
        assert shown.startswith(f"{MENU}\n1. <a href=") and shown.count("</a>") == 2
        id = shown.split("msgmenuid=")[2].partition('"')[0]
        await line.write(shopper, "雪地靴", bizmsgmenuid=id)
        assert line.log(shopper)[-2].payload == "/b"


async def test_a_long_answer_is_fetched_part_by_part(connect: Connect) -> None:
    async with connect(verified=False) as line:
        shopper = line.phone()
        await line.write(shopper, "长")
        for _ in range(2):
            id = line.screen(shopper)[-1].partition("msgmenuid=")[2].partition('"')[0]
            await line.write(shopper, "还有", bizmsgmenuid=id)
        shown = line.screen(shopper)
        assert sum(text.count("长") for text in shown) == 1500
        assert all(texts.size(text) <= texts.LARGEST for text in shown)
        assert "</a>" in shown[0] and "</a>" not in shown[2]


# Other messages


async def test_what_cannot_be_read_is_answered_kindly(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    for fields in (
        {"MsgType": "voice", "MediaId": "m", "Format": "amr", "Recognition": ""},
        {"MsgType": "video", "MediaId": "m", "ThumbMediaId": "t"},
        {"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"},
        {"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Scale": "3", "Label": " "},
    ):
        await line.deliver(shopper, fields)
    shown = line.screen(shopper)
    assert len(shown) == 4 and all("不好意思" in text for text in shown) and line.log(shopper) == []


async def test_recognized_speech_links_and_names_of_places_are_words(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    await line.deliver(shopper, {"MsgType": "voice", "MediaId": "m", "Recognition": "查物流。"})
    link = {"MsgType": "link", "Title": "羽绒服", "Description": "", "Url": "https://shop.example/p/1"}
    await line.deliver(shopper, link)
    place = {"MsgType": "location", "Location_X": "23.1", "Location_Y": "113.3", "Label": "广州市海珠区客村"}
    await line.deliver(shopper, place)
    said = [m.text for m in line.log(shopper) if m.sender == "shopper"]
    assert said == ["查物流。", "羽绒服\nhttps://shop.example/p/1", "广州市海珠区客村"]


async def test_following_is_welcomed_and_leaving_erases(line: Line, store: Store) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "event")
    await line.deliver(shopper, {"MsgType": "event", "Event": "subscribe", "EventKey": ""})
    assert "欢迎" in line.screen(shopper)[0]
    await line.write(shopper, "我叫小红，电话13812345678")
    conversation = line.conversation(shopper)
    assert store.messages(conversation)
    shopper.follows = False
    await line.deliver(shopper, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})
    assert store.messages(conversation) == [] and line.log(shopper) == []


async def test_a_menu_item_is_as_good_as_words(connect: Connect) -> None:
    async with connect(menu={"TRACK": "查物流"}) as line:
        shopper = line.phone()
        line.account.acted(shopper, "event")
        for key in ("TRACK", "UNKNOWN"):
            await line.deliver(shopper, {"MsgType": "event", "Event": "CLICK", "EventKey": key})
        assert line.screen(shopper) == ["回答 查物流"]
        assert [m.text for m in line.log(shopper)] == ["查物流", "回答 查物流"]


async def test_strangers_are_refused_and_nonsense_is_taken_calmly(line: Line) -> None:
    for query in ({}, {"signature": "0" * 40, "timestamp": "1", "nonce": "1"}):
        answer = await line.world.http.post(line.fronts[0], params=query, content=b"<xml></xml>")
        assert answer.status_code == 403 and "detail" in answer.json()
    answer = await line.world.http.post(line.fronts[0], content=b"x" * 70_000)
    assert answer.status_code == 413
    assert (await line.world.http.post(line.fronts[0] + "-other", content=b"")).status_code == 404
    shopper = line.phone()
    line.account.acted(shopper, "message")
    await line.deliver(shopper, {"MsgType": "text", "Content": "x", "MsgId": "keine Nummer"})
    assert line.screen(shopper) == [] and APOLOGY not in line.screen(shopper)


async def test_messages_at_the_same_moment_lose_nothing(line: Line) -> None:
    shopper = line.phone()
    await asyncio.gather(*(line.write(shopper, f"{n}") for n in range(3)))
    await line.shown(
        shopper, lambda screen: sorted("\n".join(screen).split()) == sorted(["回答"] * 3 + ["0", "1", "2"])
    )


# What is wrong from the beginning


@pytest.mark.parametrize("step", ["allowances.grant", "outbox.hold"])
async def test_who_is_erased_while_she_writes_begins_anew(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    before = line.conversation(shopper)
    module = getattr(connector, step.partition(".")[0])
    real = getattr(module, step.partition(".")[2])

    def erases_first(store: Store, conversation: str, *more: Any) -> Any:
        if conversation == before:
            Privacy(store, tmp_path).erase(privacy.of_id(before), "test")
        return real(store, conversation, *more)

    monkeypatch.setattr(module, step.partition(".")[2], erases_first)
    await line.write(shopper, "在吗")
    assert line.screen(shopper) == ["回答 你好", "回答 在吗"] and line.conversation(shopper) != before
    assert line.account.calls["callback"] == 2, "WeChat had its answer at once"


async def test_who_is_erased_while_the_bot_thinks_is_answered_nothing(
    line: Line, engine: Engine, tmp_path: Path
) -> None:
    engine.delay = (0.5, 0.5)
    shopper = line.phone()
    sent = asyncio.create_task(line.write(shopper, "你好"))
    await asyncio.sleep(0.3)
    Privacy(line.store, tmp_path).erase(privacy.of_id(line.conversation(shopper)), "test")
    await sent
    assert line.screen(shopper) == [] and line.account.calls["callback"] == 1
    await line.write(shopper, "在吗")
    assert line.screen(shopper) == ["回答 在吗"]


async def test_first_messages_at_two_fronts_at_once_begin_one_conversation(connect: Connect) -> None:
    async with connect(fronts=2) as line:
        for _ in range(5):
            shopper, sent = line.phone(), []
            for front in line.fronts * 2:
                line.account.callback = front
                sent.append(asyncio.create_task(line.write(shopper, "你好", MsgId=7)))
                await asyncio.sleep(0)
            await asyncio.gather(*sent)
            assert [m.text for m in line.log(shopper)] == ["你好", "回答 你好"]
            assert APOLOGY not in line.screen(shopper)
        assert line.account.calls["callback"] == 20, "none had to be delivered again"


@pytest.mark.parametrize("text", [" \u3000\n", "\u200b\u202e\u2066", "\u0007\u200d", "\ue001"])
async def test_a_text_of_which_nothing_can_be_seen_is_no_message(line: Line, text: str) -> None:
    shopper = line.phone()
    await line.write(shopper, text)
    assert "用文字说" in line.screen(shopper)[0] and line.log(shopper) == []


async def test_what_no_database_takes_is_dropped_from_a_text(line: Line) -> None:
    shopper = line.phone()
    fields = {"MsgType": "text", "Content": "你\x00好\ud800", "MsgId": "1", "bizmsgmenuid": "\x00\udfff"}
    whole = {"ToUserName": "gh", "FromUserName": shopper.openid, "CreateTime": 1399197672, **fields}
    query, body = sealed(line.account, json.dumps(whole))
    answer = await line.world.http.post(line.fronts[0], params=query, content=body.encode())
    assert answer.status_code == 200 and answer.text != "success"
    assert line.log(shopper)[0].text == "你好"


async def test_a_long_message_is_cut_where_the_log_ends(line: Line) -> None:
    shopper = line.phone()
    for text in ("好" * 682, "好" * 2500):
        await line.write(shopper, text)
    said = [len(m.text or "") for m in line.log(shopper) if m.sender == "shopper"]
    assert said == [682, 2000]


async def test_a_tap_allows_as_little_as_wechat_lets_it(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    await line.shown(shopper, bool)
    (first, _) = shopper.screen[-1].message["msgmenu"]["list"]
    before = allowances.left(line.store, line.conversation(shopper))
    await line.write(shopper, "羽绒服", bizmsgmenuid=first["id"])
    after = allowances.left(line.store, line.conversation(shopper))
    assert after.messages == before.messages + 3 and after.until == before.until


async def test_a_message_delivered_again_allows_no_more(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    fields = {"MsgType": "text", "Content": "两条", "MsgId": 5}
    await line.deliver(shopper, fields)
    await line.until(shopper, "第一条", "第二条")
    await line.deliver(shopper, fields)
    assert allowances.left(line.store, line.conversation(shopper)).messages == 3


async def test_the_check_of_the_address_is_no_page(line: Line) -> None:
    echo = "<script>alert(1)</script>"
    at, nonce = str(int(time.time())), "1"
    query = {"timestamp": at, "nonce": nonce, "echostr": echo}
    signed = crypto.signature(line.account.token, at, nonce)
    answer = await line.world.http.get(line.fronts[0], params={**query, "signature": signed})
    assert answer.status_code == 200 and answer.text == echo
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
