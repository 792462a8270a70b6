"""The left column: the shift, what arrives by itself, what is unread and due, the search and the keys."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from bot.conversations import audits
from bot.conversations.store import Store
from bot.desk.board import AT_LEAST_EVERY
from bot.handoff import agents, assignment

from .conftest import Office
from .working import account, row, set_back, shift, wanted


@pytest.fixture
def store(office: Office) -> Iterator[Store]:
    with shift(office) as store:
        yield store


def begin(page: Page) -> None:
    page.get_by_test_id("shift-start").click()
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "online")


def choose_presence(page: Page, presence: str) -> None:
    page.get_by_test_id("presence").click()
    page.get_by_test_id(f"presence-{presence}").click()


def test_a_shift_from_its_start_to_its_end(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    page = sign_in("xiaowang")
    begin(page)
    page.get_by_test_id("tab-mine").click()
    expect(page.get_by_test_id("rows-empty")).to_contain_text("手上没有会话")

    conversation = wanted(store)
    assert assignment.assign(store)
    expect(row(page, conversation).get_by_test_id("unread")).to_have_text("1")
    expect(page.get_by_test_id("load")).to_have_text("1/5")
    page.wait_for_function("alerts.rung.length > 0")
    assert page.evaluate("alerts.rung") == [f"new:{conversation}"]

    row(page, conversation).click()
    expect(row(page, conversation).get_by_test_id("unread")).to_have_count(0)
    store.say(conversation, account(office, "小王"), "小王", "您好", "k1")
    page.goto(f"{office.url}/desk")
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "online")
    expect(row(page, conversation)).to_contain_text("客服：您好")
    store.receive(conversation, "m1", "还在吗")
    store.receive(conversation, "m2", "喂")
    expect(row(page, conversation).get_by_test_id("unread")).to_have_text("2")
    page.reload()
    expect(row(page, conversation).get_by_test_id("unread")).to_have_text("2")

    choose_presence(page, "offline")
    expect(page.get_by_text("手上的会话怎么安排？")).to_be_visible()
    page.get_by_test_id("option-finish").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "busy")
    choose_presence(page, "offline")
    page.get_by_test_id("option-queue").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("shift-start")).to_be_visible()
    assert store.conversation(conversation).owner == "queue"
    assert {"presence"} <= {each.action for each in audits.latest(store, 20)}


def test_deadlines_are_told_by_colour_in_the_order_of_the_queue(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    agents.come(store, account(office, "小李"), "小李", "busy")
    calm, late, warned = wanted(store), wanted(store), wanted(store)
    set_back(store, warned, 40)
    set_back(store, late, 600)
    page = sign_in("xiaowang")
    for conversation, colour in ((calm, "no"), (warned, "yes"), (late, "very")):
        expect(row(page, conversation).locator("wait-time")).to_have_attribute("data-late", colour)
    order = page.get_by_test_id("conversation-row").evaluate_all(
        "rows => rows.map(r => r.dataset.conversation)"
    )
    assert [each for each in order if each in (calm, late, warned)] == [late, warned, calm]
    expect(row(page, calm)).to_contain_text("投诉")

    other = wanted(store, "转人工", "asked_for_human")
    page.get_by_test_id("queue-filter").get_by_text("综合").click()
    expect(row(page, other)).to_be_visible()
    expect(row(page, calm)).to_have_count(0)


def test_signing_out_asks_what_becomes_of_open_chats(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    page, colleague = sign_in("xiaoli"), account(office, "小王")
    agents.come(store, colleague, "小王")
    begin(page)
    conversation = wanted(store)
    store.take(conversation, account(office, "小李"), "小李")
    page.get_by_test_id("tab-mine").click()
    expect(row(page, conversation)).to_be_visible()
    page.get_by_test_id("sign-out").click()
    page.get_by_test_id(f"option-{colleague}").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(f"{office.url}/sign-in")
    assert store.conversation(conversation).owner == f"agent:{colleague}"
    presences = {agent.name: agent.presence for agent in agents.all(store)}
    assert presences["小李"] == "offline"


def test_who_touches_nothing_is_away_and_comes_back_by_one_click(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    page = sign_in("xiaowang")
    begin(page)
    page.evaluate("lists.touched = 0; localStorage.removeItem('desk.touched'); lists.lookIdle()")
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "away")
    expect(page.get_by_test_id("strip")).to_contain_text("已自动设为离开")
    page.get_by_test_id("i-am-back").click()
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "online")
    expect(page.get_by_test_id("strip")).to_be_hidden()
    # A supervisor may send her home, from another office too; she is told when the board is read next.
    agents.force_offline(store, account(office, "小王"), account(office, "主管"))
    expect(page.get_by_text("您现在是下班状态")).to_be_visible(timeout=3000 * AT_LEAST_EVERY)


def test_a_conversation_is_found_by_its_words_without_the_mouse(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    agents.come(store, account(office, "小李"), "小李", "busy")
    conversation = wanted(store, "蓝色雪地靴内里掉毛")
    page = sign_in("xiaowang")
    page.keyboard.press("Control+k")
    page.get_by_test_id("search-words").fill("从来没有人说过")
    expect(page.get_by_test_id("search-told")).to_contain_text("没有找到")
    page.get_by_test_id("search-words").fill("雪地靴")
    expect(page.get_by_test_id("search-hit")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("chat-name")).to_have_text(store.conversation(conversation).customer_name)
    found = next(each for each in audits.latest(store) if each.action == "search")
    assert found.detail == {"found": 1}


def test_keys_walk_through_the_lists(office: Office, store: Store, sign_in: Callable[[str], Page]) -> None:
    agents.come(store, account(office, "小李"), "小李", "busy")
    first, second = wanted(store), wanted(store)
    page = sign_in("xiaowang")
    expect(row(page, second)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_test_id("key-sheet")).to_contain_text("下一个会话")
    page.keyboard.press("Escape")
    expect(page.locator(".q-dialog")).to_have_count(0)
    page.keyboard.press("j")
    expect(row(page, first).locator("button")).to_have_attribute("aria-current", "true")
    page.keyboard.press("Alt+ArrowDown")
    expect(row(page, second).locator("button")).to_have_attribute("aria-current", "true")
    page.keyboard.press("Alt+Shift+4")
    expect(page.get_by_test_id("tickets-empty")).to_be_visible()
