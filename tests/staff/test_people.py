"""What admins do with accounts, and everybody with her own, on a real database."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.conversations import audits, ownership
from bot.conversations.store import Store
from bot.handoff import agents
from bot.staff import Accounts, names, passwords, sessions
from bot.staff.people import NotDone, People

ADMIN, OTHER = "agent:1", "cli:0"
LONG = "三个 和尚 没水喝 42"


@pytest.fixture
def people(database: Engine) -> People:
    """An admin (1), a supervisor (2) and an agent (3)."""
    accounts = Accounts(database)
    for role in ("admin", "supervisor", "agent"):
        accounts.add(role, role, f"名{role}", f"secret-{role}")
    return People(database, lambda id, by: agents.dismiss(Store(database), id, by))


@pytest.fixture
def accounts(database: Engine) -> Accounts:
    return Accounts(database)


def why(do: Callable[[], object]) -> str:
    with pytest.raises(NotDone) as refused:
        do()
    return refused.value.why


def kept(people: People, database: Engine) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.by, row.action, row.detail or {}) for row in audits.latest(Store(database))]


def signed_in(accounts: Accounts, account_id: int) -> dict[str, Any]:
    session: dict[str, Any] = {}
    account = accounts.account(account_id)
    assert account and sessions.begin(session, accounts, account)
    return session


def test_somebody_is_added_and_must_choose_a_password(
    people: People, accounts: Accounts, database: Engine
) -> None:
    account, password = people.add(ADMIN, " XiaoZhang ", " 小张 ", "agent")
    assert (account.name, account.display_name, account.role) == ("xiaozhang", "小张", "agent")
    session: dict[str, Any] = {}
    checked = accounts.check("xiaozhang", password)
    assert checked and sessions.begin(session, accounts, checked)
    staff = sessions.current(session, accounts)
    assert staff and staff.must_change
    people.choose_password(account.id, password, LONG, staff.sign_in)
    staff = sessions.current(session, accounts)
    assert staff and not staff.must_change
    assert accounts.check("xiaozhang", password) is None and accounts.check("xiaozhang", LONG)
    assert [row[:2] for row in kept(people, database)] == [
        (f"agent:{account.id}", "password_change"),
        (f"agent:{account.id}", "sign_in"),
        (ADMIN, "account_add"),
    ]
    assert password not in str(kept(people, database)) and LONG not in str(kept(people, database))


@pytest.mark.parametrize(
    "name", ["", "a b", "<b>x</b>", "x\u202ey", ".x", "x" * 33, "' or 1=1 --", "\0", "x/y", "x\ny"]
)
def test_what_is_no_name_to_sign_in_with(name: str) -> None:
    assert names.new_name(name) is None


@pytest.mark.parametrize("shown", ["", " \u202e\u200b\0 ", "长" * 33, "\u0301"])
def test_what_is_no_name_to_be_shown(shown: str) -> None:
    assert names.shown(shown) is None


def test_nobody_is_added_under_such_names_or_a_taken_one(people: People, database: Engine) -> None:
    for name, shown, reason in (
        ("a b", "小张", "wrong_name"),
        ("x", "\u202e", "wrong_shown"),
        ("AGENT", "小张", "name_taken"),
        (" ａｇｅｎｔ", "小张", "name_taken"),
    ):
        assert why(partial(people.add, ADMIN, name, shown, "agent")) == reason
    assert len(people.listed()) == 3 and kept(people, database) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("小\u202e张\u2066", "小张"),
        ("  小\n\t张  ", "小 张"),
        ("👩‍💼", "👩💼"),
        ("=1+1", "=1+1"),
    ],
)
def test_a_shown_name_holds_nothing_unseen(typed: str, kept: str) -> None:
    assert names.shown(typed) == kept


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("short", "too_short"),
        ("x" * 129, "too_long"),
        ("secret-admin", "as_before"),
        ("aaaaaaaaaaaaaaaa", "too_simple"),
        ("123456789012345", "too_simple"),
        ("password123456", "too_simple"),
        ("Guitai-2026-Admin", "too_simple"),
        ("xiaowang20001122"[:14], "too_simple"),
        ("qwertyuiop12", "too_simple"),
        ("我的猫喜欢在键盘上睡觉", "too_short"),
        ("我的猫喜欢在键盘上睡觉啊", None),
        ("correct horse battery", None),
        ("kX9-vT3_mq7Z", None),
    ],
)
def test_what_a_password_must_be(password: str, weak: str | None) -> None:
    assert passwords.weakness(password, "secret-admin", "xiaowang", "小王") == weak


def test_ones_own_password_needs_the_old_one(people: People, accounts: Accounts) -> None:
    here, elsewhere = signed_in(accounts, 3), signed_in(accounts, 3)
    staff = sessions.current(here, accounts)
    assert staff
    _, key = people.tokens.make("agent")

    def choose(old: str, new: str) -> None:
        people.choose_password(3, old, new, staff.sign_in)

    assert why(lambda: choose("wrong", LONG)) == "wrong_password"
    assert why(lambda: choose("x" * 10_000, LONG)) == "wrong_password"
    assert why(lambda: choose("secret-agent", "short")) == "too_short"
    choose("secret-agent", LONG)
    assert sessions.current(here, accounts) and sessions.current(elsewhere, accounts) is None
    assert people.tokens.holder(key)


def test_a_reset_password_ends_sign_ins_and_tokens(people: People, accounts: Accounts) -> None:
    session, (_, key) = signed_in(accounts, 3), people.tokens.make("agent")
    password = people.renew_password(ADMIN, 3)
    assert sessions.current(session, accounts) is None and people.tokens.holder(key) is None
    account = accounts.check("agent", password)
    assert account and account.must_change
    assert why(lambda: people.renew_password("agent:1", 1)) == "own_account"
    assert why(lambda: people.renew_password(ADMIN, 99)) == "unknown"


def test_a_role_counts_from_the_next_page_on(people: People, accounts: Accounts, database: Engine) -> None:
    session = signed_in(accounts, 3)
    people.change(ADMIN, 3, role="supervisor", display_name="组长")
    staff = sessions.current(session, accounts)
    assert staff and staff.may("supervisor") and staff.display_name == "组长"
    assert kept(people, database)[:2] == [
        (ADMIN, "account_name", {"account": 3}),
        (ADMIN, "account_role", {"account": 3, "was": "agent", "role": "supervisor"}),
    ]
    people.change(ADMIN, 3, role="supervisor", display_name="组长")
    assert len(kept(people, database)) == 3
    assert why(lambda: people.change(ADMIN, 3, role="agent", seen=("组长", "agent"))) == "changed"
    assert why(lambda: people.change(ADMIN, 3, display_name="\u202e")) == "wrong_shown"


def test_nobody_locks_herself_out_and_one_admin_stays(people: People, accounts: Accounts) -> None:
    accounts.add("admin", "second", "二", "secret-2")
    assert why(lambda: people.disable(ADMIN, 1)) == "own_account"
    assert why(lambda: people.change(ADMIN, 1, role="agent")) == "own_account"
    people.change(ADMIN, 1, display_name="我", role="admin")
    people.disable(ADMIN, 4)
    # Whoever is disabled is no admin who could help.
    assert why(lambda: people.disable(OTHER, 1)) == "last_admin"
    assert why(lambda: people.change(OTHER, 1, role="supervisor")) == "last_admin"
    people.enable(ADMIN, 4)
    people.disable(OTHER, 1)
    assert why(lambda: people.change(OTHER, 4, role="agent")) == "last_admin"


def test_of_two_admins_who_disable_each_other_one_stays(people: People, accounts: Accounts) -> None:
    accounts.add("admin", "second", "二", "secret-2")
    for _ in range(5):
        begin = threading.Barrier(2)
        refused: list[str] = []

        def disable(by: str, id: int, begin: threading.Barrier, refused: list[str]) -> None:
            begin.wait()
            try:
                people.disable(by, id)
            except NotDone as problem:
                refused.append(problem.why)

        both = [
            threading.Thread(target=disable, args=(f"agent:{by}", id, begin, refused))
            for by, id in ((1, 4), (4, 1))
        ]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert refused == ["last_admin"]
        for id in (1, 4):
            people.enable(OTHER, id)


def test_who_is_disabled_is_gone_at_once_and_loses_nothing(
    people: People, accounts: Accounts, database: Engine
) -> None:
    store = Store(database)
    session, (_, key) = signed_in(accounts, 3), people.tokens.make("agent")
    agents.come(store, 3, "名agent")
    hers = store.begin("web", None, "顾客").id
    store.receive(hers, "m", "在吗")
    store.ask_human(hers)
    store.take(hers, 3, "名agent")
    assert people.disable(ADMIN, 3) == 1
    assert sessions.current(session, accounts) is None and people.tokens.holder(key) is None
    assert accounts.check("agent", "secret-agent") is None
    assert store.conversation(hers).owner == ownership.QUEUE
    assert [agent.presence for agent in agents.all(store)] == ["offline"]
    assert store.events(hers)[-1].reason == "account_disabled"
    assert people.disable(ADMIN, 3) == 0
    people.enable(ADMIN, 3)
    assert accounts.check("agent", "secret-agent") and people.tokens.holder(key)
    assert sessions.current(session, accounts) is None
    assert [row[1] for row in kept(people, database)][:2] == ["account_enable", "account_disable"]


def test_who_serves_without_having_been_at_the_desk_loses_it_too(people: People, database: Engine) -> None:
    store = Store(database)
    hers = store.begin("web", None, "顾客").id
    store.take(hers, 3, "名agent")
    assert people.disable(OTHER, 3) == 1
    assert store.conversation(hers).owner == ownership.QUEUE


def test_sign_ins_are_listed_and_ended(people: People, accounts: Accounts) -> None:
    here, there = signed_in(accounts, 3), signed_in(accounts, 3)
    colleague = signed_in(accounts, 2)
    listed = {each.account.id: each.signed_in for each in people.listed()}
    counts = {id: count.browsers if count else 0 for id, count in listed.items()}
    assert counts == {1: 0, 2: 1, 3: 2}
    assert list(listed) == [1, 2, 3]
    latest, first = people.signed_in(3)
    # Of another account it is none.
    assert why(lambda: people.end_sign_in(ADMIN, 2, latest.id)) == "not_signed_in"
    people.end_sign_in(ADMIN, 3, first.id)
    assert sessions.current(here, accounts) is None and sessions.current(there, accounts)
    assert people.sign_ins.end_all("agent:3", 3, but=latest.id) == 0
    assert people.sign_ins.end_all(ADMIN, 3) == 1
    assert sessions.current(there, accounts) is None and sessions.current(colleague, accounts)


def test_tokens_are_revoked_for_their_account_alone(people: People) -> None:
    made, key = people.tokens.make("agent", "erp")
    assert why(lambda: people.revoke_token(ADMIN, 2, made.id)) == "no_token"
    assert people.tokens.holder(key)
    people.revoke_token(ADMIN, 3, made.id)
    assert people.tokens.holder(key) is None and people.tokens.of(3) == []
