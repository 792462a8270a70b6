"""Accounts, passwords and roles on a real database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings
from bot.staff import Accounts, ensure_accounts, passwords, sessions
from bot.staff.sessions import NotAllowed, Staff
from bot.staff.store import UnknownAccount


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


def test_an_unknown_name_costs_a_hash_like_a_known_one(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    checked: list[str] = []
    verify = passwords.verified

    def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return verify(password_hash, password)

    monkeypatch.setattr(passwords, "verified", counted)
    accounts.check("xiaowang", "wrong")
    accounts.check("nobody", "wrong")
    cost = [entry.split("$")[3] for entry in checked]
    assert len(cost) == 2 and cost[0] == cost[1]


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
    sessions.begin(session, account)
    assert "left over" not in session
    signed_in = sessions.current(session, accounts)
    assert signed_in == Staff(account.id, "xiaowang", "小王", "agent")
    session["at"] = (datetime.now(UTC) - timedelta(hours=12, seconds=1)).timestamp()
    assert sessions.current(session, accounts) is None


def test_sign_out_ends_all_earlier_sign_ins_and_no_later_one(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    colleague = accounts.add("agent", "xiaoli", "小李", "secret-2")
    before: dict[str, Any] = {}
    hers: dict[str, Any] = {}
    sessions.begin(before, account)
    sessions.begin(hers, colleague)
    accounts.sign_out(account.id)
    after: dict[str, Any] = {}
    sessions.begin(after, account)
    assert sessions.current(before, accounts) is None
    assert sessions.current(after, accounts) is not None
    assert sessions.current(hers, accounts) is not None


def test_a_renewed_password_replaces_the_old_one_and_ends_its_sign_ins(accounts: Accounts) -> None:
    account = accounts.add("agent", "xiaowang", "小王", "secret-1")
    session: dict[str, Any] = {}
    sessions.begin(session, account)
    renewed = accounts.renew_password("xiaowang")
    assert accounts.check("xiaowang", "secret-1") is None
    assert accounts.check("xiaowang", renewed) is not None
    assert sessions.current(session, accounts) is None
    with pytest.raises(UnknownAccount):
        accounts.renew_password("nobody")


@pytest.mark.parametrize(
    "session", [{}, {"account": 1}, {"account": "1", "at": 1.0}, {"account": 99, "at": 4e9}, {"at": 1.0}]
)
def test_what_is_no_session_signs_nobody_in(accounts: Accounts, session: dict[str, Any]) -> None:
    accounts.add("agent", "xiaowang", "小王", "secret-1")
    assert sessions.current(session, accounts) is None


def test_an_account_is_made_listed_and_given_another_role_by_the_command(
    accounts: Accounts, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.settings.settings", Settings(database_url=database_url))
    runner = CliRunner()
    made = runner.invoke(app, ["staff", "add", "XiaoZhang", "小张", "--role", "supervisor"])
    account = accounts.check("xiaozhang", made.stdout.strip())
    assert account is not None and (account.role, account.display_name) == ("supervisor", "小张")
    assert runner.invoke(app, ["staff", "add", "xiaozhang", "又一个"]).exit_code == 1
    assert runner.invoke(app, ["staff", "add", " ", "小张"]).exit_code == 1
    assert runner.invoke(app, ["staff", "role", "xiaozhang", "agent"]).exit_code == 0
    assert "agent  xiaozhang  小张" in runner.invoke(app, ["staff", "list"]).stdout
    assert runner.invoke(app, ["staff", "role", "nobody", "agent"]).exit_code == 1
