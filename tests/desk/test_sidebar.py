"""The right column in a real browser: the customer's story, and what is done with her orders for her."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.conversations import audits, notes, ratings, tickets
from tests.shop_proxy import Fault

from .conftest import Office
from .test_desk import handed_over


@pytest.fixture
def shop(office: Office) -> RestShop:
    """The shop itself, without the proxy."""
    return RestShop(office.settings.shop, office.settings.shop_service_secret)


def taken(office: Office, by: str, name: str, customer: str) -> str:
    """A conversation of this customer that the agent of this display name has taken."""
    conversation = handed_over(office.store, name, customer)
    agent = next(i for i, n in office.accounts.display_names().items() if n == by)
    office.store.take(conversation, agent, by)
    return conversation


def opened(page: Page, order_no: str) -> Locator:
    """The order's card, with what may be done."""
    card = page.locator(f'[data-testid=order][data-order="{order_no}"]')
    card.get_by_test_id("order-more").click()
    expect(card.get_by_test_id("order-actions")).to_be_attached()
    return card


def done(office: Office, conversation: str, action: str) -> list[dict[str, Any]]:
    """What was audited of this action in the conversation, newest first."""
    found = [(each.action, each.detail or {}) for each in audits.latest(office.store)]
    return [detail for what, detail in found if what == action and detail["conversation"] == conversation]


def test_an_order_is_cancelled_once_though_the_first_answer_was_lost(
    office: Office, shop: RestShop, sign_in: Callable[[str], Page]
) -> None:
    her = Customer("c1003")
    order = next(o for o in shop.orders(her).items if o.can["cancel"].allowed)
    refunds = shop.refunds(her).total
    conversation = taken(office, "小王", "王思琪", her.id)
    page = sign_in("xiaowang")
    page.goto(f"{office.url}/desk?c={conversation}")

    card = opened(page, order.no)
    card.get_by_test_id("act-cancel").click()
    expect(page.get_by_test_id("act-facts")).to_contain_text("¥137.00，退回原支付方式")
    assert shop.order(her, order.no).status == "paid"  # nothing happens before it is confirmed
    lost = Fault(customer=her.id, method="POST", path=f"/v1/orders/{order.no}/cancel", ends="lost")
    with office.proxy.troubled(lost):
        page.get_by_test_id("act-confirm").click()
        expect(page.get_by_test_id("act-outcome")).to_contain_text("可能已经办好，也可能没有")
    assert shop.order(her, order.no).status == "cancelled"

    # Closed and opened again, it goes on with the same deed rather than with a new one.
    page.get_by_test_id("act-close").click()
    card.get_by_test_id("act-cancel").click()
    page.get_by_test_id("act-again").click()
    expect(page.get_by_test_id("act-outcome")).to_have_text("办好了。")
    page.get_by_test_id("act-close").click()
    expect(card).to_contain_text("已取消")
    expect(card.get_by_test_id("act-cancel")).to_have_count(0)

    assert shop.refunds(her).total == refunds + 1
    first, second = done(office, conversation, "order_cancel")
    assert first["order"] == order.no and first["key"] == second["key"]
    unsure, settled = (note.text for note in notes.of(office.store, conversation))
    assert "结果未知" in unsure and "已办好" in settled and "¥137.00" in settled


