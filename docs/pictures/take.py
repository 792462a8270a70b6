"""Takes the pictures of README and guide of a running stack: ``make pictures``."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from bot.conversations import ownership
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff import agents
from docs.pictures.taking import DESK, PHONE, new_page, new_phone, take
from tests.browser import chromium_browser
from tests.conversations import test_wechat as wechat
from tests.conversations.test_story import (
    begin_shift,
    choose_presence,
    open_desk,
    open_widget,
    said,
    say,
    widget,
)
from tests.desk.working import set_back
from tests.stack import Running, running_stack

SHOP = ViewportSize(width=1280, height=800)


def main() -> None:
    """Write demo.png, widget-*.png, return-phone.png, desk.png, desk-*.png and wechat*.png."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), staffed=False) as running,
        chromium_browser() as browser,
    ):
        _demo(running, browser)
        _phone_widget(running, browser)
        _return(running, browser)
        waits = _message_taken(running, browser)
        agent, shopper = _busy_desk(running, browser)
        _agent(running, browser, agent, shopper)
        _supervisor(running, browser)
        _ticket(agent, waits)
        _wechat(running, browser, agent)


# -- the widget -----------------------------------------------------------------------------------------


def _demo(running: Running, browser: Browser) -> None:
    page = new_page(browser, SHOP)
    open_widget(running, page, "c1001")
    say(page, "我的快递到哪了")
    widget(page, "card").last.wait_for()
    take(page, "demo")


def _phone_widget(running: Running, browser: Browser) -> None:
    page = new_phone(browser)
    open_widget(running, page, "c1002")
    say(page, "退货运费谁出")
    said(page, "bot").last.wait_for()
    say(page, "帮我查一下订单")
    widget(page, "card").last.wait_for()
    take(page, "widget-phone")


def _return(running: Running, browser: Browser) -> None:
    page = new_phone(browser)
    open_widget(running, page, "c1005")
    say(page, "昨天收到的羽绒服太小了，想退")
    widget(page, "choice").filter(has_text="确认提交").last.click()
    widget(page, "card").last.wait_for()
    take(page, "return-phone")


def _message_taken(running: Running, browser: Browser) -> Page:
    """A shopper who wants a person while nobody is there."""
    page = new_phone(browser)
    open_widget(running, page, "c1006")
    say(page, "快递五天没动了，是不是丢了")
    said(page, "bot").last.wait_for()
    say(page, "转人工")
    said(page, "system").last.wait_for()
    return page


# -- the desk -------------------------------------------------------------------------------------------


def _busy_desk(running: Running, browser: Browser) -> tuple[Page, Page]:
    """小王 and 小李 have their hands full and more wait: 小王's page, and the shopper of her open chat."""
    store = Store(connect(running.settings.database))
    agent = new_page(browser, DESK)
    open_desk(running, agent, "xiaowang")
    begin_shift(agent)
    shopper = new_page(browser, PHONE)
    open_widget(running, shopper, "c1003")
    say(shopper, "我的订单发货了吗")
    said(shopper, "bot").last.wait_for()
    say(shopper, "转人工")
    said(shopper, "system").filter(has_text="小王").wait_for()
    coupon = ("优惠券怎么用不了", "是满 599 减 60 的那张")
    refund = ("我的退款到哪了", "当时是用零钱付的，退到哪里？")
    locker = ("我的快递到哪了", "能不能帮我放快递柜")
    _come(running, store, "小王", 4, c1010=coupon, c1007=refund, c1001=locker)
    second = new_page(browser, DESK)
    open_desk(running, second, "xiaoli")
    begin_shift(second)
    shoes, parcel = ("推荐一双跑鞋", "平时穿 42，要买大一码吗？"), ("我的快递到哪了", "另一个包裹在哪里")
    _come(running, store, "小李", 2, c1008=shoes, c1009=parcel)
    _wait(running, store, "c1004", 40, "我的快递到哪了", "转人工", "今天能在下班前送到吗，急用！")
    _wait(running, store, "c1002", 75, "太离谱了，说好昨天到的，气死我了，我要投诉")
    agent.get_by_test_id("tab-mine").click()
    agent.get_by_test_id("conversation-row").filter(has_text="王思琪").click()
    return agent, shopper


def _come(running: Running, store: Store, name: str, capacity: int, **shoppers: tuple[str, str]) -> None:
    """They ask, want a person, and are given to the agent of this name, who then has no room."""
    agent = _seat(store, name, capacity)
    for customer, (topic, words) in shoppers.items():
        shopper = running.shopper(customer)
        shopper.say(topic)
        shopper.say("转人工")
        while store.conversation(shopper.conversation).owner != ownership.agent(agent):
            time.sleep(0.1)
        shopper.send(words)


