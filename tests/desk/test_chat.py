"""The open conversation in a real browser: what an agent writes, and what she does with it."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.conversations import audits, handoffs, notes, ownership, tickets
from bot.conversations.steps import Reply
from bot.conversations.store import Store, public
from bot.handoff import agents

from .conftest import Office

Enter = Callable[[str], Page]


@pytest.fixture(autouse=True)
def nobody_at_work(office: Office) -> Iterator[None]:
    yield
    for agent in agents.all(office.store):
        agents.force_offline(office.store, agent.id, agent.id)
    for conversation in handoffs.open(office.store):
        office.store.end(conversation)


def account(office: Office, name: str) -> int:
    return next(id for id, known in office.accounts.display_names().items() if known == name)


def served(office: Office, page: Page, said: str = "这个怎么弄", customer: str | None = None) -> str:
    """A conversation that was handed over and taken by 小王, open on the page."""
    store, name = office.store, "林晓雨" if customer else f"顾客{secrets.token_hex(3)}"
    conversation = store.begin("web", customer, name).id
    store.receive(conversation, secrets.token_hex(6), said)
    turn = store.claim_turn("test", 30)
    assert turn is not None
    store.finish_turn(turn, [Reply("这就为您转接")], None, "m", {"reason": "asked_for_human"})
    store.take(conversation, account(office, "小王"), "小王")
    open_(page, conversation)
    return conversation


def open_(page: Page, conversation: str) -> None:
    page.get_by_test_id("tab-all").click()
    page.locator(f'[data-testid=conversation-row][data-conversation="{conversation}"]').click()
    page.wait_for_url(f"**/desk?c={conversation}")


def bubble(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text)


def answers(store: Store, conversation: str) -> list[str | None]:
    return [m.text for m in store.messages(conversation) if m.sender == "agent"]


def test_three_chats_at_once_each_with_its_own_draft(office: Office, sign_in: Enter) -> None:
    page = sign_in("xiaowang")
    composer = page.get_by_test_id("composer")
    chats = [served(office, page, f"第{n}位") for n in range(3)]
    for n, chat in enumerate(chats):
        open_(page, chat)
        expect(bubble(page, f"第{n}位")).to_be_visible()
        composer.fill(f"写给第{n}位")
    for n in (1, 0, 2):
        open_(page, chats[n])
        expect(composer).to_have_value(f"写给第{n}位")
        composer.press("Enter")
        expect(bubble(page, f"写给第{n}位")).to_be_visible()
        expect(composer).to_have_value("")
    assert [answers(office.store, chat) for chat in chats] == [[f"写给第{n}位"] for n in range(3)]
    viewed = [(a.detail or {}).get("conversation") for a in audits.latest(office.store, 20)]
    assert set(chats) <= set(viewed)


def test_a_canned_reply_is_found_filled_and_edited(office: Office, sign_in: Enter) -> None:
    page = sign_in("xiaowang")
    conversation = served(office, page, customer="c1001")
    composer, option = page.get_by_test_id("composer"), page.get_by_test_id("canned-option")
    composer.press_sequentially("好的 /qrdd")
    # The newest order of the customer, as the shop knows it.
    expect(option.first).to_contain_text("云感缓震跑鞋")
    composer.press("Escape")
    expect(option).to_have_count(0)
    composer.fill("")
    composer.press_sequentially("/问好")
    expect(option.first).to_contain_text("您好，我是客服小王")
    composer.press("Enter")
    expect(composer).to_have_value(
        "您好，我是客服小王，前面的聊天记录我看到了，您不用再说一遍，我马上帮您看。"
    )
    assert answers(office.store, conversation) == []
    composer.press_sequentially("（稍等）")
    composer.press("Enter")
    expect(bubble(page, "我马上帮您看。（稍等）")).to_be_visible()


def test_a_suggestion_by_one_key_and_delivery_is_told(office: Office, sign_in: Enter) -> None:
    page = sign_in("xiaowang")
    conversation = served(office, page, "我要找人工")
    composer, first = page.get_by_test_id("composer"), page.get_by_test_id("suggestion-1")
    expect(first).to_contain_text("客服小王")
    composer.press("Alt+Digit1")
    expect(composer).to_have_value("您好，我是客服小王，前面的聊天记录我看到了，我来帮您处理，请稍等一下。")
    expect(first).to_be_hidden()
    assert answers(office.store, conversation) == []
    composer.press("Enter")
    delivery = bubble(page, "我来帮您处理").get_by_test_id("delivery")
    expect(delivery).to_have_text("已发送")
    office.store.delivered(conversation, office.store.conversation(conversation).last_seq)
    expect(delivery).to_have_text("已送达")
    office.store.receive(conversation, "next", "退货运费谁出")
    expect(first).to_be_visible()
    page.get_by_test_id("suggestions-away").click()
    expect(first).to_be_hidden()


def test_a_note_and_a_whisper_never_reach_the_shopper(office: Office, sign_in: Enter) -> None:
    page, boss = sign_in("xiaowang"), sign_in("supervisor")
    conversation = served(office, page)
    page.get_by_test_id("mode-note").click()
    composer = page.get_by_test_id("composer")
    composer.fill("老顾客，别让她再等")
    composer.press("Enter")
    note = page.get_by_test_id("note")
    expect(note).to_contain_text("老顾客，别让她再等")
    expect(note).to_contain_text("顾客看不到")
    open_(boss, conversation)
    expect(boss.get_by_test_id("composer")).to_be_hidden()
    boss.get_by_test_id("note-begin").click()
    boss.get_by_test_id("composer").fill("可以补一张券")
    boss.get_by_test_id("composer").press("Enter")
    expect(note.filter(has_text="可以补一张券")).to_have_attribute("data-kind", "whisper")
    assert [n.kind for n in notes.of(office.store, conversation)] == ["note", "whisper"]
    messages, _ = office.store.news(conversation, 0)
    shown = str([public(message) for message in messages])
    assert "再等" not in shown and "补一张券" not in shown
    assert answers(office.store, conversation) == []


def test_transfer_with_a_note_and_what_a_guest_may(office: Office, sign_in: Enter) -> None:
    store, li = office.store, account(office, "小李")
    page, other = sign_in("xiaowang"), sign_in("xiaoli")
    agents.come(store, li, "小李")
    conversation = served(office, page)
    open_(other, conversation)
    expect(other.get_by_test_id("composer")).to_be_hidden()

    page.get_by_test_id("more").click()
    page.get_by_test_id("invite").click()
    page.get_by_test_id(f"option-agent:{li}").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("chat-state")).to_contain_text("小李协助中")
    other.get_by_test_id("composer").fill("我来补充一句")
    other.get_by_test_id("composer").press("Enter")
    expect(bubble(page, "我来补充一句")).to_be_visible()
    other.get_by_test_id("leave").click()
    expect(other.get_by_test_id("composer")).to_be_hidden()

    page.get_by_test_id("transfer").click()
    page.get_by_test_id(f"option-agent:{li}").click()
    page.get_by_test_id("note").last.fill("她要换码")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("locked")).to_contain_text("小李正在接待")
    expect(other.get_by_test_id("chat-state")).to_contain_text("我接待中")
    expect(other.get_by_test_id("history")).to_contain_text("她要换码")
    assert store.conversation(conversation).owner == ownership.agent(li)


def test_an_open_dialog_keeps_the_keys(office: Office, sign_in: Enter) -> None:
    page = sign_in("xiaowang")
    served(office, page)
    page.keyboard.press("Alt+KeyK")
    expect(page.get_by_test_id("title")).to_be_focused()
    # What the conversation does when it is drawn, late.
    page.evaluate(
        """() => {
            desk.composer().addEventListener("focus", () => { window.taken = true; });
            desk.focus();
            desk.mode("reply");
        }"""
    )
    page.wait_for_timeout(300)
    assert not page.evaluate("window.taken"), "a key typed now would be written to the shopper"
    page.keyboard.type("补发吊牌")
    expect(page.get_by_test_id("title")).to_have_value("补发吊牌")


def test_a_ticket_then_the_end_with_outcome_and_tags(office: Office, sign_in: Enter) -> None:
    page, store = sign_in("xiaowang"), office.store
    conversation = served(office, page)
    page.keyboard.press("Alt+KeyK")
    page.get_by_test_id("title").fill("补发吊牌")
    page.get_by_test_id("confirm").click()
    expect(bubble(page, "补发吊牌")).to_be_visible()
    (ticket,) = tickets.of(store, conversation)
    assert (ticket.title, ticket.owner, ticket.due) == ("补发吊牌", None, None)

    page.get_by_test_id("close").click()
    page.get_by_test_id("option-ticket").click()
    page.get_by_test_id("option-quality").click()
    page.get_by_test_id("option-attitude").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("chat-state")).to_contain_text("已结束")
    (service,) = handoffs.of(store, conversation)
    assert (service.outcome, service.tags) == ("ticket", ["quality", "attitude"])
    done = [
        a.action for a in audits.latest(store, 50) if (a.detail or {}).get("conversation") == conversation
    ]
    assert {"make_ticket", "close"} <= set(done)


def test_a_supervisor_takes_over_and_the_agent_is_told(office: Office, sign_in: Enter) -> None:
    page, boss = sign_in("xiaowang"), sign_in("supervisor")
    conversation = served(office, page)
    composer = page.get_by_test_id("composer")
    composer.fill("写到一半")
    open_(boss, conversation)
    boss.get_by_test_id("take-over").click()
    boss.get_by_test_id("confirm").click()
    expect(boss.get_by_test_id("chat-state")).to_contain_text("我接待中")
    expect(page.get_by_text("这个会话已由主管接手")).to_be_visible()
    expect(page.get_by_test_id("locked")).to_contain_text("主管正在接待")
    expect(composer).to_be_hidden()
    # Whoever sends a moment too late is told, and what she wrote is not lost.
    page.evaluate("c => desk.say({conversation: c, client_id: 'late', text: '迟了'})", conversation)
    expect(page.get_by_text("消息没有发出")).to_be_visible()
    assert answers(office.store, conversation) == []

    boss.get_by_test_id("hand-back").click()
    boss.get_by_test_id("settled").fill("已退差价")
    boss.get_by_test_id("confirm").click()
    expect(boss.get_by_test_id("chat-state")).to_contain_text("机器人接待中")
    settled = [e.detail for e in office.store.events(conversation) if e.move == "hand_back"]
    assert settled == [{"settled": "已退差价"}]
