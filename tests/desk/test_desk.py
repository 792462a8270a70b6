"""The desk in a real browser: an agent's day, and what must not happen in it."""

import secrets
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bot.conversations import ratings
from bot.conversations.attachments import Attachments
from bot.conversations.privacy import Privacy, of_id
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.studio.review.collecting import Collector

from .conftest import Office

UNSURE = {
    "intent": "nlu_fallback",
    "confidence": 0.41,
    "ranking": [
        {"name": "return_request", "confidence": 0.41},
        {"name": "exchange_request", "confidence": 0.3},
        {"name": "order_status", "confidence": 0.1},
    ],
}


def answered(store: Store, conversation: str, text: str, reply: Reply, **more: Any) -> None:
    """The shopper says something and the bot answers."""
    store.receive(conversation, secrets.token_hex(6), text)
    turn = store.claim_turn("test", 30)
    assert turn is not None and store.finish_turn(turn, [reply], more.get("read"), "m", more.get("handoff"))


def handed_over(store: Store, name: str | None = None, customer: str | None = None) -> str:
    """A conversation that the bot has given up; gets a name that no other test uses."""
    conversation = store.begin("web", customer, name or f"顾客{secrets.token_hex(3)}").id
    parting = Reply("这就为您转接人工客服", buttons=[{"title": "查物流", "payload": "/x"}])
    handoff = {"reason": "low_confidence", "slots": {"order_no": "2026112000012345"}}
    answered(store, conversation, "这个怎么弄", parting, read=UNSURE, handoff=handoff)
    return conversation


def row(page: Page, conversation: str) -> Locator:
    return page.locator(f'[data-testid=conversation-row][data-conversation="{conversation}"]')


def said(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


def test_an_agents_day(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store, "林晓雨", "c1001")
    expect(row(page, conversation)).to_be_visible()
    expect(page).to_have_title("(1) 柜台 · 客服工作台")
    row(page, conversation).click()

    expect(page.get_by_test_id("packet")).to_contain_text("机器人没听懂")
    expect(page.get_by_test_id("packet")).to_contain_text("申请退货")
    expect(page.get_by_test_id("packet")).to_contain_text("2026112000012345")
    expect(page.get_by_test_id("customer")).to_contain_text("138****6688")
    expect(page.get_by_test_id("order").first).to_be_visible()
    expect(page.get_by_test_id("composer")).to_be_hidden()

    page.get_by_test_id("take").click()
    expect(page.get_by_test_id("chat-state")).to_contain_text("我接待中")
    assert store.conversation(conversation).owner.startswith("agent:")
    composer = page.get_by_test_id("composer")
    composer.fill("您好，")
    composer.press("Shift+Enter")
    composer.press_sequentially("我来帮您")
    composer.press("Enter")
    expect(said(page, "我来帮您")).to_have_attribute("data-from", "agent")
    expect(composer).to_have_value("")
    assert [m.text for m in store.messages(conversation) if m.sender == "agent"] == ["您好，\n我来帮您"]

    store.receive(conversation, "live", "谢谢，鞋子小了一码")
    expect(said(page, "鞋子小了一码")).to_be_visible()

    page.get_by_test_id("hand-back").click()
    page.get_by_test_id("settled").fill("已登记换货")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("chat-state")).to_contain_text("机器人接待中")
    expect(page.get_by_test_id("history")).to_contain_text("已解决：已登记换货")
    assert store.conversation(conversation).owner == "bot"
    expect(composer).to_be_hidden()

    ratings.rate(store, conversation, 4, "很耐心")
    page.reload()
    page.get_by_test_id("tab-all").click()
    row(page, conversation).click()
    expect(page.get_by_test_id("history")).to_contain_text("顾客评分 4/5")
    expect(page.get_by_test_id("history")).to_contain_text("很耐心")


