"""What waits for a shopper is told by one template message, and comes when she writes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.channels.wechat import notices
from bot.channels.wechat.accounts import WrongAccounts, checked
from bot.channels.wechat.models import Told
from bot.channels.wechat.simulator.world import Follower
from bot.conversations import allowances, tickets
from bot.conversations.steps import now

from .conftest import Connect
from .line import Line

NOTIFY = "/cgi-bin/message/template/send"
TEMPLATE: dict[str, Any] = {
    "template": "tpl-1",
    "template_fields": {"thing1": "what", "character_string2": "ticket", "time3": "time"},
}


async def served(line: Line) -> tuple[Follower, str]:
    """A shopper whom an agent serves, and to whom nothing may be sent any more."""
    shopper = line.phone()
    await line.write(shopper, "你好")
    conversation = line.conversation(shopper)
    line.store.take(conversation, 7, "小王")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    close(line, shopper)
    return shopper, conversation


def close(line: Line, shopper: Follower) -> None:
    shopper.allowances.clear()
    allowances.none_left(line.store, line.conversation(shopper))


def told(shopper: Follower) -> list[dict[str, str]]:
    """The template messages on the phone."""
    sent = [shown.message["template"] for shown in shopper.screen if shown.message["msgtype"] == "template"]
    return [{name: each["value"] for name, each in one["data"].items()} for one in sent]


async def test_a_ticket_that_waits_is_told_of_once(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        ticket = tickets.create(line.store, conversation, 7, "小王", "查快递")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        number = tickets.number(ticket)
        (notice,) = told(shopper)
        assert notice["thing1"] == f"您的工单 {number} 有新进展" and len(notice["thing1"]) <= 20
        assert notice["character_string2"] == number and "年" in notice["time3"]
        tickets.change(line.store, ticket.id, 7, "小王", state="in_progress")
        line.store.say(conversation, 7, "小王", "我催一下", "1")
        await line.settled(shopper)
        assert len(told(shopper)) == 1
        await line.write(shopper, "好的")
        screen = await line.shown(shopper, lambda screen: len(screen) == 6)
        assert "登记工单" in screen[3] and "已经有同事在处理" in screen[4] and screen[5] == "我催一下"


async def test_an_agents_message_is_told_of_and_at_most_one_a_day(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        assert told(shopper)[0]["thing1"] == "客服给您发了新消息"
        assert told(shopper)[0]["character_string2"] == "-"
        await line.write(shopper, "谢谢")
        await line.shown(shopper, lambda screen: screen[-1] == "查到了")
        close(line, shopper)
        line.store.say(conversation, 7, "小王", "还有一件事", "2")
        await line.settled(shopper)
        assert len(told(shopper)) == 1, "it is the same day"
        with line.store.writing() as session:
            session.execute(update(Told).values(at=now() - timedelta(days=2)))
        line.store.say(conversation, 7, "小王", "在吗", "3")
        await line.shown(shopper, lambda screen: screen.count("template") == 2)


async def test_what_is_still_the_same_is_not_told_of_a_day_later(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        with line.store.writing() as session:
            session.execute(update(Told).values(at=now() - timedelta(days=2)))
        line.store.say(conversation, 7, "小王", "您看到了吗", "2")
        await line.settled(shopper)
        assert len(told(shopper)) == 1


@pytest.mark.parametrize("code", [45015, 45047])
async def test_wechat_itself_says_that_nothing_may_be_sent(connect: Connect, code: int) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        allowances.grant(line.store, conversation, "message", 5, timedelta(hours=48))
        line.account.acted(shopper, "message")
        line.fail(errcode=code)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")


async def test_what_the_bot_says_is_not_told_of(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.store.hand_back(conversation, 7)
        await line.settled(shopper)
        assert told(shopper) == [] and line.account.calls["template"] == 0


async def test_without_a_template_nothing_is_told(line: Line) -> None:
    shopper, conversation = await served(line)
    line.store.say(conversation, 7, "小王", "查到了", "1")
    await line.settled(shopper)
    assert line.account.calls["template"] == 0
    await line.write(shopper, "在吗")
    await line.shown(shopper, lambda screen: screen[-1] == "查到了")


@pytest.mark.parametrize("code", [43101, 43004, 40037, 47003, 48001])
async def test_a_refused_notice_is_not_tried_again_and_holds_up_nothing(connect: Connect, code: int) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.fail(NOTIFY, errcode=code, times=5)
        for number in range(2):
            line.store.say(conversation, 7, "小王", f"第{number}条", f"{number}")
            await line.settled(shopper)
        assert told(shopper) == [] and len(line.world.faults._to_come[NOTIFY]) == 4
        await line.write(shopper, "在吗")
        await line.shown(shopper, lambda screen: screen[-2:] == ["第0条", "第1条"])


async def test_a_notice_that_wechat_was_too_busy_for_is_told_later(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.fail(NOTIFY, errcode=-1, times=3)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        assert len(told(shopper)) == 1


async def test_a_notice_whose_answer_is_lost_is_told_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.wechat.api.TIMEOUT", 0.3)
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.fail(NOTIFY, delay=0.6, afterwards=True)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        line.store.say(conversation, 7, "小王", "在吗", "2")
        await line.settled(shopper)
        assert len(told(shopper)) == 1


async def test_whoever_restarts_does_not_tell_her_again(connect: Connect) -> None:
    async with connect(**TEMPLATE) as line:
        shopper, conversation = await served(line)
        line.store.say(conversation, 7, "小王", "查到了", "1")
        await line.shown(shopper, lambda screen: screen[-1] == "template")
        await line.settled(shopper)
        followers = line.account.followers
    async with connect(**TEMPLATE) as line:
        line.account.followers = followers
        line.store.say(conversation, 7, "小王", "在吗", "2")
        await line.settled(shopper)
        assert len(told(shopper)) == 1


async def test_a_tickets_changes_come_in_order_and_its_button_reopens_it(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    conversation = line.conversation(shopper)
    ticket = tickets.create(line.store, conversation, 7, "小王", "查快递")
    for state in ("in_progress", "resolved"):
        tickets.change(line.store, ticket.id, 7, "小王", state=state)
    screen = await line.shown(shopper, lambda screen: len(screen) == 4)
    for word, said in zip(("登记", "在处理", "处理好了"), screen[1:], strict=True):
        assert word in said
    assert screen[3].endswith("[还没解决]")
    (button,) = shopper.screen[-1].message["msgmenu"]["list"]
    await line.write(shopper, "还没解决", bizmsgmenuid=button["id"])
    await line.shown(shopper, lambda screen: "重新打开" in screen[-1])
    assert tickets.get(line.store, ticket.id).state == "open"
    await line.write(shopper, "我的工单怎么样了")
    assert line.screen(shopper)[-1] == "回答 我的工单怎么样了"


async def test_a_sticker_opens_the_way_for_what_waits(line: Line) -> None:
    shopper = line.phone()
    await line.write(shopper, "你好")
    close(line, shopper)
    tickets.create(line.store, line.conversation(shopper), 7, "小王", "查快递")
    await line.settled(shopper)
    line.account.acted(shopper, "message")
    await line.deliver(shopper, {"MsgType": "text", "Content": "【收到不支持的消息类型，暂无法显示】"})
    await line.shown(shopper, lambda screen: any("登记工单" in said for said in screen))


def test_values_keep_within_their_limits() -> None:
    card = {"kind": "ticket", "ticket_no": "T" + "1" * 40}
    about = tickets.Message(sender="system", content={"card": card})
    fields = {"thing1": "what", "thing2": "ticket", "character_string3": "ticket", "thing4": "time"}
    said = notices.values(fields, about, now())  # type: ignore[arg-type]
    assert [len(said[name]) for name in fields][:3] == [20, 20, 32] and len(said["thing4"]) <= 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"template": "tpl-1"},
        {"template_fields": {"thing1": "what"}},
        {"template": "tpl-1", "template_fields": {"amount1": "what"}},
        {"template": "tpl-1", "template_fields": {"character_string1": "what"}},
        {"template": "tpl-1", "template_fields": {"time1": "ticket"}},
        {"template": "tpl-1", "template_fields": {"thing1": "everything"}},
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(wrong: dict[str, Any]) -> None:
    sound = {"name": "shop", "app_id": "wx0123456789abcdef", "app_secret": "s", "token": "abc123"}
    with pytest.raises(WrongAccounts, match="template_fields"):
        checked({**sound, "mode": "plain", **wrong})
