"""Accounts, passwords and roles on a real database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from bot.cli import app
from bot.conversations import audits
from bot.conversations.store import Store
from bot.settings import Settings
from bot.staff import Accounts, ensure_accounts, passwords, sessions
from bot.staff.models import Account, SignIn
from bot.staff.people import People
from bot.staff.sessions import NotAllowed, Staff
from bot.staff.store import UnknownAccount


def _set_back(accounts: Accounts, **by: timedelta) -> None:
    with Session(accounts.engine) as session, session.begin():
        session.execute(update(SignIn).values({name: datetime.now(UTC) - each for name, each in by.items()}))


def test_hash_is_argon2id_salted_and_verifies() -> None:
    first, second = passwords.hashed("correct horse"), passwords.hashed("correct horse")
    assert first.startswith("$argon2id$") and first != second
    assert passwords.verified(first, "correct horse")
    assert not passwords.verified(first, "wrong horse")


def test_a_broken_hash_fits_no_password() -> None:
    assert not passwords.verified("", "x")
    assert not passwords.verified("$argon2id$broken", "x")


def test_first_accounts_are_made_once_and_their_passwords_told_once(accounts: Accounts) -> None:
    made = ensure_accounts(accounts)
    assert [(m["role"], m["name"]) for m in made] == [
        ("agent", "xiaowang"),
        ("agent", "xiaoli"),
        ("supervisor", "supervisor"),
        ("admin", "admin"),
    ]
    assert len({m["password"] for m in made}) == 4
    assert ensure_accounts(accounts) == []
    for login in made:
        account = accounts.check(login["name"], login["password"])
        assert account is not None and account.role == login["role"]
        assert login["password"] not in account.password_hash


@pytest.mark.parametrize("name", ["xiaowang", " XiaoWang ", "ｘｉａｏｗａｎｇ"])
def test_a_name_is_found_however_it_is_typed(accounts: Accounts, name: str) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    assert accounts.check(name, "secret-1") is not None


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("xiaowang", "secret-2"),
        ("xiaowang", ""),
        ("nobody", "secret-1"),
        ("", ""),
        ("x" * 5000, "secret-1"),
        ("xiaowang\0", "\0\ud800"),
        ("xiaowang", "secret-1" + "x" * 2000),
        ("' or 1=1 --", "x"),
    ],
)
def test_what_does_not_fit_is_refused(accounts: Accounts, name: str, password: str) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    assert accounts.check(name, password) is None


def test_unknown_and_disabled_names_cost_a_hash_like_a_known_one(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    gone = accounts.add("agent", "gone", "小离", "secret-2")
    People(accounts.engine).disable("cli:0", gone.id)
    checked: list[str] = []
    verify = passwords.verified

    def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return verify(password_hash, password)

    monkeypatch.setattr(passwords, "verified", counted)
    accounts.check("xiaowang", "wrong")
    assert accounts.check("nobody", "wrong") is accounts.check("gone", "secret-2") is None
    cost = [entry.split("$")[3] for entry in checked]
    assert len(cost) == 3 and len(set(cost)) == 1


@pytest.mark.parametrize(
    ("role", "reaches"),
    [
        ("agent", {"agent"}),
        ("supervisor", {"agent", "supervisor"}),
        ("admin", {"agent", "supervisor", "admin"}),
        ("visitor", set()),
    ],
)
def test_each_role_includes_those_below(role: str, reaches: set[str]) -> None:
    staff = Staff(1, "x", "X", role)
    for needed in ("agent", "supervisor", "admin"):
        request: Any = SimpleNamespace(state=SimpleNamespace(staff=staff))
        if needed in reaches:
            assert sessions.require(needed)(request) is staff  # type: ignore[arg-type]
        else:
            with pytest.raises(NotAllowed):
                sessions.require(needed)(request)  # type: ignore[arg-type]


def test_nobody_is_nobody() -> None:
    request: Any = SimpleNamespace(state=SimpleNamespace(staff=None))
    with pytest.raises(NotAllowed):
        sessions.require("agent")(request)


def test_a_session_holds_for_twelve_hours(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    session: dict[str, Any] = {"left over": True}
    assert sessions.begin(session, accounts, account)
    assert "left over" not in session
    (row,) = accounts.sign_ins.of(account.id)
    signed_in = sessions.current(session, accounts)
    assert signed_in == Staff(account.id, "xiaowang", "小王", "agent", sign_in=row.id)
    _set_back(accounts, began_at=timedelta(hours=12, seconds=1))
    assert sessions.current(session, accounts) is None
    assert list(accounts.sign_ins.of(account.id)) == [] and accounts.sign_ins.counts() == {}
    sessions.begin(session, accounts, account)
    with Session(accounts.engine) as reading:
        assert len(reading.scalars(select(SignIn)).all()) == 1


def test_a_sign_in_is_noted_as_seen_now_and_then(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    session: dict[str, Any] = {}
    sessions.begin(session, accounts, account, "203.0.113.7", "Mozilla/5.0 (\u202eX11) Chrome/1\n")
    (row,) = accounts.sign_ins.of(account.id)
    assert (row.address, row.device) == ("203.0.113.7", "Mozilla/5.0 (X11) Chrome/1")
    sessions.current(session, accounts)
    assert accounts.sign_ins.of(account.id)[0].seen_at == row.seen_at
    _set_back(accounts, seen_at=timedelta(minutes=2))
    sessions.current(session, accounts)
    assert accounts.sign_ins.of(account.id)[0].seen_at >= row.seen_at
    known = accounts.account(account.id)
    assert known and known.last_sign_in_at == row.began_at


def test_each_sign_in_has_a_key_of_its_own(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    fixed: dict[str, Any] = {"key": "x" * 32}
    assert sessions.current(fixed, accounts) is None
    sessions.begin(fixed, accounts, account)
    first = fixed["key"]
    sessions.begin(fixed, accounts, account)
    assert sessions.current({"key": first}, accounts) is None and len(accounts.sign_ins.of(account.id)) == 1
    assert len({"x" * 32, first, fixed["key"]}) == 3


@pytest.mark.parametrize("change", ["disabled", "password"])
def test_what_changes_while_the_password_is_checked_counts(accounts: Accounts, change: str) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    account = accounts.check("xiaowang", "secret-1")
    assert account
    with Session(accounts.engine) as session, session.begin():
        now = session.get_one(Account, account.id)
        if change == "disabled":
            now.disabled_at = datetime.now(UTC)
        else:
            now.password_hash = "other"
    cookie: dict[str, Any] = {}
    assert not sessions.begin(cookie, accounts, account) and not cookie


def test_sign_out_ends_all_earlier_sign_ins_and_no_later_one(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    colleague = accounts.add("agent", "xiaoli", "小李", "secret-2")
    before: dict[str, Any] = {}
    hers: dict[str, Any] = {}
    sessions.begin(before, accounts, account)
    sessions.begin(hers, accounts, colleague)
    accounts.sign_out(account.id)
    after: dict[str, Any] = {}
    sessions.begin(after, accounts, account)
    assert sessions.current(before, accounts) is None
    assert sessions.current(after, accounts) is not None
    assert sessions.current(hers, accounts) is not None


def test_a_renewed_password_replaces_the_old_one_and_ends_its_sign_ins(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    session: dict[str, Any] = {}
    sessions.begin(session, accounts, account)
    renewed = accounts.renew_password("xiaowang")
    assert accounts.check("xiaowang", "secret-1") is None
    assert accounts.check("xiaowang", renewed) is not None
    assert sessions.current(session, accounts) is None
    with pytest.raises(UnknownAccount):
        accounts.renew_password("nobody")


@pytest.mark.parametrize(
    "session", [{}, {"account": 1, "at": 4e9}, {"key": 1}, {"key": ""}, {"key": None}, {"key": "x" * 32}]
)
def test_what_is_no_session_signs_nobody_in(accounts: Accounts, session: dict[str, Any]) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    assert sessions.current(session, accounts) is None


def test_the_commands_do_what_the_page_does(
    accounts: Accounts, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.settings.settings", Settings(database_url=database_url))

    def run(*arguments: str) -> str:
        ran = CliRunner().invoke(app, ["staff", *arguments])
        assert ran.exit_code in (0, 1) and isinstance(ran.exception, SystemExit | None), ran.exception
        return ran.stderr if ran.exit_code else ran.stdout.strip()

    account = accounts.check("xiaozhang", run("add", "XiaoZhang", "小张", "--role", "supervisor"))
    assert account and (account.role, account.display_name) == ("supervisor", "小张") and account.must_change
    assert "already" in run("add", "xiaozhang", "又一个")
    assert "1 to 32" in run("add", " ", "小张")
    assert run("role", "xiaozhang", "agent") == "xiaozhang is agent now."
    assert run("rename", "xiaozhang", "小章") == "xiaozhang is called 小章 now."
    assert "agent  xiaozhang  小章  -  must choose a password" in run("list")
    assert "no account" in run("role", "nobody", "agent")

    assert accounts.sign_ins.begin(account, "203.0.113.7", "Mozilla/5.0 (Windows NT 10.0) Chrome/130")
    assert "signed in: 1" in run("list")
    (row,) = run("sessions", "xiaozhang").splitlines()
    assert row.endswith("203.0.113.7  Chrome · Windows")
    assert run("sessions", "xiaozhang", "--end", row.split()[0]) == "Signed out: 1."
    assert "ended already" in run("sessions", "xiaozhang", "--end", row.split()[0])
    accounts.sign_ins.begin(account)
    assert run("sessions", "xiaozhang", "--end-all") == "Signed out: 1."

    renewed = run("password", "xiaozhang")
    assert accounts.check("xiaozhang", renewed)
    assert run("disable", "xiaozhang") == "xiaozhang is disabled; 0 conversation(s) wait again."
    assert accounts.check("xiaozhang", renewed) is None and "disabled" in run("list")
    assert run("enable", "xiaozhang") == "xiaozhang may sign in again."
    assert accounts.check("xiaozhang", renewed)
    accounts.add("admin", "only", "唯一", "secret-1")
    for change in (("disable", "only"), ("role", "only", "agent")):
        assert "only admin" in run(*change)

    kept = [(row.by.partition(":")[0], row.action) for row in audits.latest(Store(accounts.engine))]
    actions = ("account_enable", "account_disable", "password_reset", "sessions_end", "sign_in")
    actions = (*actions, "session_end", "sign_in", "account_name", "account_role", "account_add")
    assert kept == [("agent" if action == "sign_in" else "cli", action) for action in actions]
