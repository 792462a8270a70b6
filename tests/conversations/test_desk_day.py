"""An agent's day, a supervisor's look, and a ticket to its end: on the real stack, in real browsers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bot.conversations import handoffs, ownership, tickets
from bot.conversations.store import Store
from bot.handoff import agents
from tests.conversations.test_story import (
    begin_shift,
    choose_presence,
    open_desk,
    open_widget,
    said,
    say,
    widget,
)
from tests.shopper import text_of
from tests.stack import Running

New = Callable[..., BrowserContext]


def at_work(running: Running, context: New, name: str) -> Page:
    """A member of staff whose shift has begun, with her own conversations before her."""
    page = context().new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
    open_desk(running, page, name)
    begin_shift(page)
    page.get_by_test_id("tab-mine").click()
    return page


def row(page: Page, conversation: str) -> Locator:
    return page.locator(f'[data-testid=conversation-row][data-conversation="{conversation}"]')


def choose(page: Page, conversation: str) -> None:
    row(page, conversation).click()
    expect(page.get_by_test_id("chat")).to_have_attribute("data-conversation", conversation)


def answer(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("message").filter(has_text=text)).to_be_visible()


def account(store: Store, name: str) -> int:
    return next(agent.id for agent in agents.all(store) if agent.name == name)


@pytest.mark.timeout(240)
def test_an_agents_day(running: Running, desk: Store, context: New) -> None:
    customer, paid = running.paid_order()
    page = at_work(running, context, "xiaowang")
    expect(page.get_by_test_id("rows-empty")).to_be_visible()

    # Three at once come by themselves.
    shopper = context().new_page()
    open_widget(running, shopper, customer)
    say(shopper, "转人工")
    asks, passed_on = running.shopper("c1002"), running.shopper("c1004")
    asks.say("转人工")
    passed_on.say("转人工")
    rows = page.get_by_test_id("conversation-row")
    expect(rows).to_have_count(3)
    expect(page.get_by_test_id("load")).to_have_text("3/5")
    others = {asks.conversation, passed_on.conversation}
    (bought,) = {r.get_attribute("data-conversation") or "" for r in rows.all()} - others

    # A canned reply by its shortcut, looked at before it is sent.
    choose(page, bought)
    composer = page.get_by_test_id("composer")
    expect(composer).to_be_visible()
    composer.press_sequentially("/nh")
    expect(page.get_by_test_id("canned-option").first).to_contain_text("我是客服小王")
    composer.press("Enter")
    composer.press("Enter")
    expect(said(shopper, "agent").last).to_contain_text("我是客服小王")

    # A note is the colleagues'.
    page.keyboard.press("Alt+j")
    composer.fill("她上周也来过，别让她再等")
    composer.press("Enter")
    expect(page.get_by_test_id("note")).to_contain_text("别让她再等")
    page.keyboard.press("Alt+j")

    # Her order is cancelled on her behalf.
    card = page.locator(f'[data-testid=order][data-order="{paid}"]')
    card.get_by_test_id("order-more").click()
    card.get_by_test_id("act-cancel").click()
    page.get_by_test_id("act-confirm").click()
    expect(page.get_by_test_id("act-outcome")).to_have_text("办好了。")
    page.get_by_test_id("act-close").click()
    assert running.order_backend(f"/v1/orders/{paid}", customer)["status"] == "cancelled"
    answer(page, "订单已经帮您取消了")
    expect(said(shopper, "agent").last).to_contain_text("帮您取消了")
    assert "别让她再等" not in shopper.content() + widget(shopper, "log").inner_text()

    # Back to the bot, which goes on.
    page.keyboard.press("Alt+b")
    page.get_by_test_id("settled").fill("取消订单，退款原路退回")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("history")).to_contain_text("退款原路退回")
    expect(said(shopper, "system").last).to_contain_text("智能助手")
    say(shopper, "多少钱包邮")
    expect(said(shopper, "bot").last).to_contain_text("59")

    # A suggestion by its key, and the end with what it came to.
    choose(page, asks.conversation)
    asks.send("退货运费谁出")
    faq = page.locator("[data-testid^=suggestion-]", has_text="运费").first
    expect(faq).to_contain_text("问答")
    composer.press(f"Alt+Digit{(faq.get_attribute('data-testid') or '')[-1]}")
    expect(composer).to_have_value(faq.get_attribute("title") or "-")
    composer.press("Enter")
    assert "运费" in text_of(asks.after(asks.history()[-1]["seq"] - 1))
    page.keyboard.press("Alt+c")
    page.get_by_test_id("option-solved").click()
    page.get_by_test_id("option-refund").click()
    page.get_by_test_id("confirm").click()
    expect(row(page, asks.conversation)).to_have_count(0)
    (service,) = handoffs.of(desk, asks.conversation)
    assert (service.outcome, service.tags) == ("solved", ["refund"])

    # To a colleague, who reads why.
    colleague = at_work(running, context, "xiaoli")
    li = account(desk, "小李")
    choose(page, passed_on.conversation)
    page.keyboard.press("Alt+t")
    page.get_by_test_id(f"option-agent:{li}").click()
    page.get_by_test_id("note").last.fill("要改发票抬头，她的公司叫云杉")
    page.get_by_test_id("confirm").click()
    choose(colleague, passed_on.conversation)
    expect(colleague.get_by_test_id("history")).to_contain_text("她的公司叫云杉")
    answer(colleague, "您好，我是小李")
    assert "云杉" not in text_of(passed_on.history())

    # Who comes now comes to her who has least; she goes home, and the next one is given it.
    late = running.shopper("c1002")
    late.say("转人工")
    expect(row(page, late.conversation)).to_be_visible()
    choose_presence(page, "offline")
    page.get_by_test_id("option-queue").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("shift-start")).to_be_visible()
    expect(row(colleague, late.conversation)).to_be_visible()
    assert desk.conversation(late.conversation).owner == ownership.agent(li)
    assert "小李" in text_of(late.history())


@pytest.mark.timeout(120)
def test_a_supervisor_looks_whispers_and_takes_over(running: Running, desk: Store, context: New) -> None:
    page = at_work(running, context, "xiaowang")
    shopper = running.shopper("c1001")
    shopper.say("你们太过分了，我要投诉你们客服的态度")
    choose(page, shopper.conversation)
    answer(page, "您好，我看一下")

    boss = context().new_page()
    open_desk(running, boss, "supervisor")
    boss.get_by_test_id("to-live").click()
    line = boss.locator(f'[data-testid=live-row][data-conversation="{shopper.conversation}"]')
    expect(line).to_contain_text("小王")
    line.get_by_text("查看").click()
    boss.get_by_test_id("note-begin").click()
    boss.get_by_test_id("composer").fill("先道歉，再补一张券")
    boss.get_by_test_id("composer").press("Enter")
    expect(page.get_by_test_id("note")).to_contain_text("先道歉")

    boss.get_by_test_id("take-over").click()
    boss.get_by_test_id("confirm").click()
    expect(boss.get_by_test_id("mode-reply")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("locked")).to_contain_text("主管正在接待")
    answer(boss, "您好，我是这里的主管，非常抱歉")
    heard = text_of(shopper.history())
    assert "我是这里的主管" in heard and "先道歉" not in heard


@pytest.mark.timeout(180)
def test_a_ticket_is_followed_to_its_end(
    running: Running, desk: Store, nobody_there: None, context: New
) -> None:
    shopper = context().new_page()
    open_widget(running, shopper, "c1004")
    say(shopper, "我要人工")
    expect(said(shopper, "system").last).to_contain_text("工单号")
    card = widget(shopper, "card").last
    expect(card).to_contain_text("待处理")

    page = at_work(running, context, "xiaowang")
    page.get_by_test_id("tab-tickets").click()
    page.get_by_test_id("tickets-open").click()
    ticket = page.get_by_test_id("ticket-row").first
    number = ticket.get_attribute("data-ticket") or "-"
    expect(card).to_contain_text(number)
    ticket.click()
    page.get_by_test_id("ticket-take").click()
    expect(card).to_contain_text("处理中")
    expect(page.get_by_test_id("composer")).to_be_focused()
    answer(page, "您好，我是小王，您的事我来跟进")
    expect(said(shopper, "agent").last).to_contain_text("我来跟进")
    page.keyboard.press("Alt+b")
    page.get_by_test_id("confirm").click()
    expect(said(shopper, "system").last).to_contain_text("智能助手")

    ticket.click()
    for state, told in (("waiting", "等您补充"), ("in_progress", "处理中"), ("resolved", "已解决")):
        page.get_by_test_id("ticket-set-state").select_option(state)
        expect(card).to_contain_text(told)
        expect(card).to_contain_text(number)

    cards = widget(shopper, "card").count()
    say(shopper, "我的工单怎么样了")
    expect(widget(shopper, "card")).to_have_count(cards + 1)
    expect(card).to_contain_text("已解决")
    widget(shopper, "choice").filter(has_text="还没解决").last.click()
    expect(card).to_contain_text("待处理")
    expect(page.get_by_test_id("ticket-state")).to_have_text("待处理")
    assert tickets.get(desk, tickets.id_of(number) or 0).state == "open"