def _seat(store: Store, name: str, capacity: int) -> int:
    """Let the agent of this name serve so many at once; her id."""
    agent = next(one.id for one in agents.all(store) if one.name == name)
    agents.configure(store, agent, capacity=capacity)
    return agent


def _wait(running: Running, store: Store, customer: str, seconds: int, *words: str) -> None:
    """She waits in the queue, for so long already."""
    shopper = running.shopper(customer)
    for each in words:
        shopper.say(each)
    set_back(store, shopper.conversation, seconds)


def _agent(running: Running, browser: Browser, page: Page, shopper: Page) -> None:
    composer = page.get_by_test_id("composer")
    composer.fill("您好，我是小王，前面的聊天我都看到了。这单还没发货，我随时可以帮您处理。")
    composer.press("Enter")
    page.get_by_test_id("mode-note").click()
    composer.fill("上次也是等发货等急了，优先处理。")
    composer.press("Enter")
    page.get_by_test_id("mode-reply").click()
    said(shopper, "agent").last.wait_for()
    say(shopper, "那帮我取消吧，退款多久能到账？")
    page.get_by_test_id("suggestion-1").wait_for()
    take(page, "desk")
    composer.press_sequentially("/t")
    page.get_by_test_id("canned-option").first.wait_for()
    take(page, "desk-canned")
    composer.press("Escape")
    composer.fill("")
    for name, options in (("desk-phone", PHONE), ("desk-dark", SHOP)):
        other = new_phone(browser) if options is PHONE else new_page(browser, SHOP, color_scheme="dark")
        open_desk(running, other, "xiaowang")
        other.get_by_test_id("tab-mine").click()
        other.get_by_test_id("conversation-row").filter(has_text="王思琪").click()
        other.get_by_test_id("message").last.wait_for()
        take(other, name)
        other.context.close()
    page.get_by_test_id("order-more").first.click()
    page.get_by_test_id("act-cancel").click()
    page.get_by_test_id("act-confirm").wait_for()
    take(page, "desk-action")
    page.get_by_test_id("act-confirm").click()
    page.get_by_test_id("act-close").click()


def _supervisor(running: Running, browser: Browser) -> None:
    page = new_page(browser, DESK)
    open_desk(running, page, "supervisor")
    page.get_by_test_id("to-live").click()
    page.get_by_test_id("live-row").first.wait_for()
    take(page, "desk-live")


def _ticket(agent: Page, shopper: Page) -> None:
    agent.get_by_test_id("tab-tickets").click()
    agent.get_by_test_id("tickets-open").click()
    agent.get_by_test_id("ticket-row").first.click()
    agent.get_by_test_id("ticket-set-owner").select_option(label="小王")
    agent.get_by_test_id("ticket-row").filter(has_text="小王").wait_for()
    agent.get_by_test_id("ticket-set-state").select_option("in_progress")
    widget(shopper, "card").filter(has_text="处理中").last.wait_for()
    agent.get_by_test_id("ticket-note").fill("快递公司已经找到包裹，今天下午重新派送。")
    agent.get_by_test_id("ticket-add").click()
    said(shopper, "system").filter(has_text="重新派送").wait_for()
    take(agent, "desk-ticket")
    take(shopper, "widget-ticket")


# -- WeChat ---------------------------------------------------------------------------------------------


def _wechat(running: Running, browser: Browser, agent: Page) -> None:
    """A phone on which a return is made; then the same conversation at the desk."""
    page = new_page(browser, SHOP)
    page.goto(running.settings.wechat_simulator)
    wechat.bubbles(page).first.wait_for()
    order = next(o for o in running.orders("c1005") if o["status"] == "completed")
    for words in ("查一下订单", order["no"], "9364", "怎么开发票"):
        wechat.write(page, words)
    page.locator("#toggle").click()
    take(page, "wechat")
    page.set_viewport_size(PHONE)
    take(page, "wechat-phone")
    choose_presence(agent, "online")
    _seat(Store(connect(running.settings.database)), "小王", 10)
    wechat.write(page, "转人工")
    wechat.bubbles(page).filter(has_text="来为您服务了").wait_for()
    wechat.write_to_a_person(page, "发票抬头写错了，能改吗")
    agent.get_by_test_id("tab-mine").click()
    agent.get_by_test_id("conversation-row").filter(has_text="发票抬头写错了").click()
    agent.get_by_test_id("composer").fill("您好，可以改的，麻烦把正确的抬头和税号发给我。")
    agent.get_by_test_id("composer").press("Enter")
    wechat.bubbles(page).filter(has_text="正确的抬头").wait_for()
    take(agent, "wechat-desk")


if __name__ == "__main__":
    main()
