"""WeCom's customer service: calls that hold nothing, messages that are pulled, people who come between."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from bot.channels.wechat import api, crypto, kf, pulled, pulling
from bot.channels.wechat.accounts import Account
from bot.channels.wechat.crypto import MessageCipher
from bot.channels.wechat.kf import KfApi
from bot.channels.wechat.kinds import WAYS, Kind, Menus
from bot.channels.wechat.outcomes import Kind as Came
from bot.channels.wechat.pulled import Pulls
from bot.channels.wechat.simulator.delivery import Delivery, sealed
from bot.channels.wechat.simulator.kf import NEW, OURS, OVER, PERSON, POOL, Corp
from bot.channels.wechat.simulator.world import Follower
from bot.conversations import allowances
from bot.conversations.store import Store

from .conftest import MENU, Connect, Engine
from .line import Line
from .simulated import AES_KEY, SECRET, InMemory, an_account

SEND, PULL = "/cgi-bin/kf/send_msg", "/cgi-bin/kf/sync_msg"


@pytest.fixture
def corp() -> Corp:
    account = an_account(kind=Corp)
    assert isinstance(account, Corp)
    return account


@pytest.fixture
async def line(connect: Connect, corp: Corp) -> AsyncIterator[Line]:
    async with connect(account=corp) as line:
        yield line


async def enters(line: Line, shopper: Follower) -> None:
    await line.deliver(shopper, {"MsgType": "event", "Event": "enter_session"})


async def until(right: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not right():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


# Calls


async def test_the_address_is_checked_with_what_is_encrypted(line: Line, corp: Corp) -> None:
    echo = MessageCipher(AES_KEY, corp.app_id).encrypt(b"1616140317555161061")
    at = str(int(time.time()))
    query = {"timestamp": at, "nonce": "n", "echostr": echo}
    signed = {**query, "msg_signature": crypto.signature(corp.token, at, "n", echo)}
    answer = await line.world.http.get(line.fronts[0], params=signed)
    assert (answer.status_code, answer.text) == (200, "1616140317555161061")
    plain = {**query, "signature": crypto.signature(corp.token, at, "n")}
    assert (await line.world.http.get(line.fronts[0], params=plain)).status_code == 403
    other = MessageCipher(AES_KEY, "ww0000000000000000").encrypt(b"1")
    signed = {**query, "echostr": other, "msg_signature": crypto.signature(corp.token, at, "n", other)}
    assert (await line.world.http.get(line.fronts[0], params=signed)).status_code == 403


async def test_strangers_pull_nothing(line: Line, corp: Corp) -> None:
    query = {"timestamp": str(int(time.time())), "nonce": "n", "msg_signature": "0" * 40}
    body = "<xml><Encrypt><![CDATA[AAAA]]></Encrypt></xml>"
    for content in (body, "<xml></xml>", ""):
        answer = await line.world.http.post(line.fronts[0], params=query, content=content)
        assert answer.status_code == 403
    assert corp.calls["pull"] == 0


async def test_a_call_is_answered_before_anything_is_pulled(line: Line) -> None:
    line.fail(PULL, delay=2.0)
    shopper, begun = line.phone(), time.monotonic()
    await line.write(shopper, "你好")
    assert time.monotonic() - begun < 1.5 and line.screen(shopper) == []
    await line.until(shopper, "回答 你好")


# Messages


async def test_a_new_conversation_is_taken_and_answered(line: Line, corp: Corp) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    assert corp.states[shopper.openid] == OURS and corp.calls["send"] == 1
    await line.write(shopper, "两条")
    await line.until(shopper, "回答 你好", "第一条", "第二条")


async def test_buttons_are_tapped_named_or_numbered(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "菜单")
    await line.until(shopper, f"{MENU} [羽绒服|雪地靴]")
    first = shopper.screen[-1].message["msgmenu"]["list"][0]
    assert "/a" not in str(shopper.screen[-1].message)
    await line.write(shopper, "2")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    await line.write(shopper, "羽绒服", bizmsgmenuid=first["id"])
    await line.shown(shopper, lambda screen: len(screen) == 3)
    assert [m.payload for m in line.log(shopper) if m.sender == "shopper"] == [None, "/b", "/a"]


async def test_what_a_menu_cannot_hold_is_a_numbered_list(
    line: Line, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = replace(WAYS[Kind.WECOM], menus=Menus(head=1024, item=8, items=10))
    monkeypatch.setitem(WAYS, Kind.WECOM, ways)
    shopper = line.phone()
    await line.write(shopper, "菜单")
    (shown,) = await line.shown(shopper, bool)
    assert shown.endswith("1. 羽绒服\n2. 雪地靴") and corp.calls["send"] == 1
    await line.write(shopper, "2")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    assert line.log(shopper)[-2].payload == "/b"


async def test_a_picture_is_fetched_and_kept(line: Line) -> None:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "JPEG")
    shopper = line.phone()
    line.account.acted(shopper, "message")
    await line.deliver(shopper, {"MsgType": "image", "MediaId": line.account.keep(data.getvalue())})
    await line.shown(shopper, bool)
    assert (line.log(shopper)[0].content or {})["attachment"]


async def test_what_cannot_be_read_is_answered_once_and_links_are_words(line: Line) -> None:
    shopper = line.phone()
    line.account.acted(shopper, "message")
    for kind in ("voice", "location", "business_card", "channels"):
        await line.deliver(shopper, {"MsgType": kind, "MediaId": "m", "MsgId": kind}, Delivery(copies=2))
    shown = await line.shown(shopper, lambda screen: len(screen) == 4)
    assert all("不好意思" in text for text in shown) and line.log(shopper) == []
    await line.deliver(shopper, {"MsgType": "miniprogrampage", "Title": "轻羽绒服", "PagePath": "p"})
    await until(lambda: [m.text for m in line.log(shopper)][:1] == ["轻羽绒服"])


async def test_two_desks_are_two_conversations() -> None:
    assert kf.address("wmA", "wkA") != kf.address("wmA", "wkB")
    assert kf.address("wm A", "wkA") is None and kf.address("wmA", "x" * 41) is None


async def test_who_enters_is_welcomed_once(line: Line) -> None:
    shopper = line.phone()
    await enters(line, shopper)
    (said,) = await line.shown(shopper, bool)
    assert "您好" in said
    await enters(line, shopper)
    await line.write(shopper, "你好")
    await line.until(shopper, said, "回答 你好")


# Once


async def test_calls_at_two_fronts_are_one_turn_each(connect: Connect, engine: Engine, corp: Corp) -> None:
    engine.delay = (0.0, 0.2)
    async with connect(account=corp, fronts=2) as line:
        shoppers = [line.phone(f"顾客{n}") for n in range(3)]

        async def call(front: str, body: str) -> str:
            query, content = sealed(corp, body)
            return (await line.world.http.post(front, params=query, content=content)).text

        async def writes(shopper: Follower, number: int) -> None:
            corp.acted(shopper, "message")
            body = corp.told(shopper, {"MsgType": "text", "Content": f"第{number}句"})
            assert set(await asyncio.gather(*(call(front, body) for front in line.fronts * 2))) == {"success"}

        await asyncio.gather(*(writes(shopper, n) for n in range(3) for shopper in shoppers))
        expected = sorted(f"回答 第{n}句" for n in range(3))
        for shopper in shoppers:
            await line.shown(shopper, lambda screen: sorted("\n".join(screen).split("\n")) == expected)
        assert len(engine.asked) == 9 and corp.calls["send"] == 9


def test_one_process_at_a_time_pulls_a_desk(store: Store) -> None:
    first, second = Pulls(store, "shop"), Pulls(store, "shop")
    assert first.claim() is None
    first.ask("wk1", "t1")
    second.ask("wk1", "t2")
    pull = first.claim()
    assert pull and (pull.desk, pull.token, second.claim()) == ("wk1", "t2", None)
    assert not second.passed(pull, "c9") and first.passed(pull, "c1")
    second.ask("wk1", "t3")
    first.end(pull)
    # What was told of in the meantime is pulled as well, from where the last one ended.
    again = second.claim()
    assert again and (again.cursor, again.token) == ("c1", "t3")
    second.end(again)
    assert first.claim() is None and Pulls(store, "other").claim() is None
    first.ask_all()
    assert first.claim()


async def test_many_messages_come_page_by_page(connect: Connect, engine: Engine, corp: Corp) -> None:
    corp.page = 2
    shoppers = [corp.join(f"顾客{n}") for n in range(3)]
    for number in range(4):
        for shopper in shoppers:
            corp.acted(shopper, "message")
            corp.told(shopper, {"MsgType": "text", "Content": f"第{number}句"})
    async with connect(account=corp) as line:
        await line.write(shoppers[0], "最后")
        for shopper in shoppers:
            last = "最后" if shopper is shoppers[0] else "第3句"
            await line.shown(shopper, lambda screen, last=last: bool(screen) and last in screen[-1])
            said = [m.text for m in line.log(shopper) if m.sender == "shopper"]
            assert said[:4] == [f"第{n}句" for n in range(4)]
        assert corp.calls["pull"] >= 7 and len(engine.asked) == 13


async def test_what_was_taken_in_before_the_cursor_was_kept_is_not_doubled(
    connect: Connect, corp: Corp, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, failures = Pulls.passed, [OperationalError("", {}, Exception())]

    def fails_once(pulls: Pulls, *given: Any) -> bool:
        if failures:
            raise failures.pop()
        return keep(pulls, *given)

    monkeypatch.setattr(Pulls, "passed", fails_once)
    monkeypatch.setattr(pulling, "LOOK_SECONDS", 0.05)
    async with connect(account=corp) as line:
        shopper = line.phone()
        await line.write(shopper, "一")
        await until(lambda: not failures and corp.calls["pull"] >= 2)
        await line.write(shopper, "二")
        await line.until(shopper, "回答 一", "回答 二")
        assert len(engine.asked) == 2 and corp.calls["send"] == 2


async def test_a_process_that_dies_while_it_pulls_loses_nothing(
    connect: Connect, corp: Corp, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has taken the messages in, and neither kept the cursor nor given the desk free."""
    monkeypatch.setattr(pulled, "LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(pulling, "LOOK_SECONDS", 0.05)
    with monkeypatch.context() as dying:

        def died(*_: Any) -> bool:
            raise OperationalError("", {}, Exception())

        dying.setattr(Pulls, "passed", died)
        dying.setattr(Pulls, "let_go", lambda *_: None)
        async with connect(account=corp) as line:
            shopper = line.phone()
            await line.write(shopper, "你好")
            await line.until(shopper, "回答 你好")
    corp.acted(shopper, "message")
    corp.told(shopper, {"MsgType": "text", "Content": "在吗"})
    async with connect(account=corp) as line:
        await line.until(shopper, "回答 你好", "回答 在吗")
        assert len(engine.asked) == 2


async def test_what_came_while_nobody_listened_is_pulled_at_the_start(
    connect: Connect, corp: Corp, engine: Engine
) -> None:
    async with connect(account=corp) as line:
        shopper = line.phone()
        await line.write(shopper, "你好")
        await line.until(shopper, "回答 你好")
        corp.callback = "http://127.0.0.1:9/"
        await line.write(shopper, "在吗")
        assert line.screen(shopper) == ["回答 你好"], "WeCom shows no excuse"
    async with connect(account=corp) as line:
        await line.until(shopper, "回答 你好", "回答 在吗")
    assert len(engine.asked) == 2


async def test_what_was_said_before_we_listened_stays_unanswered(line: Line, corp: Corp) -> None:
    shopper = line.phone()
    corp.clock.forward(-3600)
    corp.told(shopper, {"MsgType": "text", "Content": "很久以前"})
    corp.clock.forward(3600)
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    assert [m.text for m in line.log(shopper)] == ["你好", "回答 你好"]


async def test_nonsense_among_the_messages_keeps_back_no_other(line: Line, corp: Corp) -> None:
    shopper = line.phone()
    corp.said += [
        {"msgid": ""},
        {"msgid": "x", "origin": 3, "msgtype": "text", "text": "kein Objekt"},
        {"msgid": 5, "origin": 3, "msgtype": ["text"], "external_userid": {}, "open_kfid": None},
        {"msgid": "a", "origin": 5, "msgtype": "text", "external_userid": shopper.openid},
        {"msgid": "b", "origin": 4, "msgtype": "event", "event": {"event_type": "user_recall_msg"}},
    ]
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")


# What WeCom refuses


@pytest.mark.parametrize("code", [40014, 42001])
async def test_a_token_that_has_run_out_is_replaced(line: Line, corp: Corp, code: int) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    if code == 40014:
        corp.revoke()
    else:
        corp.clock.forward(7300)
    await line.write(shopper, "在吗")
    await line.until(shopper, "回答 你好", "回答 在吗")
    assert corp.calls["token"] == 2


async def test_the_token_of_an_old_call_is_done_without(line: Line, corp: Corp) -> None:
    line.fail(PULL, errcode=95007)
    shopper = line.phone()
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    assert corp.calls["pull"] >= 1


async def test_a_pull_that_fails_is_tried_again(
    connect: Connect, corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "LOOK_SECONDS", 0.05)
    async with connect(account=corp) as line:
        line.fail(PULL, status=502, times=7)
        line.fail(PULL, errcode=48002)
        shopper = line.phone()
        await line.write(shopper, "你好")
        await line.until(shopper, "回答 你好")


@pytest.mark.parametrize("state", [POOL, PERSON])
async def test_what_people_of_wecoms_desk_have_is_left_to_them(line: Line, corp: Corp, state: int) -> None:
    shopper = line.phone()
    corp.states[shopper.openid] = state
    await line.write(shopper, "请人来")
    await until(lambda: corp.calls["state"])
    corp.states[shopper.openid] = OVER
    await line.write(shopper, "你好")
    await line.until(shopper, "回答 你好")
    assert [m.text for m in line.log(shopper)] == ["你好", "回答 你好"]


async def test_an_answer_waits_while_a_person_has_the_conversation(
    line: Line, corp: Corp, engine: Engine
) -> None:
    engine.delay = (0.5, 0.5)
    shopper = line.phone()
    await line.write(shopper, "你好")
    await until(lambda: engine.asked)
    corp.states[shopper.openid] = PERSON
    await until(lambda: corp.calls["send"] == 1)
    assert line.screen(shopper) == []
    corp.states[shopper.openid] = OVER
    await line.write(shopper, "在吗")
    await line.until(shopper, "回答 你好", "回答 在吗")
    assert corp.states[shopper.openid] == OURS and NEW not in corp.states.values()
    # What was refused was not counted as sent.
    assert allowances.left(line.store, line.conversation(shopper)).messages == 3


@pytest.mark.parametrize("code", [95001, 95002])
async def test_what_may_not_be_sent_waits_for_her_next_message(line: Line, code: int) -> None:
    line.fail(SEND, errcode=code)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await until(lambda: line.log(shopper))
    await until(lambda: not allowances.left(line.store, line.conversation(shopper)).messages)
    assert line.screen(shopper) == []
    await line.write(shopper, "还在吗")
    await line.until(shopper, "第一条", "第二条", "回答 还在吗")


async def test_the_last_message_that_is_allowed_holds_the_rest(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "七条")
    await line.until(shopper, "第1条", "第2条", "第3条", "第4条", "第5条\n\n第6条\n\n第7条")


@pytest.mark.parametrize("times", [1, 4])
async def test_a_lost_answer_is_asked_for_and_shown_once(
    line: Line, corp: Corp, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(api, "TIMEOUT", 0.3)
    line.fail(SEND, delay=0.6, afterwards=True, times=times)
    shopper = line.phone()
    await line.write(shopper, "两条")
    await line.until(shopper, "第一条", "第二条")
    await until(lambda: corp.calls["send"] == times + 2)
    assert line.screen(shopper) == ["第一条", "第二条"]
    # Each was paid for but once.
    assert allowances.left(line.store, line.conversation(shopper)).messages >= 3


async def test_one_id_is_taken_once(line: Line, corp: Corp) -> None:
    shopper = line.phone()
    corp.acted(shopper, "message")
    corp.states[shopper.openid] = OURS
    address = kf.address(shopper.openid, corp.desk)
    assert address
    shelf = InMemory(corp.clock.now)
    direct = KfApi(line.world.http, "kf", corp.app_id, SECRET, shelf, line.simulator, corp.clock.now)
    sent = [await direct.send(address, api.text("您好"), api.once("c", 1, 1)) for _ in range(2)]
    assert [outcome.kind for outcome in sent] == [Came.OK, Came.REFUSED]
    assert line.screen(shopper) == ["您好"]


async def test_no_secret_stands_in_a_log(line: Line, corp: Corp, capfd: pytest.CaptureFixture[str]) -> None:
    shopper = line.phone()
    corp.states[shopper.openid] = PERSON
    await line.write(shopper, "13812345678")
    await until(lambda: corp.calls["state"])
    corp.states[shopper.openid] = OVER
    line.fail(PULL, errcode=-1, times=3)
    await line.write(shopper, "13812345678")
    await line.shown(shopper, bool)
    await line.write(shopper, "你好")
    await line.shown(shopper, bool)
    said = "".join(capfd.readouterr())
    assert "call_failed" in said and "left_to_people" in said
    for secret in (corp._access[0], SECRET, corp.token, shopper.openid, "13812345678"):
        assert secret not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"app_id": "gh0123456789abcdef"}, "app_id"),
        ({"mode": "plain"}, "safe"),
        ({"verified": False}, "customer-service API"),
        ({"kind": "official"}, "app_id"),
    ],
)
def test_a_wrong_account_is_told(given: dict[str, object], said: str) -> None:
    sound = {"name": "kf", "kind": "wecom", "app_id": "ww0123456789abcdef", "app_secret": "s", "token": "abc"}
    sound |= {"aes_key": AES_KEY}
    assert Account.model_validate(sound).base_url == "https://qyapi.weixin.qq.com"
    with pytest.raises(ValidationError, match=said):
        Account.model_validate(sound | given)
