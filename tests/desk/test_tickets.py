"""Tickets at the desk: what is due, what is told to the shopper, and what is not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from bot.conversations import audits, tickets
from bot.conversations.steps import Reply
from bot.conversations.store import Store

from .conftest import Office
from .test_desk import answered, said
from .working import account, shift


@pytest.fixture
def store(office: Office) -> Iterator[Store]:
    with shift(office) as store:
        for left in tickets.listed(store):
            tickets.change(store, left.id, 0, "", state="closed", tell=False)
        yield store


def test_a_ticket_is_followed_to_its_end(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    conversation = store.begin("web", None, "补货的顾客").id
    answered(store, conversation, "想换 42 码", Reply("好的"))
    me, now = account(office, "小王"), datetime.now(UTC)
    late = tickets.create(
        store, conversation, me, "小王", "换货等补货", "要 42 码", owner=me, due=now - timedelta(hours=2)
    )
    later = tickets.create(store, conversation, me, "小王", "发票抬头", due=now + timedelta(hours=3))
    store.end(conversation)

    page = sign_in("xiaowang")
    page.get_by_test_id("tab-tickets").click()
    rows = page.get_by_test_id("ticket-row")
    expect(rows).to_have_count(1)
    expect(rows.locator("due-time")).to_have_attribute("data-late", "very")
    page.get_by_test_id("tickets-open").click()
    numbers = [tickets.number(late), tickets.number(later)]
    expect(rows).to_have_count(2)
    assert rows.evaluate_all("rows => rows.map(r => r.dataset.ticket)") == numbers

    rows.first.click()
    expect(page.get_by_test_id("ticket-facts")).to_contain_text("补货的顾客")
    page.get_by_test_id("ticket-set-state").select_option("in_progress")
    expect(page.get_by_test_id("ticket-state")).to_have_text("处理中")
    page.get_by_test_id("ticket-note").fill("仓库说周三到")
    page.get_by_test_id("ticket-tell").uncheck()
    page.get_by_test_id("ticket-add").click()
    expect(page.get_by_test_id("ticket-history")).to_contain_text("仅内部可见")
    expect(page.get_by_test_id("ticket-note")).to_have_value("")
    page.get_by_test_id("ticket-note").fill("周三就能给您发出")
    page.get_by_test_id("ticket-add").click()
    expect(page.get_by_test_id("ticket-history")).to_contain_text("已告诉顾客")
    heard = " ".join(message.text or "" for message in store.messages(conversation))
    assert "周三就能给您发出" in heard
    assert "仓库说周三到" not in heard

    page.get_by_test_id("ticket-take").click()
    expect(said(page, "想换 42 码")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_be_visible()
    assert store.conversation(conversation).owner == f"agent:{me}"
    expect(page.get_by_test_id("presence")).to_have_attribute("data-presence", "busy")

    rows.first.click()
    page.get_by_test_id("ticket-set-state").select_option("resolved")
    expect(page.get_by_test_id("ticket-state")).to_have_text("已解决")
    expect(rows).to_have_count(1)
    page.get_by_test_id("tickets-all").click()
    expect(rows.filter(has_text=numbers[0])).to_have_count(1)
    kept = [each.action for each in audits.latest(store)]
    assert {"ticket_view", "ticket_change", "ticket_take_up"} <= set(kept)
