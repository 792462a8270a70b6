"""API tokens on a real database: told once, bound to an account and its role, ended in each way there is."""

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text, update
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from typer.testing import CliRunner

from bot.cli import app
from bot.conversations.database import connect
from bot.settings import Settings
from bot.staff import Accounts
from bot.staff.guard import Guard
from bot.staff.models import Account, ApiToken
from bot.staff.people import People
from bot.staff.store import UnknownAccount
from bot.staff.tokens import Tokens, UnknownToken


@pytest.fixture
def tokens(database: Engine) -> Tokens:
    Accounts(database).add("agent", "xiaowang", "小王", "secret-1")
    return Tokens(database)


def change(database: Engine, token: ApiToken, **values: object) -> None:
    with database.begin() as connection:
        connection.execute(update(ApiToken).where(ApiToken.id == token.id).values(**values))


def test_a_token_acts_for_its_account_and_only_its_digest_is_kept(database: Engine, tokens: Tokens) -> None:
    made, key = tokens.make(" XiaoWang ", "erp")
    holder = tokens.holder(key)
    assert holder is not None
    assert (holder.name, holder.role, holder.token) == ("xiaowang", "agent", made.id)
    with database.connect() as connection:
        row = connection.execute(text("SELECT * FROM api_token")).one()
    assert key not in str(row)
    assert made.digest == hashlib.sha256(key.encode()).hexdigest()
    assert len(key.removeprefix("guitai_")) == 43


def test_its_role_is_the_accounts_of_now(database: Engine, tokens: Tokens) -> None:
    _, key = tokens.make("xiaowang")
    with database.begin() as connection:
        connection.execute(update(Account).values(role="supervisor"))
    holder = tokens.holder(key)
    assert holder is not None and holder.may("supervisor") and not holder.may("admin")


@pytest.mark.parametrize("end", ["revoked", "expired", "password"])
def test_a_token_ends(database: Engine, tokens: Tokens, end: str) -> None:
    made, key = tokens.make("xiaowang", days=1)
    _, colleague = tokens.make(Accounts(database).add("agent", "xiaoli", "小李", "secret-2").name)
    assert tokens.holder(key)
    if end == "revoked":
        tokens.revoke(made.id)
        with pytest.raises(UnknownToken):
            tokens.revoke(made.id)
    elif end == "expired":
        change(database, made, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    else:
        Accounts(database).renew_password("xiaowang")
    assert tokens.holder(key) is None
    assert tokens.holder(colleague)


def test_signing_out_of_the_page_ends_no_token(database: Engine, tokens: Tokens) -> None:
    made, key = tokens.make("xiaowang")
    Accounts(database).sign_out(made.account_id)
    assert tokens.holder(key)


def test_its_last_use_is_noted_now_and_then(database: Engine, tokens: Tokens) -> None:
    def last_use() -> datetime | None:
        return tokens.listed()[0][0].last_used_at

    made, key = tokens.make("xiaowang", "erp")
    assert last_use() is None
    tokens.holder(key)
    first = last_use()
    assert first is not None
    tokens.holder(key)
    assert last_use() == first
    change(database, made, last_used_at=first - timedelta(minutes=2))
    tokens.holder(key)
    again = last_use()
    assert again is not None and again >= first


def test_a_disabled_accounts_token_opens_nothing_until_it_is_enabled(
    database: Engine, tokens: Tokens
) -> None:
    made, key = tokens.make("xiaowang")
    people = People(database)
    people.disable("cli:0", made.account_id)
    assert tokens.holder(key) is None
    people.enable("cli:0", made.account_id)
    assert tokens.holder(key)


def test_what_is_no_token_opens_nothing(tokens: Tokens) -> None:
    tokens.make("xiaowang")
    for key in ("", "guitai_", "guitai_" + "A" * 43, "guitai_" + "ä" * 43, "x" * 100_000, "\0"):
        assert tokens.holder(key) is None


def test_nobody_has_no_token(tokens: Tokens) -> None:
    with pytest.raises(UnknownAccount):
        tokens.make("nobody")


async def test_the_door_of_the_api_opens_to_bearers_alone(database: Engine, tokens: Tokens) -> None:
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.staff.name)

    office = Starlette(routes=[Route("/{path:path}", who, methods=["GET", "POST"])])
    office.add_middleware(
        Guard,
        accounts=Accounts(database),
        tokens=tokens,
        origin="https://office",
        page_session=lambda _: None,
    )
    office.add_middleware(SessionMiddleware, secret_key="x")
    _, key = tokens.make("xiaowang")
    tries = [
        ({"Authorization": f"Bearer {key}"}, 200),
        ({"Authorization": f"bearer {key}", "Origin": "https://evil.example"}, 200),
        ({"Authorization": f"Basic {key}"}, 401),
        ({"Authorization": key}, 401),
        ({"Cookie": f"office={key}; token={key}"}, 401),
        ({}, 401),
    ]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(office), base_url="https://office") as http:
        for headers, status in tries:
            for method in ("GET", "POST"):
                answer = await http.request(method, "/api/desk/me", headers=headers)
                assert answer.status_code == status
                assert "access-control-allow-origin" not in answer.headers
                if status == 401:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.headers["www-authenticate"] == "Bearer"
            # A token opens no page.
            assert (await http.get("/desk", headers=headers)).status_code == 303


