"""A ticket from its opening to its end, as staff keep it and as the shopper is told."""

from datetime import timedelta

import pytest

from bot.conversations import notices, tickets
from bot.conversations.models import Ticket
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.conversations.tickets import REOPENED_WITHIN, UnknownTicket
from bot.handoff import agents, queue
from tests.handoff.conftest import Clock, last, shown


@pytest.fixture
def conversation(desk: Store, clock: Clock) -> str:
    return desk.begin("web", "c1", "王女士").id


def made(desk: Store, conversation: str, title: str = "退款未到账", **more: object) -> Ticket:
    return tickets.create(desk, conversation, 1, "小王", title, **more)  # type: ignore[arg-type]


def press(desk: Store, conversation: str, ticket: Ticket, client_id: str = "press") -> None:
    desk.receive(conversation, client_id, payload=f"{notices.REOPEN_TICKET}{ticket.id}")


def test_while_nobody_is_there_one_ticket_takes_it_all(desk: Store, conversation: str, clock: Clock) -> None:
    clock.at = clock.at.replace(hour=22)
    desk.receive(conversation, "s1", "  耳机左耳\n没有声音  ")
    desk.ask_human(conversation)
    assert desk.conversation(conversation).owner == "bot"
    told = last(desk, conversation)
    [ticket] = tickets.of(desk, conversation)
    number = tickets.number(ticket)
    assert number == f"T{100_000 + ticket.id}" and tickets.id_of(number.lower()) == ticket.id
    for words in ("不在线", number, "人工客服明天 9:00 上班", "预计明天 13:00 前答复您"):
        assert words in told
    assert (ticket.title, ticket.customer_id, ticket.state) == ("耳机左耳 没有声音", "c1", "open")
    assert ticket.due == clock.at.replace(hour=13) + timedelta(days=1)
    card = shown(desk, conversation)
    assert (card["kind"], card["ticket_no"], card["status_text"]) == ("ticket", number, "待处理")

    desk.receive(conversation, "s2", "而且盒子也破了")
    desk.ask_human(conversation)
    assert last(desk, conversation).startswith(f"已经补充到您的工单 {number} 里了")
    assert [each.id for each in tickets.of(desk, conversation)] == [ticket.id]
    assert [(each.kind, each.by) for each in tickets.events(desk, ticket.id)] == [
        ("opened", "bot"),
        ("added", "shopper"),
    ]
    desk.ask_human(conversation)
    assert len(tickets.events(desk, ticket.id)) == 2, "she has said nothing new"


def test_its_life_is_told_to_the_shopper(desk: Store, conversation: str, clock: Clock) -> None:
    ticket = made(desk, conversation, "退" * 50, text="原路退回", queue="after_sales", owner=1)
    assert ticket.title == "退" * 39 + "…"
    assert last(desk, conversation).startswith(f"这件事已经为您登记工单 {tickets.number(ticket)}，")
    for state, words in (
        ("in_progress", "已经有同事在处理了"),
        ("waiting", "还需要您补充一些信息"),
        ("resolved", "已经处理好了"),
        ("closed", "已经关闭"),
    ):
        changed = tickets.change(desk, ticket.id, 2, "小李", state=state)
        assert words in last(desk, conversation)
        assert shown(desk, conversation)["status"] == changed.state == state
    said = desk.conversation(conversation).last_seq
    tickets.change(desk, ticket.id, 2, "小李", state="closed", owner=2, due=clock.at)
    tickets.change(desk, ticket.id, 2, "小李", note="财务已打款", tell=False)
    assert desk.conversation(conversation).last_seq == said, "none of her business"
    tickets.change(desk, ticket.id, 2, "小李", note="银行 {3} 天内到账")
    assert "银行 {3} 天内到账" in last(desk, conversation)
    kinds = [each.kind for each in tickets.events(desk, ticket.id)]
    assert kinds == ["opened", *["state"] * 4, "owner", "due", "note", "note"]
    assert tickets.get(desk, ticket.id).owner == 2


