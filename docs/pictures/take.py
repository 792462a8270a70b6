"""Takes the README's pictures of a running stack: ``make pictures``."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser import chromium_browser
from tests.conversations.test_story import open_desk, open_widget, said, say, widget
from tests.stack import Running, running_stack

HERE = Path(__file__).parent
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def main() -> None:
    """Write demo.png, widget-phone.png, return-phone.png, desk.png and desk-phone.png."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder)) as running,
        chromium_browser() as browser,
    ):
        shopper = _page(browser, WIDE)
        open_widget(running, shopper, "c1001")
        say(shopper, "我的快递到哪了")
        widget(shopper, "card").last.wait_for()
        _settle(shopper, "demo")
        _phone_widget(running, browser)
        _return(running, browser)
        say(shopper, "帮我写一首关于秋天的诗")
        widget(shopper, "choice").filter(has_text="转人工").last.wait_for()
        say(shopper, "那明天北京天气怎么样")
        said(shopper, "system").last.wait_for()
        _desk(running, browser, shopper)


def _phone_widget(running: Running, browser: Browser) -> None:
    page = _page(browser, PHONE, has_touch=True, is_mobile=True)
    open_widget(running, page, "c1002")
    say(page, "退货运费谁出")
    said(page, "bot").last.wait_for()
    say(page, "帮我查一下订单")
    widget(page, "card").last.wait_for()
    _settle(page, "widget-phone")


def _return(running: Running, browser: Browser) -> None:
    page = _page(browser, PHONE, has_touch=True, is_mobile=True)
    open_widget(running, page, "c1005")
    say(page, "昨天收到的羽绒服太小了，想退")
    widget(page, "choice").filter(has_text="确认提交").last.click()
    widget(page, "card").last.wait_for()
    _settle(page, "return-phone")


def _desk(running: Running, browser: Browser, shopper: Page) -> None:
    agent = _page(browser, WIDE)
    open_desk(running, agent, "xiaowang")
    agent.get_by_test_id("tab-queue").click()
    agent.get_by_test_id("conversation-row").first.click()
    agent.get_by_test_id("take").click()
    agent.get_by_test_id("composer").fill("您好，我是小王，您的跑鞋明天就能送到啦")
    agent.get_by_test_id("send").click()
    said(shopper, "agent").last.wait_for()
    say(shopper, "太好了，谢谢！")
    agent.get_by_test_id("message").filter(has_text="太好了").wait_for()
    _settle(agent, "desk")
    narrow = _page(browser, PHONE, has_touch=True, is_mobile=True)
    open_desk(running, narrow, "xiaowang")
    narrow.get_by_test_id("tab-mine").click()
    narrow.get_by_test_id("conversation-row").first.click()
    narrow.get_by_test_id("message").last.wait_for()
    _settle(narrow, "desk-phone")


def _page(browser: Browser, viewport: dict[str, int], **options: bool) -> Page:
    context = browser.new_context(viewport=viewport, locale="zh-CN", **options)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    return context.new_page()


def _settle(page: Page, name: str) -> None:
    page.wait_for_timeout(1200)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
