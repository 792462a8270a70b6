"""The main job in two real browsers: the bot answers, gives up, a human is given it and hands it back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bot.conversations.store import Store
from tests.offices import sign_in
from tests.stack import Running


def widget(page: Page, part: str) -> Locator:
    return page.locator(f"#guitai-widget [part~={part}]")


def say(page: Page, text: str) -> None:
    widget(page, "input").fill(text)
    widget(page, "send").click()


def said(page: Page, sender: str) -> Locator:
    return page.locator(f"#guitai-widget [part~=message][data-from={sender}]")


def open_widget(running: Running, page: Page, customer: str) -> None:
    page.goto(f"{running.settings.shop}/?customer={customer}")
    widget(page, "launcher").click()
    expect(widget(page, "input")).to_be_visible()


def open_desk(running: Running, page: Page, name: str) -> None:
    page.goto(f"{running.settings.office}/desk")
    sign_in(page, name, running.password(name))
    expect(page.get_by_test_id("desk")).to_be_visible()


def begin_shift(page: Page) -> None:
    page.get_by_test_id("shift-start").click()
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "online")


def choose_presence(page: Page, presence: str) -> None:
    page.get_by_test_id("presence").click()
    page.get_by_test_id(f"presence-{presence}").click()


@pytest.mark.timeout(180)
def test_from_the_bot_to_a_human_and_back(
    running: Running, desk: Store, context: Callable[..., BrowserContext]
) -> None:
    shopper, agent = context().new_page(), context().new_page()
    order = next(o for o in running.orders("c1001") if o["status"] == "shipped")
    (parcel,) = running.parcels("c1001", order["no"])

    open_widget(running, shopper, "c1001")
    say(shopper, "我的快递到哪了")
    expect(said(shopper, "bot").last).to_contain_text(parcel["tracking_no"])
    expect(widget(shopper, "card").last).to_contain_text(parcel["courier"])

    say(shopper, "帮我写一首关于秋天的诗")
    expect(widget(shopper, "choice").filter(has_text="转人工").last).to_be_visible()
    say(shopper, "那明天北京天气怎么样")
    expect(said(shopper, "system").last).to_contain_text("位")

    open_desk(running, agent, "xiaowang")
    agent.get_by_test_id("tab-mine").click()
    expect(agent.get_by_test_id("conversation-row")).to_have_count(0)
    begin_shift(agent)
    expect(said(shopper, "system").last).to_contain_text("小王")
    agent.get_by_test_id("conversation-row").filter(has_text="那明天北京天气怎么样").click()
    expect(agent.get_by_test_id("packet")).to_contain_text(order["no"])
    expect(agent.get_by_test_id("orders")).to_contain_text(order["items"][0]["name"])

    agent.get_by_test_id("composer").fill("您好，我是小王，诗不会写，别的都可以帮您")
    agent.get_by_test_id("send").click()
    expect(said(shopper, "agent").last).to_contain_text("我是小王")
    say(shopper, "哈哈那我没别的事了")
    expect(agent.get_by_test_id("message").last).to_contain_text("没别的事了")
    shopper.wait_for_timeout(1500)
    expect(said(shopper, "bot").last).not_to_contain_text("没别的事")
    assert said(shopper, "shopper").last.get_attribute("data-seq") == last_seq(shopper), "the bot is silent"

    agent.get_by_test_id("hand-back").click()
    agent.get_by_test_id("confirm").click()
    expect(said(shopper, "system").last).to_contain_text("智能助手")
    say(shopper, "多少钱包邮")
    expect(said(shopper, "bot").last).to_contain_text("59")
    choose_presence(agent, "offline")
    expect(agent.get_by_test_id("shift-start")).to_be_visible()


def last_seq(page: Page) -> str | None:
    return page.locator("#guitai-widget [part~=message]").last.get_attribute("data-seq")


def test_a_service_that_ended_is_rated(
    running: Running, desk: Store, context: Callable[..., BrowserContext]
) -> None:
    shopper, agent = context().new_page(), context().new_page()
    open_desk(running, agent, "xiaowang")
    begin_shift(agent)
    choose_presence(agent, "busy")  # so that she picks herself
    open_widget(running, shopper, "c1003")
    widget(shopper, "human").click()
    expect(said(shopper, "system").last).to_contain_text("位")
    agent.get_by_test_id("tab-queue").click()
    agent.get_by_test_id("conversation-row").filter(has_text="王思琪").last.click()
    agent.get_by_test_id("take").click()
    expect(widget(shopper, "human")).to_have_text("结束服务")
    agent.get_by_test_id("composer").fill("您好，我是小王")
    agent.get_by_test_id("send").click()
    expect(said(shopper, "agent")).to_have_count(1)
    agent.get_by_test_id("close").click()
    agent.get_by_test_id("confirm").click()
    expect(widget(shopper, "rating")).to_contain_text("小王的服务，您还满意吗？")
    shopper.get_by_role("radio", name="5 星，非常满意").check(force=True)
    widget(shopper, "comment").fill("很耐心")
    widget(shopper, "submit").click()
    expect(widget(shopper, "rating")).to_contain_text("谢谢您的评价！")
    shopper.reload()
    widget(shopper, "launcher").click()
    expect(widget(shopper, "rating")).to_contain_text("很耐心")


def test_the_widget_survives_a_front_that_dies(
    running: Running, context: Callable[..., BrowserContext]
) -> None:
    page = context().new_page()
    open_widget(running, page, "c1004")
    say(page, "多少钱包邮")
    expect(said(page, "bot")).to_have_count(1)
    running.process("front").kill()
    say(page, "退货运费谁出")
    expect(said(page, "bot")).to_have_count(2, timeout=60_000)
    expect(said(page, "shopper")).to_have_count(2)
    seqs = [m.get_attribute("data-seq") for m in page.locator("#guitai-widget [part~=message]").all()]
    assert len(seqs) == len(set(seqs)), "a message is shown twice"
    page.reload()
    expect(said(page, "bot")).to_have_count(2)