def test_what_it_waits_for_is_added_and_what_she_asks_about_it_is_not(
    desk: Store, conversation: str, clock: Clock
) -> None:
    ticket = made(desk, conversation)
    tickets.change(desk, ticket.id, 1, "小王", state="waiting")
    for words, intent, state in (
        ("我的工单怎么样了", "ticket_status", "waiting"),
        ("卡号尾号是 6688", "inform", "in_progress"),
    ):
        _, turn = desk.receive_and_claim(conversation, words, words, None, None, "p", 3600)
        assert turn and desk.finish_turn(turn, [Reply("好的")], {"intent": intent}, "m")
        assert tickets.get(desk, ticket.id).state == state
    [*_, added] = tickets.events(desk, ticket.id)
    assert (added.kind, added.by, added.detail) == ("added", "shopper", {"text": "卡号尾号是 6688"})


def test_she_reopens_it_within_a_week(desk: Store, conversation: str, clock: Clock) -> None:
    ticket = made(desk, conversation)
    tickets.change(desk, ticket.id, 1, "小王", state="resolved")
    clock.passes(REOPENED_WITHIN.total_seconds())
    press(desk, conversation, ticket)
    found = tickets.get(desk, ticket.id)
    assert (found.state, found.resolved_at) == ("open", None)
    assert "已经重新打开" in last(desk, conversation)
    press(desk, conversation, ticket, "again")
    assert "还在处理中" in last(desk, conversation)
    assert [each.kind for each in tickets.events(desk, ticket.id)] == ["opened", "state", "reopened"]
    assert desk.claim_turn("me", 30) is None, "the bot has nothing to answer"


def test_after_a_week_she_is_offered_a_person(desk: Store, conversation: str, clock: Clock) -> None:
    ticket = made(desk, conversation)
    tickets.change(desk, ticket.id, 1, "小王", state="resolved")
    clock.passes(REOPENED_WITHIN.total_seconds() + 1)
    press(desk, conversation, ticket)
    assert tickets.get(desk, ticket.id).state == "resolved"
    [message] = desk.messages(conversation, limit=1000)[-1:]
    assert "已经超过 7 天" in (message.text or "")
    assert [each["payload"] for each in (message.content or {})["buttons"]] == [notices.HUMAN]


def test_nobody_else_reopens_it(desk: Store, conversation: str, clock: Clock) -> None:
    ticket = made(desk, conversation)
    tickets.change(desk, ticket.id, 1, "小王", state="resolved")
    stranger = desk.begin("web", "c2", None).id
    for number, named in enumerate((str(ticket.id), "1 OR 1=1", "9" * 40, "²", "-1", "")):
        desk.receive(stranger, f"s{number}", payload=notices.REOPEN_TICKET + named)
    assert {message.sender for message in desk.messages(stranger)} == {"shopper"}, "she learns nothing"
    assert tickets.get(desk, ticket.id).state == "resolved"
    press(desk, desk.begin("web", "c1", None).id, ticket)
    assert tickets.get(desk, ticket.id).state == "open", "it is hers in every conversation of hers"


def test_what_is_due_first_is_listed_first(desk: Store, conversation: str, clock: Clock) -> None:
    hours = [None, 5, 1, 3]
    made_ = [
        made(desk, conversation, due=hour and clock.at + timedelta(hours=hour), owner=owner, queue=queue)
        for hour, owner, queue in zip(
            hours, (1, None, 2, 1), ("general", "logistics", "general", "general"), strict=True
        )
    ]
    never, late, soon, then = (each.id for each in made_)
    assert [each.id for each in tickets.listed(desk)] == [soon, then, late, never]
    assert [each.id for each in tickets.listed(desk, owner=1)] == [then, never]
    assert [each.id for each in tickets.listed(desk, owner=None)] == [late]
    assert [each.id for each in tickets.listed(desk, queue="general", limit=2)] == [soon, then]
    tickets.change(desk, soon, 1, "小王", state="resolved")
    assert [each.id for each in tickets.listed(desk, ("resolved",))] == [soon]
    with pytest.raises(UnknownTicket):
        tickets.get(desk, 999)
    with pytest.raises(UnknownTicket):
        tickets.change(desk, 999, 1, "小王", state="closed")
    with pytest.raises(ValueError, match="in_progress"):
        tickets.change(desk, soon, 1, "小王", state="gone")


def test_people_who_are_there_serve_at_any_hour(desk: Store, conversation: str, clock: Clock) -> None:
    clock.at = clock.at.replace(hour=3)
    agents.come(desk, 1, "小王", "busy")
    desk.ask_human(conversation)
    assert [each.conversation.id for each in queue.waiting(desk)] == [conversation]
    assert tickets.of(desk, conversation) == []
