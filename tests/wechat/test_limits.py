"""A shopper who floods the account is told once, and no other shopper feels it."""

import time

import pytest

from bot.channels import limits as counting
from bot.channels.wechat import limits
from bot.channels.wechat.limits import Pace, Verdict
from bot.channels.wechat.simulator.delivery import Delivery
from bot.channels.wechat.simulator.world import Follower
from bot.channels.wechat.wording import say
from bot.conversations import store as stores

from .conftest import Connect, Engine
from .line import Line


def said(line: Line, shopper: Follower) -> list[str | None]:
    return [message.text for message in line.log(shopper) if message.sender == "shopper"]


async def test_too_many_messages_are_told_of_once(connect: Connect) -> None:
    async with connect(per_minute=3) as line:
        shopper, other = line.phone(), line.phone("小明")
        for number in range(8):
            await line.write(shopper, f"{number}")
        assert line.screen(shopper) == ["回答 0", "回答 1", "回答 2", say("too_many")]
        assert said(line, shopper) == ["0", "1", "2"]
        # They come from the same address, as all do.
        await line.write(other, "你好")
        assert line.screen(other) == ["回答 你好"]


async def test_what_is_delivered_again_does_not_count(connect: Connect) -> None:
    async with connect(per_minute=2) as line:
        shopper = line.phone()
        line.account.acted(shopper, "message")
        for number in (1, 2):
            for _ in range(3):
                fields = {"MsgType": "text", "Content": f"{number}", "MsgId": number}
                await line.deliver(shopper, fields, Delivery(copies=2))
        assert said(line, shopper) == ["1", "2"]
        # And what was refused stays refused, in the same words.
        for _ in range(2):
            await line.deliver(shopper, {"MsgType": "text", "Content": "3", "MsgId": 3})
        await line.deliver(shopper, {"MsgType": "text", "Content": "4", "MsgId": 4})
        assert said(line, shopper) == ["1", "2"]
        assert line.screen(shopper)[-2:] == [say("too_many")] * 2
        assert line.screen(shopper).count(say("too_many")) == 2


async def test_leaving_is_never_too_much(connect: Connect) -> None:
    async with connect(per_minute=1) as line:
        shopper = line.phone()
        for text in ("你好", "在吗"):
            await line.write(shopper, text)
        conversation = line.conversation(shopper)
        await line.deliver(shopper, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})
        assert line.store.messages(conversation) == []


async def test_who_is_owed_too_much_is_told_once_and_nothing_stays_held(
    connect: Connect, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "OWED_LIMIT", 2)
    engine.delay = (4, 4)
    async with connect(passive_seconds=0.3) as line:
        shopper = line.phone()
        for number in range(5):
            await line.write(shopper, f"{number}")
        assert line.screen(shopper) == [say("too_many")] and said(line, shopper) == ["0", "1"]
        engine.delay = (0, 0)
        began = time.monotonic()
        await line.shown(shopper, lambda screen: "".join(screen[1:]).count("回答") == 2)
        assert time.monotonic() - began < 5, "a hold that was left behind would last longer"


def test_who_has_been_quiet_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    at = 1000.0
    for module in (limits, counting):
        monkeypatch.setattr(module.time, "monotonic", lambda: at)
    pace = Pace(1)
    assert [pace.judge("o", key) for key in "abc"] == [Verdict.TAKEN, Verdict.TOLD, Verdict.DROPPED]
    at += 50
    assert pace.judge("o", "d") is Verdict.DROPPED
    at += 50
    assert pace.judge("o", "e") is Verdict.TAKEN, "the minute is over"
    assert pace.judge("o", "f") is Verdict.DROPPED, "but she has not been quiet"
    at += 61
    assert [pace.judge("o", key) for key in "gh"] == [Verdict.TAKEN, Verdict.TOLD]
    at += 200
    pace.judge("p", "a")
    assert len(pace._verdicts) == len(pace._refused) + 1 == 1, "nothing is kept for ever"
