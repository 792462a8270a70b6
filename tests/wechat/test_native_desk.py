"""Conversations that go to WeChat's own desk: each message is handed on, our desk and our bot keep out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.channels.wechat.accounts import WrongAccounts, checked
from bot.channels.wechat.simulator.delivery import Delivery, tell_of_desk
from bot.channels.wechat.simulator.world import Follower
from bot.conversations import handoffs, silence, tickets
from bot.conversations.ownership import IllegalMove
from bot.conversations.silence import Silence
from bot.conversations.store import Store

from .conftest import Connect, Engine
from .line import Line

TRANSFER = "transfer_customer_service"
NEVER = timedelta()


@pytest.fixture
async def line(connect: Connect) -> AsyncIterator[Line]:
    async with connect(native_desk=True, menu={"TRACK": "查物流"}) as line:
        yield line


async def transferred(line: Line) -> Follower:
    """A shopper whom the bot has handed over."""
    shopper = line.phone()
    await line.write(shopper, "转人工")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    return shopper


def owner(line: Line, shopper: Follower) -> str:
    return line.store.conversation(line.conversation(shopper)).owner


async def desk(line: Line, shopper: Follower, event: str) -> None:
    await tell_of_desk(line.world.http, line.account, shopper, event)


async def test_a_hand_over_goes_to_wechats_desk_and_to_nobody_of_ours(line: Line, engine: Engine) -> None:
    shopper = await transferred(line)
    assert TRANSFER in line.screen(shopper) and "客服看不到前面的聊天" in "".join(line.screen(shopper))
    assert owner(line, shopper) == "outside"
    assert handoffs.waiting(line.store) == [] and handoffs.open(line.store) == {}
    with pytest.raises(IllegalMove):
        line.store.take(line.conversation(shopper), 7, "小王")
    asked = len(engine.asked)
    await line.write(shopper, "我的快递还没到")
    assert line.screen(shopper)[2:] == [TRANSFER] and len(engine.asked) == asked
    assert line.log(shopper)[-1].text == "我的快递还没到"


async def test_a_button_hands_over_as_well(line: Line, store: Store) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    store.ask_human(line.conversation(shopper))
    await line.shown(shopper, lambda screen: len(screen) == 2)
    await line.write(shopper, "在吗")
    assert owner(line, shopper) == "outside" and line.screen(shopper)[2:] == [TRANSFER]


async def test_a_message_delivered_again_is_handed_on_again(connect: Connect) -> None:
    async with connect(native_desk=True, fronts=2) as line:
        shopper = await transferred(line)
        line.account.acted(shopper, "message")
        fields = {"MsgType": "text", "Content": "在吗", "MsgId": 42}
        for front in line.fronts:
            line.account.callback = front
            await line.deliver(shopper, fields, Delivery(copies=2))
        await desk(line, shopper, "kf_close_session")
        await line.deliver(shopper, fields)
        told = [said for said in line.screen(shopper)[2:] if said == TRANSFER]
        assert len(told) == 3, "the one delivered again after the end is still the same message"
        assert [m.text for m in line.log(shopper) if m.sender == "shopper"] == ["转人工", "在吗"]


async def test_what_comes_while_the_bot_hands_over_is_handed_on(line: Line, engine: Engine) -> None:
    engine.delay = (1.0, 1.0)
    shopper = line.phone()
    first = asyncio.create_task(line.write(shopper, "转人工"))
    await asyncio.sleep(0.3)
    await asyncio.gather(first, line.write(shopper, "快点"))
    screen = await line.shown(shopper, lambda screen: len(screen) == 3)
    assert screen.count(TRANSFER) == 2 and len(engine.asked) == 1


async def test_a_slow_hand_over_asks_her_to_write_once_more(connect: Connect, engine: Engine) -> None:
    engine.delay = (0.8, 0.8)
    async with connect(native_desk=True, passive_seconds=0.4) as line:
        shopper = line.phone()
        await line.write(shopper, "转人工")
        (said,) = await line.shown(shopper, bool)
        assert "麻烦您把问题简单说一下" in said
        await line.write(shopper, "快递没到")
        assert line.screen(shopper)[1:] == [TRANSFER]


async def test_whatever_she_sends_is_handed_on(line: Line) -> None:
    shopper = await transferred(line)
    line.account.acted(shopper, "message")
    for fields in (
        {"MsgType": "voice", "MediaId": "m", "Recognition": ""},
        {"MsgType": "image", "MediaId": "gone", "PicUrl": ""},
        {"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"},
        {"MsgType": "location", "Location_X": "1", "Location_Y": "2", "Label": "广州"},
    ):
        await line.deliver(shopper, fields)
    assert line.screen(shopper)[2:] == [TRANSFER] * 4
    # Events are not: people there would see them as nonsense.
    await line.deliver(shopper, {"MsgType": "event", "Event": "CLICK", "EventKey": "TRACK"})
    assert "人工客服正在为您服务" in line.screen(shopper)[-1]


async def test_the_bot_goes_on_once_wechat_tells_of_the_end(line: Line) -> None:
    shopper = await transferred(line)
    await desk(line, shopper, "kf_create_session")
    assert owner(line, shopper) == "outside"
    await line.write(shopper, "这句微信自己转给客服")
    assert len(line.screen(shopper)) == 2 and len(line.log(shopper)) == 2
    await desk(line, shopper, "kf_switch_session")
    await desk(line, shopper, "kf_close_session")
    assert owner(line, shopper) == "bot"
    await line.shown(shopper, lambda screen: "智能助手继续陪您" in screen[-1])
    await line.write(shopper, "你好")
    await line.shown(shopper, lambda screen: screen[-1] == "回答 你好")


async def test_an_end_delivered_again_does_not_end_the_next_service(line: Line) -> None:
    shopper = await transferred(line)
    fields = {"MsgType": "event", "Event": "kf_close_session", "KfAccount": "kf@x", "CreateTime": 1399197672}
    await line.deliver(shopper, fields)
    assert owner(line, shopper) == "bot"
    await line.write(shopper, "转人工")
    await line.deliver(shopper, fields)
    assert owner(line, shopper) == "outside"


async def test_people_there_may_take_her_up_themselves(line: Line, store: Store) -> None:
    shopper, stranger = line.phone(), line.phone("小明")
    await line.write(shopper, "你好")
    for each in (shopper, stranger):
        await desk(line, each, "kf_create_session")
        assert owner(line, each) == "outside"
        await desk(line, each, "kf_close_session")
    # But not out of the hands of our agents.
    store.take(line.conversation(shopper), 7, "小王")
    await desk(line, shopper, "kf_create_session")
    assert owner(line, shopper) == "agent:7"


async def test_after_hours_of_silence_the_bot_answers_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = await transferred(line)
    kept = Silence(NEVER, NEVER, NEVER)
    assert kept.keep(line.store) == []
    monkeypatch.setattr(silence, "OUTSIDE", timedelta(seconds=0.5))
    await line.write(shopper, "在吗")
    assert kept.keep(line.store) == [], "her last word counts"
    await asyncio.sleep(0.6)
    assert kept.keep(line.store) == [line.conversation(shopper)]
    shown = len(line.screen(shopper))
    await line.write(shopper, "你好")
    assert line.screen(shopper)[shown:] == ["回答 你好"]


async def test_a_ticket_is_told_of_while_she_is_there(line: Line, store: Store) -> None:
    shopper = await transferred(line)
    tickets.create(store, line.conversation(shopper), 7, "小王", "查快递")
    await line.shown(shopper, lambda screen: "登记工单" in screen[-1])
    assert owner(line, shopper) == "outside"


async def test_with_the_setting_off_again_our_desk_has_her(connect: Connect, store: Store) -> None:
    async with connect(native_desk=True) as line:
        shopper = await transferred(line)
        await line.settled(shopper)
        account = line.account
    async with connect() as line:
        line.account.followers = account.followers
        await line.write(shopper, "你好", MsgId=77)
        assert line.screen(shopper)[2:] == ["回答 你好"]
        await line.write(shopper, "转人工", MsgId=78)
        await desk(line, shopper, "kf_close_session")
        assert owner(line, shopper) == "queue" and len(handoffs.waiting(store)) == 1


def test_an_account_that_can_only_reply_has_no_such_desk() -> None:
    sound = {"name": "shop", "app_id": "wx0123456789abcdef", "app_secret": "s", "token": "abc123"}
    with pytest.raises(WrongAccounts, match="native_desk"):
        checked({**sound, "mode": "plain", "native_desk": True, "verified": False})
