"""Calls to WeChat's servers, made to the simulated ones."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from bot.channels.wechat import api as wechat
from bot.channels.wechat.api import Api, NoMedia
from bot.channels.wechat.outcomes import Kind
from bot.channels.wechat.simulator.faults import Fault
from bot.channels.wechat.simulator.servers import WeChat
from bot.channels.wechat.simulator.world import Account, Follower

from .simulated import SECRET, InMemory, an_account, served

SEND = "/cgi-bin/message/custom/send"


@dataclass
class Line:
    """An account's line to the simulated WeChat, and a follower who has just written."""

    api: Api
    world: WeChat
    account: Account
    shopper: Follower

    @property
    def shown(self) -> list[str]:
        return [bubble.message["text"]["content"] for bubble in self.shopper.screen]

    async def say(self, text: str) -> Kind:
        return (await self.api.send(self.shopper.openid, wechat.text(text))).kind

    def fail(self, path: str = SEND, **fault: object) -> None:
        self.world.faults.add(Fault(path=path, **fault))


@pytest.fixture
async def line(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    monkeypatch.setattr(wechat, "PAUSE", 0.01)
    monkeypatch.setattr(wechat, "TIMEOUT", httpx.Timeout(0.5))
    account = an_account()
    world = WeChat([account])
    shopper = account.join("小红")
    account.acted(shopper, "message")
    async with served(world) as address, httpx.AsyncClient() as http:
        shelf = InMemory(account.clock.now)
        api = Api(http, account.id, account.app_id, SECRET, shelf, address, account.clock.now)
        yield Line(api, world, account, shopper)


async def test_texts_pictures_and_menus_are_shown(line: Line) -> None:
    assert await line.say("您好，]]> <b>") is Kind.OK
    _, media_id = await line.api.upload(b"\xff\xd8\xff picture", "goods.jpg")
    assert media_id and (await line.api.send(line.shopper.openid, wechat.image(media_id))).ok
    menu = wechat.menu("请选择", [("b1", "查物流"), ("b2", "退货")], "或直接输入")
    assert (await line.api.send(line.shopper.openid, menu)).ok
    shown = [bubble.message for bubble in line.shopper.screen]
    assert [message["msgtype"] for message in shown] == ["text", "image", "msgmenu"]
    assert shown[0]["text"]["content"] == "您好，]]> <b>"
    assert shown[2]["msgmenu"]["list"] == [{"id": "b1", "content": "查物流"}, {"id": "b2", "content": "退货"}]
    assert line.account.calls["token"] == 1


async def test_typing_and_notices(line: Line) -> None:
    assert (await line.api.typing(line.shopper.openid, True)).ok and line.shopper.typing
    assert (await line.api.typing(line.shopper.openid, False)).ok and not line.shopper.typing
    assert (await line.api.notify(line.shopper.openid, "tpl-1", {"thing1": "已发货"}, None)).ok
    line.shopper.follows = False
    outcome = await line.api.notify(line.shopper.openid, "tpl-1", {"thing1": "已发货"}, None)
    assert outcome.kind is Kind.NOT_A_FOLLOWER


async def test_what_a_shopper_sent_is_fetched(line: Line) -> None:
    media_id = line.account.keep(b"\xff\xd8\xff picture")
    assert await line.api.media(media_id) == b"\xff\xd8\xff picture"
    line.account.clock.forward(4 * 24 * 3600)
    with pytest.raises(NoMedia):
        await line.api.media(media_id)


async def test_what_is_too_large_is_not_read_to_its_end(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat, "LARGEST_MEDIA", 1000)
    with pytest.raises(NoMedia):
        await line.api.media(line.account.keep(b"x" * 1001))


async def test_the_window_and_the_quota(line: Line) -> None:
    assert [await line.say(str(n)) for n in range(6)] == [Kind.OK] * 5 + [Kind.QUOTA_SPENT]
    line.account.acted(line.shopper, "event")
    assert await line.say("6") is Kind.OK
    line.account.clock.forward(61)
    assert await line.say("7") is Kind.QUOTA_SPENT
    line.account.clock.forward(49 * 3600)
    assert await line.say("8") is Kind.OUT_OF_WINDOW
    assert line.shown == ["0", "1", "2", "3", "4", "6"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (45015, Kind.OUT_OF_WINDOW),
        (45047, Kind.QUOTA_SPENT),
        (45009, Kind.DAILY_CAP),
        (48001, Kind.NO_PERMISSION),
        (40200, Kind.MENU_REFUSED),
        (40003, Kind.NOT_A_FOLLOWER),
        (99999, Kind.REFUSED),
    ],
)
async def test_what_is_no_use_is_tried_once(line: Line, code: int, kind: Kind) -> None:
    line.fail(errcode=code)
    assert await line.say("你好") is kind
    assert line.shown == [] and await line.say("在吗") is Kind.OK


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"errcode": 45011}, {"status": 502}, {"status": 503}])
async def test_a_busy_server_is_asked_three_times(line: Line, fault: dict[str, int]) -> None:
    line.fail(times=2, **fault)
    assert await line.say("你好") is Kind.OK
    line.fail(times=3, **fault)
    assert await line.say("在吗") is Kind.BUSY
    assert line.shown == ["你好"] and await line.say("在吗") is Kind.OK


