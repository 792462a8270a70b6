"""The simulated phone in a browser: one account after the other."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.channels.wechat.simulator.app import create_app
from bot.channels.wechat.simulator.kf import Corp
from bot.channels.wechat.simulator.servers import WeChat
from bot.channels.wechat.simulator.world import Account, MiniProgram, Shown
from tests.servers import serving

from .simulated import AES_KEY, SECRET


def accounts() -> list[Account]:
    """One of each kind, whose callbacks go nowhere."""
    given = [("gh_1", Account), ("gh_2", MiniProgram), ("gh_3", Corp)]
    return [
        kind(id, f"wx{id[-1] * 16}", SECRET, "geheim", AES_KEY, "http://127.0.0.1:9/", name="柜台小铺")
        for id, kind in given
    ]


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="消息").fill(text)
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".row[data-from=me] .bubble").last).to_have_text(text)


@pytest.mark.parametrize("width", [1280, 390])
def test_each_account_has_a_chat_of_its_own(context: Callable[..., BrowserContext], width: int) -> None:
    known = accounts()
    with serving(create_app(WeChat(known))) as url:
        page = context().new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(url)

        def choose(kind: str) -> None:
            if width < 820:
                page.get_by_role("button", name="换一个账号").click()
            page.get_by_role("button", name=kind, exact=True).click()

        say(page, "在公众号")
        choose("小程序")
        expect(page.locator(".row[data-from=me]")).to_have_count(0)
        say(page, "在小程序")
        assert page.get_by_role("button", name="切换菜单").is_hidden()
        choose("微信客服")
        expect(page.locator(".row[data-from=me]")).to_have_count(0)
        say(page, "在微信客服")
        choose("公众号")
        expect(page.locator(".row[data-from=me]")).to_have_text(["我在公众号"])
        page.reload()
        expect(page.locator(".row[data-from=me] .bubble")).to_have_text(["在公众号"])
        shown = [bubble.message["text"]["content"] for each in known for bubble in phone(each) if bubble.mine]
        assert shown == ["在公众号", "在小程序", "在微信客服"]
        if width < 820:
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def phone(account: Account) -> list[Shown]:
    (follower,) = account.followers.values()
    return follower.screen


def test_one_account_is_no_choice(context: Callable[..., BrowserContext]) -> None:
    with serving(create_app(WeChat(accounts()[:1]))) as url:
        page = context().new_page()
        page.goto(url)
        say(page, "你好")
        assert page.get_by_role("button", name="公众号").count() == 0
