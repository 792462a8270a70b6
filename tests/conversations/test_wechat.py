"""The phone beside the desk: what a shopper does in WeChat, and what an agent sees of it."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from ruamel.yaml import YAML
from sqlalchemy import select

from bot.channels.wechat.models import Standing, User
from bot.conversations import ratings
from bot.conversations.store import Store
from tests.conversations.test_story import begin_shift, choose_presence, open_desk
from tests.stack import Running

DELIVERED = ("c1005", "9364")  # a customer with a parcel that has arrived, and the tail of her phone number

SEND = "/cgi-bin/message/custom/send"
FAULTS: list[dict[str, int]] = [{"errcode": 40001}, {"errcode": -1}, {"status": 502}, {"errcode": 45015}]


def bubbles(phone: Page, whose: str = "account") -> Locator:
    return phone.locator(f".row[data-from={whose}] .bubble")


def write(phone: Page, text: str) -> None:
    """Send a text, and wait until it was answered."""
    answered = bubbles(phone).count()
    phone.get_by_role("textbox", name="消息").fill(text)
    phone.get_by_role("button", name="发送").click()
    expect(bubbles(phone).nth(answered)).to_be_visible(timeout=15_000)


def tap(phone: Page, title: str) -> None:
    answered = bubbles(phone).count()
    bubbles(phone).last.get_by_role("button", name=title).click()
    expect(bubbles(phone).nth(answered)).to_be_visible(timeout=15_000)


@pytest.fixture
def phone(running: Running, context: Callable[..., BrowserContext]) -> Iterator[Page]:
    page = context().new_page()
    page.set_viewport_size({"width": 390, "height": 780})
    page.goto(running.settings.wechat_simulator)
    expect(bubbles(page)).to_contain_text("欢迎关注")
    yield page


def conversation_of(running: Running, desk: Store, phone: Page) -> str:
    openid = phone.evaluate("sessionStorage.getItem('openid')")
    with desk.reading() as session:
        return session.scalars(select(User.conversation_id).where(User.openid == openid)).one()


@pytest.mark.timeout(240)
def test_a_return_a_person_and_a_rating(
    running: Running, desk: Store, phone: Page, context: Callable[..., BrowserContext]
) -> None:
    customer, tail = DELIVERED
    order = next(o for o in running.orders(customer) if o["status"] == "delivered")
    (parcel,) = running.parcels(customer, order["no"])
    agent = context().new_page()
    open_desk(running, agent, "xiaowang")
    agent.get_by_test_id("tab-mine").click()
    begin_shift(agent)

    write(phone, "查物流")
    write(phone, order["no"])
    write(phone, tail)
    expect(bubbles(phone).last).to_contain_text(parcel["tracking_no"])
    write(phone, "我要退货")
    tap(phone, order["items"][1]["name"])
    tap(phone, "不想要了")
    expect(bubbles(phone).last).to_contain_text("确认提交吗？")
    tap(phone, "确认提交")
    expect(bubbles(phone).last).to_contain_text("退货申请已经提交")
    (number,) = set(re.findall(r"A\d{10,}", bubbles(phone).last.inner_text()))
    assert running.order_backend(f"/v1/returns/{number}", customer)["order_no"] == order["no"]

    write(phone, "转人工")
    expect(bubbles(phone).filter(has_text="客服小王来为您服务了")).to_be_visible()
    agent.get_by_test_id("conversation-row").first.click()
    expect(agent.get_by_test_id("chat-state")).to_contain_text("微信")
    expect(agent.get_by_test_id("packet")).to_contain_text(order["no"])
    left = agent.get_by_test_id("sends-left")
    expect(left).to_contain_text(re.compile(r"还能发 \d 条 · 4[78] 小时"))
    before = int(re.findall(r"\d", left.inner_text())[0])
    agent.get_by_test_id("composer").fill("您好，我是小王，退货地址已经发给您了")
    agent.get_by_test_id("send").click()
    expect(bubbles(phone).last).to_have_text("您好，我是小王，退货地址已经发给您了")
    expect(left).to_contain_text(f"还能发 {before - 1} 条")
    write_to_a_person(phone, "收到，谢谢")
    expect(agent.get_by_test_id("message").last).to_contain_text("收到，谢谢")
    expect(left).to_contain_text("还能发 5 条")
    many = [f"第{number}步" for number in "一二三四五六七"]
    for text in many:
        agent.get_by_test_id("composer").fill(text)
        agent.get_by_test_id("send").click()
        expect(agent.get_by_test_id("message").last).to_contain_text(text)
    expect(left).to_contain_text("等顾客说话后才能送达")
    # The last message that is allowed holds as much as was written by then.
    expect(bubbles(phone).last).to_contain_text("第五步")
    write_to_a_person(phone, "好的")
    expect(bubbles(phone).filter(has_text="第七步")).to_be_visible()
    assert re.findall(r"第.步", "\n".join(bubbles(phone).all_inner_texts())) == many

    agent.get_by_test_id("close").click()
    agent.get_by_test_id("confirm").click()
    expect(bubbles(phone).last).to_contain_text("这次服务您还满意吗？")
    tap(phone, "非常满意")
    expect(bubbles(phone).last).to_contain_text("评价")
    (given,) = ratings.given(desk, conversation_of(running, desk, phone))
    assert (given.score, given.served_name) == (5, "小王")
    choose_presence(agent, "offline")


def write_to_a_person(phone: Page, text: str) -> None:
    """Send a text to whom nobody answers by himself."""
    phone.get_by_role("textbox", name="消息").fill(text)
    phone.get_by_role("button", name="发送").click()
    expect(bubbles(phone, "me").last).to_have_text(text)


def test_a_customer_binds_her_account_and_parts_from_it(running: Running, phone: Page) -> None:
    order = next(o for o in running.orders("c1001") if o["status"] == "shipped")
    (parcel,) = running.parcels("c1001", order["no"])
    for name, said in (("林晓雨", "绑定成功"), (None, "已解除绑定")):
        with phone.expect_popup() as opened:
            bubbles(phone).first.get_by_role("link").click()
        page = opened.value
        if name:
            page.get_by_role("button", name=name).click()
        page.locator("form button").click()
        expect(page.get_by_role("heading")).to_contain_text(said)
        page.close()
        write(phone, "我的快递到哪了")
        if name:
            expect(bubbles(phone).last).to_contain_text(parcel["tracking_no"])
        else:
            expect(bubbles(phone).last).not_to_contain_text(parcel["tracking_no"])


def test_hostile_words_are_words(running: Running, desk: Store, phone: Page) -> None:
    for text in ("<img src=x onerror=alert(1)>", "/restart", "\u202e反着写", "'; DROP TABLE message; --"):
        write(phone, text)
    id = conversation_of(running, desk, phone)
    deadline = time.monotonic() + 30
    # An answer in two bubbles lets ``write`` go on early: the last text may still be under way.
    while len(written := [m for m in desk.messages(id) if m.sender == "shopper"]) < 4:
        assert time.monotonic() < deadline, "a text is missing"
        time.sleep(0.2)
    assert [m.payload for m in written] == [None] * 4
    assert phone.locator(".bubble img").count() == 0


def secrets_of(running: Running, desk: Store) -> list[str]:
    """What must stand in no log."""
    configured: list[dict[str, Any]] = YAML(typ="safe").load(running.settings.data_dir / "wechat.yml")
    found = [each[name] for each in configured for name in ("app_secret", "token", "aes_key")]
    with desk.reading() as session:
        found += session.scalars(select(User.openid)).all()
        found += session.scalars(select(Standing.value).where(Standing.value != "")).all()
    return found


def test_no_log_names_a_secret_or_a_shopper(running: Running, desk: Store, phone: Page) -> None:
    account = httpx.get(f"{running.settings.wechat_simulator}/simulator/accounts").json()[0]["id"]
    faults = f"{running.settings.wechat_simulator}/simulator/faults"
    for fault in FAULTS:
        httpx.post(faults, json={"path": SEND, "times": 3, **fault}).raise_for_status()
    write_to_a_person(phone, "我的电话13812345678")
    write_to_a_person(phone, "转人工")
    logs = running.settings.data_dir / "logs"
    deadline = time.monotonic() + 30
    while (logs / "worker.log").read_text().count("wechat.call_failed") < len(FAULTS):
        assert time.monotonic() < deadline, "the faults were not met"
        write_to_a_person(phone, "在吗")  # what may not be sent waits for her
        phone.wait_for_timeout(1000)
    httpx.delete(faults)
    front = f"{running.settings.front}/wechat/{account}"
    openid = phone.evaluate("sessionStorage.getItem('openid')")
    assert httpx.post(front, params={"openid": openid, "signature": "x"}, content="<xml/>").status_code >= 400
    secrets = [*secrets_of(running, desk), "13812345678"]
    assert openid in secrets and len(secrets) >= 6
    told = "\n".join(log.read_text(errors="replace") for log in logs.glob("*.log*"))
    assert [secret for secret in secrets if secret in told] == []