def test_a_stranger_may_not_act_and_a_supervisor_may(
    office: Office, shop: RestShop, sign_in: Callable[[str], Page]
) -> None:
    her = Customer("c1002")
    order = next(o for o in shop.orders(her).items if o.can["urge"].allowed)
    conversation = taken(office, "小王", "陈建国", her.id)
    stranger = sign_in("xiaoli")
    stranger.goto(f"{office.url}/desk?c={conversation}")
    card = opened(stranger, order.no)
    expect(card.get_by_test_id("act-urge")).to_be_hidden()
    expect(card).to_contain_text("接入这个会话后可以代顾客办理")
    # Whatever her browser does.
    card.get_by_test_id("act-urge").evaluate("button => button.click()")
    expect(stranger.get_by_test_id("act-outcome")).to_contain_text("这个会话不在您手上")
    assert done(office, conversation, "order_urge") == []

    # And who had it when the dialog opened has it no longer when she confirms.
    page = sign_in("xiaowang")
    page.goto(f"{office.url}/desk?c={conversation}")
    opened(page, order.no).get_by_test_id("act-urge").click()
    expect(page.get_by_test_id("act-confirm")).to_be_visible()
    agents = {name: id for id, name in office.accounts.display_names().items()}
    office.store.transfer(conversation, agents["小王"], agents["小李"], "小李")
    page.get_by_test_id("act-confirm").click()
    expect(page.get_by_test_id("act-outcome")).to_contain_text("这个会话不在您手上")
    assert shop.order(her, order.no).can["urge"].allowed

    # What she could not do before she can now that it is hers.
    stranger.get_by_test_id("act-close").click()
    expect(card.get_by_test_id("act-urge")).to_be_visible()

    boss = sign_in("supervisor")
    boss.goto(f"{office.url}/desk?c={conversation}")
    opened(boss, order.no).get_by_test_id("act-urge").click()
    boss.get_by_test_id("act-confirm").click()
    expect(boss.get_by_test_id("act-outcome")).to_have_text("办好了。")
    assert not shop.order(her, order.no).can["urge"].allowed


