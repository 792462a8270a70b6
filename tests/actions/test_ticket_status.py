"""ticket_status: hers and no others', by number or all of them, with what may be done next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.actions.conftest import ActionServer, Said

OFFER = ["/human_agent", "/deny"]


def ticket(id: int, status: str = "in_progress", due: float | None = 6, changed: float = 1) -> dict[str, Any]:
    """A ticket's card, due in ``due`` hours and changed ``changed`` hours ago."""
    now = datetime.now(UTC)
    card = {
        "kind": "ticket",
        "ticket_no": f"T{100000 + id}",
        "ticket_id": id,
        "title": f"漏发 {id} 件",
        "status": status,
        "status_text": f"状态{status}",
        "updated_at": (now - timedelta(hours=changed)).isoformat(),
    }
    return card if due is None else {**card, "due_at": (now + timedelta(hours=due)).isoformat()}


def ask(
    actions: ActionServer,
    text: str,
    *tickets: dict[str, Any],
    customer: str | None = "c1001",
    entities: dict[str, str] | None = None,
) -> Said:
    call = actions.request(
        "action_ticket_status", text, "ticket_status", entities, customer, None, None, None
    )
    call["tracker"]["latest_message"]["metadata"]["context"] = {"tickets": list(tickets)} if tickets else {}
    answer = httpx.post(f"{actions.address}/webhook", json=call, headers=actions.headers).raise_for_status()
    return Said(**answer.json())


@pytest.mark.parametrize(("customer", "who"), [("c1001", "customer"), (None, "visitor")])
def test_who_has_none_is_offered_a_person(actions: ActionServer, customer: str | None, who: str) -> None:
    said = ask(actions, "我的工单怎么样了", customer=customer)
    assert (said.names, said.buttons, said.cards) == ([f"utter_ticket_status_none_{who}"], OFFER, [])


@pytest.mark.parametrize(("status", "buttons"), [("open", []), ("in_progress", []), ("waiting", OFFER)])
def test_the_only_one_is_told_with_its_time(actions: ActionServer, status: str, buttons: list[str]) -> None:
    hers = ticket(23, status)
    said = ask(actions, "上次反映的问题处理到哪了", hers)
    assert (said.names, said.cards, said.buttons) == ([f"utter_ticket_status_{status}"], [hers], buttons)
    told = said.responses[0]
    assert (told["ticket_no"], told["title"]) == ("T100023", "漏发 23 件") and "最晚" in told["due"]
    assert ask(actions, "有进展吗", ticket(23, status, due=None)).responses[0]["due"] == ""


def test_for_one_that_is_late_a_person_is_offered(actions: ActionServer) -> None:
    said = ask(actions, "说好今天答复的", ticket(23, due=-1))
    assert said.buttons == OFFER and "抱歉" in said.responses[0]["due"]


@pytest.mark.parametrize(
    ("status", "days", "kind", "buttons"),
    [
        ("resolved", 6.9, "resolved_lately", ["guitai:reopen_ticket:23"]),
        ("resolved", 7.1, "resolved", OFFER),
        ("closed", 1, "closed_lately", ["guitai:reopen_ticket:23"]),
        ("closed", 8, "closed", OFFER),
        ("in_review", 1, "other", []),
    ],
)
def test_what_may_be_done_with_one_that_is_done(
    actions: ActionServer, status: str, days: float, kind: str, buttons: list[str]
) -> None:
    said = ask(actions, "工单好了没", ticket(23, status, due=None, changed=days * 24))
    assert (said.names, said.buttons) == ([f"utter_ticket_status_{kind}"], buttons)


def test_several_are_listed(actions: ActionServer) -> None:
    hers = [ticket(25, "open"), ticket(24, due=-1), ticket(23, "resolved")]
    said = ask(actions, "看看我的工单", *hers)
    assert (said.names, said.cards) == (["utter_ticket_status_several"], hers)
    listed = said.responses[0]["tickets"].splitlines()
    assert [("最晚" in line, "久等" in line) for line in listed] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert listed[2] == "· T100023 漏发 23 件：状态resolved"


@pytest.mark.parametrize("text", ["工单T100024有进展吗", "t 100024怎样了", "Ｔ１０００２４", "100024"])
def test_the_one_she_names_is_told(actions: ActionServer, text: str) -> None:
    hers = [ticket(25), ticket(24), ticket(23)]
    said = ask(actions, text, *hers)
    assert (said.names, said.cards) == (["utter_ticket_status_in_progress"], [hers[1]])


@pytest.mark.parametrize("number", ["T100099", "100099", "T1"])
def test_of_one_that_is_not_hers_nothing_is_told(actions: ActionServer, number: str) -> None:
    named = number if number.startswith("T") else f"T{number}"
    said = ask(actions, f"{number}处理了吗")
    assert (said.names, said.buttons, said.cards) == (["utter_ticket_status_not_hers"], OFFER, [])
    assert said.responses[0]["ticket_no"] == named
    said = ask(actions, f"{number}处理了吗", ticket(23))
    assert (said.names, said.cards[0]["ticket_no"]) == (["utter_ticket_status_not_hers_but"], "T100023")


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("订单2026112000012345的工单", {"order_no": "2026112000012345"}),
        ("订单 450123 的工单", {"order_no": "450123"}),  # of a shop whose order numbers are that short
        ("13812345678 登记的工单", {}),
        ("SF123456 那个工单", {}),
    ],
)
def test_another_number_is_no_tickets(actions: ActionServer, text: str, entities: dict[str, str]) -> None:
    assert ask(actions, text, ticket(23), entities=entities).names == ["utter_ticket_status_in_progress"]