def test_who_leaves_while_she_is_served_is_gone_from_the_page(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    page = sign_in("xiaowang")
    conversation = handed_over(office.store)
    row(page, conversation).click()
    page.get_by_test_id("take").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
    Privacy(office.store, office.settings.data_dir).erase(of_id(conversation), by="shopper")
    expect(page.get_by_text("会话不在了")).to_be_visible()
    expect(page.get_by_test_id("chat")).to_be_hidden()
    expect(page.get_by_text("鞋子")).to_have_count(0)


def test_of_two_agents_the_later_is_told_kindly(office: Office, sign_in: Callable[[str], Page]) -> None:
    wang, li = sign_in("xiaowang"), sign_in("xiaoli")
    conversation = handed_over(office.store)
    for page in (wang, li):
        row(page, conversation).click()
        expect(page.get_by_test_id("take")).to_be_visible()
    # Both press at once, before either page has heard of the other.
    for page in (wang, li):
        page.evaluate("document.querySelector('[data-testid=take]').click()")
    expect(wang.get_by_test_id("take")).to_be_hidden()
    owner = office.store.conversation(conversation)
    names = {f"agent:{key}": name for key, name in office.accounts.display_names().items()}
    late = li if names[owner.owner] == "小王" else wang
    expect(late.get_by_text(f"{names[owner.owner]}已经接入了这个会话")).to_be_visible()
    expect(late.get_by_test_id("locked")).to_contain_text(f"{names[owner.owner]}正在接待")
    expect(late.get_by_test_id("composer")).to_be_hidden()
    assert owner.epoch == 3


def test_taking_from_the_bot_and_closing(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = store.begin("wechat", None, None).id
    answered(store, conversation, "在吗", Reply("您好，请讲"))
    page.get_by_test_id("tab-all").click()
    row(page, conversation).click()
    expect(page.get_by_test_id("customer")).to_contain_text("访客没有登录")
    page.get_by_test_id("take").click()
    page.get_by_test_id("close").click()
    expect(page.get_by_text("结束这次会话？")).to_be_visible()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("chat-state")).to_contain_text("已结束")
    assert store.conversation(conversation).owner == "closed"


def test_hostile_text_stays_text(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    attack = "<img src=x onerror=\"document.title='owned'\"> **b** ${1+1} {{7*7}} `x` \u202eabc"
    conversation = store.begin("web", None, attack[:60]).id
    card = {"kind": "order", "order_no": attack, "status_text": attack, "items": [{"name": attack}]}
    buttons = [{"title": attack, "payload": attack}]
    answered(
        store,
        conversation,
        attack,
        Reply(attack, buttons=buttons, card=card),
        read={"ranking": [{"name": attack}]},
    )
    page.get_by_test_id("tab-all").click()
    row(page, conversation).click()
    shown = page.get_by_test_id("message").first.locator(".message-text")
    expect(shown).to_have_text(attack)
    assert page.locator(".desk img[src=x]").count() == 0
    assert "owned" not in page.title()


def test_a_retry_of_the_browser_is_one_message(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store)
    row(page, conversation).click()
    page.get_by_test_id("take").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
    page.evaluate(
        """c => {
            for (let i = 0; i < 3; i++) desk.say({conversation: c, client_id: "again", text: "只说一次"})
        }""",
        conversation,
    )
    page.get_by_test_id("composer").fill("另一句")
    page.get_by_test_id("send").click()
    expect(said(page, "另一句")).to_be_visible()
    expect(said(page, "只说一次")).to_have_count(1)
    assert [m.text for m in store.messages(conversation) if m.sender == "agent"] == ["只说一次", "另一句"]
    assert page.evaluate("desk.pending()") == []


def test_what_could_not_be_sent_comes_back(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store)
    row(page, conversation).click()
    page.get_by_test_id("take").click()
    composer = page.get_by_test_id("composer")
    composer.fill("写了一半")
    page.reload()
    expect(composer).to_have_value("写了一半")
    # A colleague's conversation cannot be written to, whatever the browser says.
    other = handed_over(store)
    store.take(other, 999, "别人")
    page.evaluate("c => desk.say({conversation: c, client_id: 'foreign', text: '越权'})", other)
    expect(page.get_by_text("这个会话已经不在您手上")).to_be_visible()
    assert "越权" not in [m.text for m in store.messages(other)]


def test_enter_while_an_input_method_composes_sends_nothing(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store)
    row(page, conversation).click()
    page.get_by_test_id("take").click()
    composer = page.get_by_test_id("composer")
    composer.fill("ni hao")
    composer.evaluate(
        """box => box.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    expect(composer).to_have_value("ni hao")
    assert [m for m in store.messages(conversation) if m.sender == "agent"] == []


def test_only_the_newest_hundred_then_the_older(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store)
    agent = store.conversation(conversation)
    store.take(conversation, 998, "别人")
    for number in range(130):
        store.say(conversation, 998, "别人", f"第 {number} 句", f"k{number}")
    total = store.conversation(agent.id).last_seq
    page.goto(f"{office.url}/desk?c={conversation}")
    expect(said(page, "第 129 句")).to_be_in_viewport()
    expect(page.get_by_test_id("message")).to_have_count(100)
    page.get_by_test_id("older").click()
    expect(page.get_by_test_id("message")).to_have_count(total)
    expect(page.get_by_test_id("message").first).to_contain_text("这个怎么弄")
    expect(page.get_by_test_id("older")).to_be_hidden()


def test_english_and_dark_are_kept_by_the_browser(office: Office, sign_in: Callable[[str], Page]) -> None:
    page = sign_in("supervisor")
    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("tab-queue")).to_contain_text("Queue")
    page.get_by_test_id("theme").click()
    page.get_by_test_id("theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_test_id("tab-queue")).to_contain_text("Queue")


def test_on_a_phone_one_column_at_a_time(office: Office, sign_in: Callable[[str], Page]) -> None:
    page = sign_in("xiaowang")
    page.set_viewport_size({"width": 390, "height": 844})
    conversation = handed_over(office.store)
    expect(page.get_by_test_id("info")).to_be_hidden()
    row(page, conversation).click()
    expect(page.get_by_test_id("rows")).to_be_hidden()
    page.get_by_test_id("info").click()
    expect(page.get_by_test_id("packet")).to_be_visible()
    expect(page.get_by_test_id("messages")).to_be_hidden()
    page.get_by_test_id("back-to-chat").click()
    page.get_by_test_id("back").click()
    expect(row(page, conversation)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_wrong_password_then_the_right_one(office: Office, context: Callable[..., BrowserContext]) -> None:
    page = context().new_page()
    page.goto(f"{office.url}/studio")
    expect(page).to_have_url(f"{office.url}/sign-in?next=%2Fstudio")
    page.get_by_test_id("sign-in-name").fill("admin")
    page.get_by_test_id("sign-in-password").fill("wrong")
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("sign-in-error")).to_have_text("账号或密码不对，请再试一次。")
    expect(page.get_by_test_id("sign-in-name")).to_have_value("admin")
    page.get_by_test_id("sign-in-password").fill(office.passwords["admin"])
    page.get_by_test_id("sign-in-submit").click()
    expect(page).to_have_url(f"{office.url}/studio")


def test_studio_is_for_admins(office: Office, sign_in: Callable[[str], Page]) -> None:
    handed_over(office.store)
    agent = sign_in("xiaoli")
    answer = agent.goto(f"{office.url}/studio")
    assert answer is not None and answer.status == 403
    expect(agent.get_by_test_id("forbidden")).to_be_visible()
    collector = Collector(office.store)
    while collector.look():
        pass
    admin = sign_in("admin")
    admin.goto(f"{office.url}/studio")
    admin.get_by_test_id("review-group").filter(has_text="这个怎么弄").click()
    expect(admin.get_by_test_id("reading").first).to_contain_text("41%")
    admin.get_by_role("link", name="看整个会话").click()
    expect(said(admin, "这个怎么弄")).to_be_visible()


@pytest.mark.timeout(60)
def test_signing_out_in_one_window_ends_the_other(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("supervisor"), office.store
    conversation = handed_over(store)
    other = page.context.new_page()
    other.goto(f"{office.url}/desk?c={conversation}")
    expect(other.get_by_test_id("take")).to_be_visible()
    page.get_by_test_id("sign-out").click()
    expect(page).to_have_url(f"{office.url}/sign-in")
    other.get_by_test_id("take").click()
    expect(other).to_have_url(f"{office.url}/sign-in")
    assert store.conversation(conversation).owner == "queue"


def test_a_page_that_stays_after_sign_out_sees_nothing_more(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    page, store = sign_in("supervisor"), office.store
    conversation = handed_over(store)
    row(page, conversation).click()
    expect(said(page, "这个怎么弄")).to_be_visible()
    page.route("**/sign-in*", lambda route: route.abort())
    office.accounts.sign_out(next(i for i, n in office.accounts.display_names().items() if n == "主管"))
    page.wait_for_timeout(7_000)
    store.take(conversation, 1, "小王")
    store.say(conversation, 1, "小王", "退出之后的话", "later")
    page.wait_for_timeout(1_000)
    expect(said(page, "退出之后的话")).to_have_count(0)
    store.close(conversation, 1)


def test_a_killed_office_comes_back_with_the_draft(office: Office, sign_in: Callable[[str], Page]) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = handed_over(store)
    row(page, conversation).click()
    page.get_by_test_id("take").click()
    composer = page.get_by_test_id("composer")
    expect(composer).to_be_visible()
    office.kill("bot.office")
    composer.fill("断线时发的")
    composer.press("Enter")
    composer.fill("还没写完")
    store.receive(conversation, "meanwhile", "你还在吗")
    office.start("bot.office", office.url)
    expect(said(page, "你还在吗")).to_be_visible(timeout=30_000)
    expect(said(page, "断线时发的")).to_have_count(1, timeout=30_000)
    expect(composer).to_have_value("还没写完")
    assert [m.text for m in store.messages(conversation) if m.sender == "agent"] == ["断线时发的"]


def test_a_shop_that_is_down_is_told_and_asked_again(office: Office, sign_in: Callable[[str], Page]) -> None:
    page = sign_in("xiaoli")
    office.kill("bot.shop")
    try:
        conversation = handed_over(office.store, "林晓雨", "c1001")
        row(page, conversation).click()
        expect(page.get_by_test_id("orders-failed")).to_have_text("订单暂时查不到，稍后再试")
    finally:
        office.start("bot.shop", office.settings.shop)
    page.get_by_test_id("orders-refresh").click()
    expect(page.get_by_test_id("order").first).to_be_visible()


def test_pictures_are_seen_in_the_conversation_and_as_evidence(
    office: Office, sign_in: Callable[[str], Page]
) -> None:
    page, store = sign_in("xiaowang"), office.store
    out = BytesIO()
    Image.effect_noise((320, 240), 60).save(out, "JPEG")
    conversation = store.begin("web", None, f"顾客{secrets.token_hex(3)}").id
    attachment = Attachments(store, office.settings.data_dir).keep(conversation, out.getvalue())
    store.receive(conversation, "a", "鞋底开胶了", attachment=attachment)
    store.ask_human(conversation)
    row(page, conversation).click()
    for picture in (
        page.get_by_test_id("messages").get_by_test_id("picture"),
        page.get_by_test_id("evidence").get_by_test_id("picture"),
    ):
        expect(picture).to_be_visible()
        page.wait_for_function("image => image.naturalWidth === 320", arg=picture.element_handle())
    with page.expect_popup() as large:
        page.get_by_test_id("evidence").get_by_role("link").click()
    expect(large.value).to_have_url(f"{office.url}/desk/attachments/{attachment}")


def test_pictures_are_for_signed_in_staff(office: Office, sign_in: Callable[[str], Page]) -> None:
    out = BytesIO()
    Image.new("RGB", (20, 10)).save(out, "PNG")
    conversation = office.store.begin("web", None, None).id
    attachment = Attachments(office.store, office.settings.data_dir).keep(conversation, out.getvalue())
    address = f"{office.url}/desk/attachments/{attachment}"
    stranger = httpx.get(address)
    assert stranger.status_code == 303 and stranger.headers["location"].startswith("/sign-in")
    staff = sign_in("xiaoli").request
    seen = staff.get(address)
    assert (seen.status, seen.headers["content-type"]) == (200, "image/png")
    assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert seen.headers["cache-control"] == "private, no-store"
    for unknown in ("0" * 32, "x"):
        assert staff.get(f"{office.url}/desk/attachments/{unknown}").status == 404