def test_the_phone_is_shown_by_a_click_that_is_audited(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    conversation = taken(office, "小王", "林晓雨", "c1001")
    page = sign_in("xiaowang")
    page.goto(f"{office.url}/desk?c={conversation}")
    phone = page.get_by_test_id("phone")
    expect(phone).to_have_text("138****6688")
    expect(page.get_by_test_id("profile")).to_contain_text("银卡会员")
    expect(page.get_by_test_id("expiring")).to_contain_text("180 分到期")
    assert "13816826688" not in page.content()
    assert len(done(office, conversation, "view_customer")) == 1
    assert done(office, conversation, "view_phone") == []
    page.get_by_test_id("phone-show").click()
    expect(phone).to_have_text("13816826688")
    assert len(done(office, conversation, "view_phone")) == 1
    assert "13816826688" not in str([each.detail for each in audits.latest(office.store)])


def test_a_return_is_asked_for_and_taken_back(
    office: Office, shop: RestShop, sign_in: Callable[[str], Page]
) -> None:
    her = Customer("c1005")
    order = next(o for o in shop.orders(her).items if o.can["return"].allowed)
    conversation = taken(office, "小王", "刘佳怡", her.id)
    page = sign_in("xiaowang")
    page.goto(f"{office.url}/desk?c={conversation}")
    with office.proxy.troubled(Fault(customer=her.id, path="/v1/returns", ends="error", times=2)):
        page.get_by_test_id("after-sales").locator("summary").click()
        expect(page.get_by_test_id("after-sales-failed")).to_be_visible()
    page.get_by_test_id("after-sales").get_by_test_id("retry").click()
    before = shop.after_sales(her).total
    expect(page.get_by_test_id("after-sale")).to_have_count(before)

    opened(page, order.no).get_by_test_id("act-after_sale").click()
    page.get_by_test_id("act-next").click()
    expect(page.get_by_test_id("act-lacking")).to_have_text("请选择商品。")
    page.get_by_test_id(f"field-item-{order.items[0].sku}").click()
    page.get_by_test_id("field-reason").click()
    page.get_by_role("option", name="不想要了").click()
    page.get_by_test_id("act-next").click()
    expect(page.get_by_test_id("act-facts")).to_contain_text("退货退款")
    page.get_by_test_id("act-confirm").click()
    expect(page.get_by_test_id("act-outcome")).to_have_text("办好了。")
    page.get_by_test_id("act-close").click()
    expect(page.get_by_test_id("after-sale")).to_have_count(before + 1)

    newest = page.get_by_test_id("after-sale").first
    newest.get_by_test_id("act-withdraw").click()
    page.get_by_test_id("act-confirm").click()
    expect(page.get_by_test_id("act-outcome")).to_have_text("办好了。")
    assert shop.after_sales(her).items[0].state == "withdrawn"
    assert len(notes.of(office.store, conversation)) == 2


def test_what_happened_before_is_there_and_changes_while_it_is_read(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    store = office.store
    agents = {name: id for id, name in office.accounts.display_names().items()}
    before = taken(office, "小李", "黄雅婷", "c1007")
    store.say(before, agents["小李"], "小李", "已经帮您查过了", "a")
    store.close(before, agents["小李"], outcome="solved")
    ratings.rate(store, before, 5, "很有耐心")
    conversation = taken(office, "小王", "黄雅婷", "c1007")
    page = sign_in("xiaowang")
    page.goto(f"{office.url}/desk?c={conversation}")
    expect(page.get_by_test_id("history")).to_contain_text("小王接入")
    with office.proxy.troubled(Fault(customer="c1007", ends="error")):
        page.get_by_test_id("coupons").locator("summary").click()
        expect(page.get_by_test_id("coupons-failed")).to_be_visible()
        # What the shop does not know of does not suffer from it.
        page.get_by_test_id("past-conversations").locator("summary").click()
        past = page.get_by_test_id("past")
        expect(past).to_contain_text("小李")
        expect(past).to_contain_text("很有耐心")
    ticket = tickets.create(store, conversation, agents["小王"], "小王", "核实退款是否到账")
    store.say(conversation, agents["小王"], "小王", "有结果马上告诉您", "a")
    store.hand_back(conversation, agents["小王"])
    ratings.rate(store, conversation, 4, "回得快")
    expect(page.get_by_test_id("history")).to_contain_text("回得快", timeout=15_000)
    expect(page.get_by_test_id("conversation-ticket")).to_contain_text(tickets.number(ticket))
    page.get_by_test_id("conversation-ticket").click()
    expect(page.get_by_test_id("ticket-title")).to_have_text("核实退款是否到账")
    page.get_by_test_id("ticket-conversation").click()
    past.click()
    expect(page).to_have_url(f"{office.url}/desk?c={before}")
    expect(page.get_by_test_id("history")).to_contain_text("顾客评分 5/5")


def test_what_is_needed_is_asked_for_and_what_would_happen_is_told(
    office: Office, shop: RestShop, sign_in: Callable[[str], Page]
) -> None:
    page = sign_in("xiaowang")

    def proposed(card: Locator, action: str, fill: Callable[[], None]) -> str:
        card.get_by_test_id(f"act-{action}").click()
        fill()
        page.get_by_test_id("act-next").click()
        told = page.get_by_test_id("act-facts").inner_text()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("act-title")).to_have_count(0)
        return told

    def choose(field: str, option: str) -> None:
        page.get_by_test_id(field).click()
        page.get_by_role("option", name=option, exact=True).click()

    def address() -> None:
        page.get_by_text("新地址").click()
        page.get_by_test_id("field-address").fill("浙江省杭州市余杭区文一西路 1 号")
        page.get_by_test_id("field-phone").fill("13912345678")

    def invoice() -> None:
        page.get_by_text("公司", exact=True).click()
        page.get_by_test_id("field-title").fill("某某公司")
        page.get_by_test_id("field-tax-no").fill("91330400ma2b0abc12")

    def exchange() -> None:
        page.get_by_text("换货", exact=True).click()
        page.get_by_test_id(f"field-item-{worn.items[0].sku}").click()
        choose("field-target", "曜石黑 M")
        choose("field-reason", "尺码不合适")

    paid = next(o for o in shop.orders(Customer("c1002")).items if o.can["change_address"].allowed)
    page.goto(f"{office.url}/desk?c={taken(office, '小王', '陈建国', 'c1002')}")
    card = opened(page, paid.no)
    assert "139****5678" in proposed(card, "change_address", address)
    assert "送前打电话" in proposed(
        card, "remark", lambda: page.get_by_test_id("field-remark").fill("送前打电话")
    )
    assert "91330400MA2B0ABC12" in proposed(card, "invoice", invoice)

    worn = next(o for o in shop.orders(Customer("c1005")).items if o.can["exchange"].allowed)
    page.goto(f"{office.url}/desk?c={taken(office, '小王', '刘佳怡', 'c1005')}")
    assert "曜石黑 M" in proposed(opened(page, worn.no), "after_sale", exchange)
    assert shop.order(Customer("c1002"), paid.no) == paid  # nothing was done