def test_the_command_makes_lists_and_revokes(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(migrated_file, tmp_path / "guitai.db")
    settings = Settings(data_dir=tmp_path)
    monkeypatch.setattr("bot.settings.settings", settings)
    engine = connect(settings.database)
    Accounts(engine).add("agent", "xiaoli", "小李", "secret-1")
    run = CliRunner().invoke
    key = run(app, ["staff", "token", "xiaoli", "--label", "erp", "--days", "30"]).stdout.strip()
    holder = Tokens(engine).holder(key)
    assert holder is not None and holder.name == "xiaoli"
    listed = run(app, ["staff", "tokens"]).stdout
    assert "xiaoli  agent" in listed and "erp" in listed and key not in listed
    assert run(app, ["staff", "revoke", str(holder.token)]).exit_code == 0
    assert Tokens(engine).holder(key) is None
    wrong = run(app, ["staff", "revoke", str(holder.token)])
    assert wrong.exit_code == 1 and "bot staff tokens" in wrong.stderr
    assert run(app, ["staff", "token", "nobody"]).exit_code == 1
    engine.dispose()


COMMANDS = (
    ["staff", "add", "xiaoli", "小李"],
    ["staff", "list"],
    ["staff", "role", "xiaoli", "agent"],
    ["staff", "disable", "xiaoli"],
    ["staff", "enable", "xiaoli"],
    ["staff", "sessions", "xiaoli"],
    ["staff", "password", "xiaoli"],
    ["staff", "token", "xiaoli"],
    ["staff", "tokens"],
    ["staff", "revoke", "1"],
    ["webhooks", "add", "https://erp.example/hooks"],
    ["webhooks", "list"],
    ["webhooks", "remove", "1"],
    ["webhooks", "enable", "1"],
)


@pytest.mark.parametrize(
    ("schema", "todo"), [(None, "migrate"), ("", "migrate"), ("0006", "migrate"), ("9999", "newer")]
)
def test_commands_say_what_a_database_needs(
    schema: str | None, todo: str, tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    monkeypatch.setattr("bot.settings.settings", settings)
    if schema is not None:
        shutil.copy(migrated_file, tmp_path / "guitai.db")
        engine = connect(settings.database)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": schema})
            if not schema:
                connection.execute(text("DELETE FROM alembic_version"))
        engine.dispose()
    for command in COMMANDS:
        ran = CliRunner().invoke(app, command)
        assert ran.exit_code == 1 and isinstance(ran.exception, SystemExit), (command, ran.exception)
        assert todo in ran.stderr and len(ran.stderr.splitlines()) == 1 and not ran.stdout
    assert (tmp_path / "guitai.db").exists() == (schema is not None)
