"""The widget through what pages and networks do to it, in a real browser with the real front."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import jwt
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .shop_page import AGENT, Shop, messages, opened, part, say

Contexts = Callable[..., BrowserContext]


@pytest.fixture
def page(shop: Shop, context: Contexts) -> Page:
    page = opened(shop.url, context())
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    return page


@pytest.fixture
def restarted(shop: Shop) -> Iterator[None]:
    yield
    shop.stop()
    shop.start()


def shown(page: Page) -> list[str]:
    """What the log says, in its order."""
    return [str(text) for text in messages(page).locator("[part~=bubble]").all_inner_texts()]


def stored(shop: Shop, page: Page) -> list[str]:
    return [m.text or "" for m in shop.store.messages(shop.conversation(page), limit=200)]


def test_a_front_that_is_restarted_loses_and_doubles_nothing(shop: Shop, page: Page, restarted: None) -> None:
    conversation = shop.serve(page)
    expect(messages(page, "agent")).to_have_count(1)
    shop.stop()
    say(page, "断开时写的一")
    say(page, "断开时写的二")
    expect(part(page, "status").filter(has_text="未发送")).to_have_count(2)
    expect(part(page, "banner")).to_contain_text("重新连接")
    shop.say(conversation, "您断开时我也写了")
    shop.start()
    expect(part(page, "banner")).to_be_hidden(timeout=15_000)
    expect(messages(page, "agent")).to_have_count(2)
    expect(messages(page, "shopper").and_(page.locator("[data-state=sent]"))).to_have_count(3)
    assert shown(page) == stored(shop, page)
    assert shown(page)[-3:] == ["您断开时我也写了", "断开时写的一", "断开时写的二"]


def test_what_was_written_offline_is_sent_afterwards_also_after_a_reload(shop: Shop, page: Page) -> None:
    page.context.set_offline(True)
    say(page, "离线时写的")
    expect(part(page, "status").last).to_contain_text("未发送")
    expect(part(page, "banner")).to_contain_text("网络已断开")
    page.context.set_offline(False)
    expect(page.get_by_text("回答 离线时写的")).to_be_visible()
    expect(part(page, "banner")).to_be_hidden()

    page.route("**/api/chat/messages", lambda route: route.abort())
    say(page, "刷新前写的")
    expect(part(page, "status").last).to_contain_text("未发送")
    page.unroute("**/api/chat/messages")
    page.reload()
    part(page, "launcher").click()
    part(page, "retry").click()
    expect(page.get_by_text("回答 刷新前写的")).to_be_visible()
    assert shown(page) == stored(shop, page)


def test_two_tabs_show_the_same_and_send_each_message_once(shop: Shop, page: Page) -> None:
    other = opened(shop.url, page.context)
    expect(messages(other)).to_have_count(2)
    say(page, "在第一个标签页写的")
    expect(messages(other, "shopper").last).to_contain_text("在第一个标签页写的")
    say(other, "在第二个标签页写的")
    expect(messages(page, "shopper").last).to_contain_text("在第二个标签页写的")
    expect(messages(page, "bot")).to_have_count(3)

    page.route("**/api/chat/messages", lambda route: route.abort())
    say(page, "没发出去的")
    expect(part(page, "retry")).to_be_visible()
    say(other, "在第二个标签页接着写")
    expect(messages(other, "bot")).to_have_count(4)
    third = opened(shop.url, page.context)
    expect(part(third, "retry")).to_be_visible()
    page.unroute("**/api/chat/messages")
    for tab in (page, third):
        part(tab, "retry").evaluate("button => { setTimeout(() => button.click(), 500) }")
    for tab in (page, other, third):
        expect(messages(tab, "bot")).to_have_count(5)
        expect(messages(tab, "shopper").filter(has_text="没发出去的")).to_have_count(1)
        expect(part(tab, "retry")).to_have_count(0)
        assert shown(tab) == stored(shop, page)
    other.reload()
    part(other, "launcher").click()
    expect(messages(other, "bot")).to_have_count(5)
    expect(part(other, "retry")).to_have_count(0)


def test_what_one_tab_has_read_is_read_in_the_other(shop: Shop, page: Page) -> None:
    shut = page.context.new_page()
    shut.goto(shop.url)
    page.bring_to_front()
    expect(part(shut, "badge")).to_be_hidden()
    part(page, "close").click()
    shop.serve(page)
    expect(part(page, "badge")).to_have_text("1")
    expect(part(page, "launcher")).to_have_accessible_name("打开客服聊天 · 1 条未读消息")
    shut.bring_to_front()
    expect(part(shut, "badge")).to_have_text("1")
    page.bring_to_front()
    part(page, "launcher").click()
    expect(part(page, "badge")).to_be_hidden()
    expect(part(shut, "badge")).to_be_hidden()


def test_a_conversation_begun_in_one_tab_is_the_other_tabs_too(shop: Shop, context: Contexts) -> None:
    shopper = context()
    waiting = shopper.new_page()
    waiting.goto(shop.url)
    page = opened(shop.url, shopper)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    part(waiting, "launcher").click()
    expect(messages(waiting)).to_have_count(2)


def test_a_token_that_is_no_longer_taken_begins_anew_and_loses_no_words(shop: Shop, page: Page) -> None:
    page.evaluate(
        """key => {
            const saved = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({ ...saved, token: "eyJhbGciOiJIUzI1NiJ9.e30.x" }));
        }""",
        f"guitai:{shop.front}:anonymous",
    )
    page.reload()
    part(page, "launcher").click()
    say(page, "还在吗")
    expect(page.get_by_text("回答 还在吗")).to_be_visible()
    expect(messages(page)).to_have_count(2)


def test_a_visitor_who_signs_in_keeps_her_conversation_and_a_customer_her_own(shop: Shop, page: Page) -> None:
    def as_customer(id: str) -> None:
        claims = {"sub": id, "name": "林女士", "aud": "chat", "exp": int(time.time()) + 60}
        token = jwt.encode(claims, shop.settings.customer_secret, "HS256")
        page.goto(shop.page(f"<!doctype html><title>店</title>{shop.tag(**{'customer-token': token})}"))
        part(page, "launcher").click()
        expect(part(page, "banner")).to_be_hidden()

    conversation = shop.conversation(page)
    as_customer("c1")
    expect(messages(page)).to_have_count(2)
    say(page, "我登录了")
    expect(page.get_by_text("回答 我登录了")).to_be_visible()
    assert shop.store.conversation(conversation).customer_id == "c1"
    page.goto(shop.url)
    part(page, "launcher").click()
    expect(part(page, "empty")).to_be_visible()
    say(page, "我退出了")
    expect(messages(page, "bot")).to_have_count(1)
    as_customer("c1")
    expect(messages(page)).to_have_count(4)


def test_it_works_where_storage_is_forbidden(shop: Shop, context: Contexts) -> None:
    shopper = context()
    shopper.add_init_script("""for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });""")
    page = opened(shop.url, shopper)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)


def test_a_page_that_was_put_aside_catches_up(shop: Shop, page: Page) -> None:
    conversation = shop.serve(page)
    expect(messages(page, "agent")).to_have_count(1)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    shop.say(conversation, "您走开时写的")
    page.wait_for_timeout(1500)
    expect(messages(page, "agent")).to_have_count(1)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(messages(page, "agent")).to_have_count(2)
    assert shown(page) == stored(shop, page)


def test_a_computer_that_slept_asks_for_a_new_stream(shop: Shop, context: Contexts) -> None:
    shopper = context()
    slept = "(() => { const now = Date.now; Date.now = () => now() + (window.slept || 0); })()"
    shopper.add_init_script(slept)
    page = opened(shop.url, shopper)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    with page.expect_request("**/api/chat/stream*") as again:
        page.evaluate("window.slept = 3600e3")
    assert again.value.url.endswith("after=2"), "it goes on where it was"
    shop.serve(page)
    expect(messages(page, "agent")).to_have_count(1)
    expect(part(page, "banner")).to_be_hidden()


def test_a_long_conversation_opens_by_its_end(shop: Shop, page: Page) -> None:
    conversation = shop.conversation(page)
    last = shop.store.conversation(conversation).last_seq
    path = shop.settings.database.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(message)")]
        columns = [c for c in columns if c not in ("id", "seq", "text", "client_id")]
        names = ", ".join(columns)
        database.executemany(
            f"INSERT INTO message (seq, text, {names}) SELECT ?, ?, {names} FROM message"
            " WHERE conversation_id = ? AND seq = 2",
            [(seq, f"第 {seq} 条", conversation) for seq in range(last + 1, 2000)],
        )
        database.execute("UPDATE conversation SET last_seq = 1999 WHERE id = ?", [conversation])
    shop.store.ask_human(conversation)
    shop.store.take(conversation, AGENT, "小王")
    shop.say(conversation, "长" * 2000)
    with page.expect_response("**/api/chat/messages*") as history:
        page.reload()
    part(page, "launcher").click()
    expect(messages(page, "agent")).to_be_in_viewport()
    assert len(history.value.json()["items"]) == 50
    expect(messages(page)).to_have_count(50)
    log = part(page, "log")
    assert log.evaluate("log => log.scrollWidth <= log.clientWidth")
    part(page, "earlier").click()
    expect(messages(page)).to_have_count(100)


def test_where_an_older_backup_was_restored_it_shows_what_is_there(
    shop: Shop, page: Page, restarted: None
) -> None:
    say(page, "备份之后说的")
    expect(messages(page, "bot")).to_have_count(2)
    conversation = shop.conversation(page)
    shop.stop()
    with closing(sqlite3.connect(shop.settings.data_dir / "guitai.db")) as log, log:
        log.execute("DELETE FROM message WHERE conversation_id = ? AND seq > 2", [conversation])
        log.execute("UPDATE conversation SET last_seq = 2 WHERE id = ?", [conversation])
    shop.start()
    expect(messages(page)).to_have_count(2, timeout=15_000)
    say(page, "恢复之后说的")
    expect(messages(page, "bot")).to_have_count(2)
    assert shown(page) == stored(shop, page)
