"""What the widget shows of people at work: tickets, the queue, a rating that an agent asks for."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bot.handoff import agents

from .shop_page import AGENT, AGENT_NAME, Shop, messages, opened, part, say

TICKET = {
    "kind": "ticket",
    "ticket_no": "T100023",
    "ticket_id": 23,
    "title": "签收了没收到 <b>急</b>",
    "status": "in_progress",
    "status_text": "处理中",
    "due_at": "2026-11-20T10:00:00+00:00",
    "updated_at": "2026-11-19T16:30:00+00:00",
}
RESOLVED = {**TICKET, "ticket_no": "T100022", "status": "resolved", "status_text": "已解决", "due_at": None}
REOPEN = {"title": "还没解决", "payload": "guitai:reopen_ticket:22"}


@pytest.fixture
def page(shop: Shop, context: Callable[..., BrowserContext]) -> Page:
    return opened(shop.url, context(locale="zh-CN"))


def ask(shop: Shop, page: Page, question: str, **reply: Any) -> None:
    """Say ``question``, which the bot answers so."""
    understanding = {"intent": "ticket_status", "confidence": 0.9, "ranking": [], "entities": []}
    body = {"replies": [reply], "understanding": understanding, "handoff": None, "model": "m"}
    shop.engine.body = json.dumps(body).encode()
    say(page, question)
    expect(messages(page, "bot")).to_have_count(1)
    shop.engine.body = None


def choice(page: Page, title: str) -> Locator:
    return part(page, "choice").filter(has_text=title).last


def test_tickets_are_cards(shop: Shop, page: Page) -> None:
    ask(shop, page, "我的工单呢", text="您有 2 个工单", cards=[TICKET, RESOLVED])
    first, second = part(page, "card").first, part(page, "card").nth(1)
    expect(first).to_have_attribute("data-kind", "ticket")
    expect(first).to_contain_text("工单 T100023处理中签收了没收到 <b>急</b>")
    expect(first).to_contain_text("处理时限11月20日 18:00更新时间11月20日 00:30")
    expect(second).to_contain_text("已解决")
    expect(second).not_to_contain_text("处理时限")


def test_what_the_service_offers_holds_until_it_is_taken(shop: Shop, page: Page) -> None:
    buttons = [REOPEN, {"title": "查订单", "payload": "/order_status"}]
    ask(shop, page, "T100022", text="处理好了", card=RESOLVED, buttons=buttons)
    expect(choice(page, "查订单")).to_be_enabled()
    say(page, "我先看看")
    expect(messages(page, "bot")).to_have_count(2)
    expect(choice(page, "查订单")).to_be_disabled()
    choice(page, "还没解决").click()
    expect(choice(page, "还没解决")).to_be_disabled()
    expect(messages(page, "shopper").last).to_contain_text("还没解决")


def test_the_queue_can_be_left_only_by_who_waits(shop: Shop, page: Page) -> None:
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    agents.come(shop.store, AGENT, AGENT_NAME, "busy")
    part(page, "human").click()
    expect(part(page, "banner")).to_have_text("正在排队，下一位就是您")
    leave = choice(page, "不等了")
    expect(leave).to_be_enabled()
    shop.store.take(shop.conversation(page), AGENT, AGENT_NAME)
    expect(leave).to_be_disabled()
    expect(part(page, "banner")).to_be_hidden()


def test_an_agent_asks_for_a_rating_and_goes_on(shop: Shop, page: Page) -> None:
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    conversation = shop.serve(page)
    shop.store.ask_rating(conversation, AGENT)
    expect(part(page, "rating")).to_contain_text("小王的服务，您还满意吗？")
    page.get_by_role("radio", name="5 星").check(force=True)
    part(page, "submit").click()
    expect(part(page, "rating")).to_contain_text("谢谢您的评价！")
    say(page, "还有一件事")
    shop.say(conversation, "您请说")
    expect(messages(page, "agent")).to_have_count(2)
    expect(part(page, "human")).to_have_text("结束服务")
    state = shop.store.state(conversation)
    assert state.owner == "agent" and state.rating and state.rating["score"] == 5
