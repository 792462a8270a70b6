"""A mini-program's customer messages: nothing goes back on the connection, and there are no menus."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from bot.channels.wechat import crypto
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.crypto import MessageCipher
from bot.channels.wechat.kinds import Kind
from bot.channels.wechat.simulator.delivery import Delivery
from bot.channels.wechat.simulator.world import MiniProgram, Refusal
from bot.conversations import allowances

from .conftest import MENU, Connect, Engine
from .line import Line
from .simulated import AES_KEY, an_account

ENTERED = {"MsgType": "event", "Event": "user_enter_tempsession", "SessionFrom": "order"}


@pytest.fixture
async def line(connect: Connect) -> AsyncIterator[Line]:
    async with connect(account=an_account(kind=MiniProgram)) as line:
        yield line


async def test_the_answer_comes_through_the_api(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    assert not shopper.screen[0].passive and line.account.calls["send"] == 1
    await line.write(shopper, "两条")
    await line.until(shopper, "回答 你好", "第一条", "第二条")


async def test_buttons_are_numbers_to_type(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    (shown,) = await line.shown(shopper, bool)
    assert shown.startswith(MENU) and shown.endswith("1. 羽绒服\n2. 雪地靴") and "/b" not in shown
    assert line.account.calls["send"] == 1, "no menu was tried"
    for said in ("2", "羽绒服"):
        await line.write(shopper, said)
    assert [m.payload for m in line.log(shopper) if m.sender == "shopper"] == [None, "/b", "/a"]


async def test_entering_is_welcomed_once_in_a_while(line: Line) -> None:
    shopper = line.phone()
    line.account.came(shopper)
    await line.deliver(shopper, ENTERED, Delivery(copies=3))
    await line.deliver(shopper, {**ENTERED, "SessionFrom": "goods"})
    (said,) = await line.shown(shopper, bool)
    assert "您好" in said and "关注" not in said and line.account.calls["send"] == 1
    assert shopper.allowances["enter"].left == 1, "two messages within a minute, of which one greeted her"


async def test_a_shared_page_is_words(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    page = {"MsgType": "miniprogrampage", "Title": "轻羽绒服", "AppId": "wx1", "PagePath": "p?id=1"}
    await line.deliver(shopper, page)
    await line.until(shopper, "回答 轻羽绒服")


async def test_a_picture_is_fetched_and_kept(line: Line) -> None:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "JPEG")
    shopper = line.phone()
    line.account.acted(shopper, "message")
    await line.deliver(shopper, {"MsgType": "image", "MediaId": line.account.keep(data.getvalue())})
    await line.shown(shopper, bool)
    assert (line.log(shopper)[0].content or {})["attachment"]
    await line.deliver(shopper, {"MsgType": "image", "MediaId": "gone"})
    await line.shown(shopper, lambda screen: "图片没有收到" in screen[-1])


async def test_three_deliveries_over_two_fronts_are_one_turn(connect: Connect, engine: Engine) -> None:
    engine.delay = (0.5, 0.5)
    async with connect(account=an_account(kind=MiniProgram), fronts=2) as line:
        shopper = line.phone()
        fields: dict[str, Any] = {"MsgType": "text", "Content": "你好", "MsgId": 42}
        line.account.acted(shopper, "message")
        ways = [asyncio.create_task(line.deliver(shopper, fields)) for _ in range(2)]
        line.account.callback = line.fronts[1]
        await line.deliver(shopper, fields, Delivery(copies=3))
        await asyncio.gather(*ways)
        await line.until(shopper, "回答 你好")
        assert len(engine.asked) == 1 and line.account.calls["send"] == 1


async def test_what_cannot_be_read_is_answered_once(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    fields = {"MsgType": "video", "MediaId": "m", "ThumbMediaId": "t", "MsgId": 7}
    await asyncio.gather(*(line.deliver(shopper, fields, Delivery(copies=2)) for _ in range(2)))
    (said,) = await line.shown(shopper, bool)
    assert "不好意思" in said and line.account.calls["send"] == 1 and line.log(shopper) == []


async def test_she_sees_that_a_slow_answer_is_written(line: Line, engine: Engine) -> None:
    engine.delay = (2.0, 2.0)
    shopper = line.phone()
    await line.write(shopper, "你好")
    assert shopper.typing and line.screen(shopper) == []
    await line.until(shopper, "回答 你好")
    assert not shopper.typing


async def test_the_last_message_that_is_allowed_holds_the_rest(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "七条")
    await line.until(shopper, "第1条", "第2条", "第3条", "第4条", "第5条\n\n第6条\n\n第7条")


async def test_what_may_not_be_sent_waits_for_her_next_message(line: Line) -> None:
    line.fail(errcode=45047, times=1)
    shopper = line.phone()
    await line.write(shopper, "两条")
    deadline = time.monotonic() + 10
    while allowances.left(line.store, line.conversation(shopper)).messages:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert line.screen(shopper) == []
    await line.write(shopper, "还在吗")
    await line.until(shopper, "第一条", "第二条", "回答 还在吗")


async def test_json_is_read_as_well(line: Line) -> None:
    shopper = line.phone()
    account = line.account
    account.acted(shopper, "message")
    said = {
        "ToUserName": account.id,
        "FromUserName": shopper.openid,
        "CreateTime": int(time.time()),
        "MsgType": "text",
        "Content": "你好",
        "MsgId": 1234567890123456,
    }
    encrypted = MessageCipher(AES_KEY, account.app_id).encrypt(json.dumps(said).encode())
    at, nonce = str(int(time.time())), "n"
    query = {
        "timestamp": at,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": crypto.signature(account.token, at, nonce, encrypted),
    }
    body = {"ToUserName": account.id, "Encrypt": encrypted}
    answer = await line.world.http.post(line.fronts[0], params=query, json=body)
    assert (answer.status_code, answer.text) == (200, "success")
    await line.until(shopper, "回答 你好")


def test_the_simulated_one_takes_neither_menus_nor_replies() -> None:
    account = an_account(kind=MiniProgram)
    shopper = account.join("小红")
    account.came(shopper)
    menu = {"msgtype": "msgmenu", "msgmenu": {"head_content": "", "list": []}}
    with pytest.raises(Refusal, match="40008"):
        account.send({"touser": shopper.openid, **menu})
    assert shopper.allowances["enter"].left == 2 and not account.passive


def test_an_account_that_may_not_call_is_of_no_use() -> None:
    given = {"name": "mini", "kind": "miniprogram", "app_id": "wx0123456789abcdef", "app_secret": "s"}
    given |= {"token": "abc", "aes_key": AES_KEY}
    assert Account(**given).kind is Kind.MINIPROGRAM
    with pytest.raises(ValidationError, match="customer-service API"):
        Account(**given, verified=False)