async def test_no_server_at_all(line: Line) -> None:
    away = Api(
        line.api._http, "gh_test", "wx1", SECRET, InMemory(line.account.clock.now), "http://127.0.0.1:9"
    )
    assert (await away.send(line.shopper.openid, wechat.text("你好"))).kind is Kind.NO_TOKEN


async def test_a_lost_answer_is_not_asked_for_again(line: Line) -> None:
    assert await line.say("你好") is Kind.OK
    line.fail(delay=1.0, afterwards=True)
    assert await line.say("在吗") is Kind.UNSURE
    await asyncio.sleep(0.6)
    assert line.shown == ["你好", "在吗"]


async def test_fifty_at_once_fetch_one_token(line: Line) -> None:
    line.fail("/cgi-bin/stable_token", delay=0.2)
    shoppers = [line.account.join(f"顾客{n}") for n in range(50)]
    for shopper in shoppers:
        line.account.acted(shopper, "message")
    sent = await asyncio.gather(*(line.api.send(s.openid, wechat.text("您好")) for s in shoppers))
    assert all(outcome.ok for outcome in sent) and line.account.calls["token"] == 1


async def test_a_token_is_fetched_anew_before_its_end(line: Line) -> None:
    assert await line.say("1") is Kind.OK
    line.account.clock.forward(7200 - 301)
    assert await line.say("2") is Kind.OK and line.account.calls["token"] == 1
    line.account.clock.forward(2)
    # WeChat gives the same until its end, and then another.
    assert await line.say("3") is Kind.OK and line.account.calls["token"] == 2
    line.account.clock.forward(300)
    assert await line.say("4") is Kind.OK and line.account.calls["token"] == 3


async def test_a_revoked_token_is_replaced_once(line: Line) -> None:
    assert await line.say("1") is Kind.OK
    line.account.revoke()
    sent = await asyncio.gather(*(line.say(str(n)) for n in range(2, 5)))
    assert sent == [Kind.OK] * 3 and line.account.calls["token"] == 2


async def test_tokens_that_are_never_right_are_not_fetched_for_ever(line: Line) -> None:
    line.fail(times=1000, errcode=40001)
    sent = [await line.say(str(n)) for n in range(20)]
    sent += await asyncio.gather(*(line.say(str(n)) for n in range(20)))
    assert set(sent) == {Kind.BAD_TOKEN, Kind.NO_TOKEN} and line.account.calls["token"] <= 2
    line.world.faults.clear()
    assert await line.say("你好") is Kind.OK  # the token that there is serves at once


async def test_no_secret_stands_in_a_log(line: Line, capfd: pytest.CaptureFixture[str]) -> None:
    await line.say("你好")
    token = line.account._access[0]
    for fault in (
        {"errcode": 45015},
        {"status": 502, "times": 3},
        {"delay": 1.0},
        {"errcode": 40001, "times": 9},
    ):
        line.fail(**fault)
        await line.say("13812345678")
    line.world.faults.clear()
    line.fail("/cgi-bin/stable_token", errcode=40125, times=9)
    line.account.clock.forward(8000)
    assert await line.say("你好") is Kind.NO_TOKEN
    said = "".join(capfd.readouterr())
    assert "call_failed" in said and "no_token" in said
    for secret in (token, SECRET, line.shopper.openid, "13812345678"):
        assert secret not in said
