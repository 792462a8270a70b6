"""What no bot can read is seen by the people who serve, and answered by the bot alone otherwise."""

import asyncio
from typing import Any

import pytest

from bot.channels.wechat import connector
from bot.channels.wechat.simulator.world import Follower

from .conftest import Connect, Engine
from .line import Line

MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({"MsgType": "voice", "MediaId": "m", "Recognition": ""}, "[语音消息，微信没有识别出文字]"),
    ({"MsgType": "video", "MediaId": "m", "ThumbMediaId": "t"}, "[视频消息，这里看不了]"),
    ({"MsgType": "image", "MediaId": "gone", "PicUrl": ""}, "[图片，没有收到]"),
    ({"MsgType": "location", "Location_X": "23.1", "Location_Y": "113.3", "Label": ""}, "[位置] 23.1, 113.3"),
    ({"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Label": "广州\n塔"}, "[位置] 广州 塔"),
    ({"MsgType": "miniprogrampage", "Title": "羽绒服", "AppId": "wx1"}, "[小程序卡片] 羽绒服"),
    ({"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"}, "[表情，微信没有转过来]"),
    ({"MsgType": "file", "Title": "账单.pdf"}, "[文件，微信没有转过来]"),
    ({"MsgType": "text", "Content": "\u200b\u202e"}, "[空白消息]"),
    ({"MsgType": "finder", "X": "y"}, "[消息，微信没有转过来]"),
]


async def served(line: Line) -> Follower:
    """A shopper whom an agent serves."""
    shopper = line.phone()
    await line.write(shopper, "你好")
    line.store.take(line.conversation(shopper), 7, "小王")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    return shopper


async def test_an_agent_sees_that_something_came(line: Line, engine: Engine) -> None:
    shopper = await served(line)
    asked = len(engine.asked)
    line.account.acted(shopper, "message")
    for number, (fields, _) in enumerate(MESSAGES):
        for _ in range(2):
            await line.deliver(shopper, {**fields, "MsgId": number})
    noted = [message.text for message in line.log(shopper)[3:]]
    assert noted == [line for _, line in MESSAGES]
    assert len(engine.asked) == asked, "the bot keeps quiet"
    assert all("图片没有收到" in said for said in line.screen(shopper)[2:])


async def test_in_the_queue_it_is_noted_and_the_bot_is_not_asked(line: Line, engine: Engine) -> None:
    shopper = line.phone()
    await line.write(shopper, "转人工")
    await line.shown(shopper, lambda screen: len(screen) == 1)
    line.account.acted(shopper, "message")
    await line.deliver(shopper, MESSAGES[0][0])
    assert line.log(shopper)[-1].text == MESSAGES[0][1] and len(engine.asked) == 1


async def test_what_an_agent_wrote_comes_with_the_reply_to_a_sticker(connect: Connect) -> None:
    async with connect(verified=False) as line:
        shopper = line.phone()
        await line.write(shopper, "你好")
        line.store.take(line.conversation(shopper), 7, "小王")
        line.store.say(line.conversation(shopper), 7, "小王", "我来看看", "1")
        await line.settled(shopper)
        line.account.acted(shopper, "message")
        await line.deliver(shopper, MESSAGES[6][0])
        assert "我来看看" in line.screen(shopper)[-1]


async def test_what_is_typed_to_an_agent_chooses_no_button(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    await line.shown(shopper, bool)
    line.store.take(line.conversation(shopper), 7, "小王")
    for said in ("2", "雪地靴"):
        await line.write(shopper, said)
    assert [(m.text, m.payload) for m in line.log(shopper)[-2:]] == [("2", None), ("雪地靴", None)]


async def test_a_number_answers_the_question_that_was_asked_last(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    await line.shown(shopper, bool)
    await line.write(shopper, "雪地靴")
    await line.write(shopper, "2")  # as how many of them
    said = [(m.text, m.payload) for m in line.log(shopper) if m.sender == "shopper"]
    assert said == [("菜单", None), ("雪地靴", "/b"), ("2", None)]


async def test_a_picture_that_takes_long_is_given_up_in_time(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "MEDIA_SECONDS", 0.3)
    line.fail("/cgi-bin/media/get", delay=3, times=3)
    shopper = line.phone()
    line.account.acted(shopper, "message")
    fields = {"MsgType": "image", "PicUrl": "", "MediaId": line.account.keep(b"\xff\xd8\xff")}
    async with asyncio.timeout(2):
        await line.deliver(shopper, fields)
    assert "再发一次" in line.screen(shopper)[0]
