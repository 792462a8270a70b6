"""The command ``bot staff``: what the studio's page of people does, from the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.terminal import fail, installed, keep, operator, store

if TYPE_CHECKING:
    from bot.staff.people import People

app = typer.Typer(no_args_is_help=True, help="Staff accounts.")


# Each includes the one before.
Role = Literal["agent", "supervisor", "admin"]
_Name = Annotated[str, typer.Argument(help="What she signs in with.")]
_Number = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="As `bot staff tokens` lists it.")]


@app.command()
def add(
    name: _Name,
    display_name: Annotated[str, typer.Argument(help="What shoppers and colleagues call her.")],
    role: Annotated[Role, typer.Option(help="What she may do.")] = "agent",
) -> None:
    """Make an account, and print the password that she signs in with once, to choose her own."""
    with _people() as people:
        _, password = people.add(operator(), name, display_name, role)
    typer.echo(password)


@app.command("list")
def list_all() -> None:
    """List the accounts: number, role, name, display name, last signed in, where it is in use."""
    with _people() as people:
        for each in people.listed():
            account = each.account
            marks = [f"signed in: {each.signed_in.browsers}"] if each.signed_in else []
            marks += ["disabled"] if account.disabled_at else ["must choose a password"] * account.must_change
            typer.echo(
                "  ".join(
                    (
                        *(str(account.id), account.role, account.name, account.display_name),
                        _shown(account.last_sign_in_at),
                        *marks,
                    )
                )
            )


@app.command("role")
def change_role(name: _Name, role: Role) -> None:
    """Give an account another role; it counts from the next page she opens."""
    with _people() as people:
        account = people.change(operator(), people.named(name).id, role=role)
    typer.echo(f"{account.name} is {role} now.")


@app.command()
def rename(name: _Name, display_name: Annotated[str, typer.Argument(help="What others call her.")]) -> None:
    """Change the name that shoppers and colleagues see."""
    with _people() as people:
        account = people.change(operator(), people.named(name).id, display_name=display_name)
    typer.echo(f"{account.name} is called {account.display_name} now.")


@app.command()
def password(name: _Name) -> None:
    """Give a member of staff a password to sign in with once, and print it; sign-ins and tokens end."""
    with _people() as people:
        typer.echo(people.renew_password(operator(), people.named(name).id))


@app.command()
def disable(name: _Name) -> None:
    """Let an account open nothing any more: signed out at once, away from the desk; nothing is deleted."""
    with _people() as people:
        account = people.named(name)
        waiting = people.disable(operator(), account.id)
    typer.echo(f"{account.name} is disabled; {waiting} conversation(s) wait again.")


@app.command()
def enable(name: _Name) -> None:
    """Let a disabled account sign in again, with the password it had."""
    with _people() as people:
        account = people.named(name)
        people.enable(operator(), account.id)
    typer.echo(f"{account.name} may sign in again.")


@app.command()
def sessions(
    name: _Name,
    end: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Sign her out there: its number.")] = 0,
    end_all: Annotated[bool, typer.Option("--end-all", help="Sign her out everywhere.")] = False,
) -> None:
    """List where somebody is signed in (number, since, last active, address, device), or end that."""
    from bot.staff.devices import device

    with _people() as people:
        account = people.named(name)
        if end_all:
            typer.echo(f"Signed out: {people.sign_ins.end_all(operator(), account.id)}.")
        elif end:
            people.end_sign_in(operator(), account.id, end)
            typer.echo("Signed out: 1.")
        else:
            for each in people.signed_in(account.id):
                moments = (_shown(each.began_at), _shown(each.seen_at))
                typer.echo("  ".join((str(each.id), *moments, each.address or "-", device(each.device))))


@app.command()
def token(
    name: _Name,
    label: Annotated[str, typer.Option(help="What it is for, to tell it from others.")] = "",
    days: Annotated[int, typer.Option(min=0, max=36500, help="How long it holds; 0: until revoked.")] = 0,
) -> None:
    """Make an API token that acts for a member of staff at the desk API, and print it, this once."""
    with _people() as people:
        made, key = people.tokens.make(people.named(name).name, label, days)
    keep(store(), "token_make", token=made.id, account=made.account_id)
    typer.echo(key)
    typer.secho(f"This is token {made.id}; `bot staff revoke {made.id}` ends it.", err=True)


@app.command("tokens")
def list_tokens() -> None:
    """List the API tokens: number, account, role, made, last used, ends, label."""
    with _people() as people:
        for key, account in people.tokens.listed():
            moments = map(_shown, (key.created_at, key.last_used_at, key.expires_at))
            typer.echo("  ".join((str(key.id), account.name, account.role, *moments, key.label)))


@app.command()
def revoke(number: _Number) -> None:
    """End an API token at once."""
    from bot.staff.tokens import UnknownToken

    with _people() as people:
        try:
            people.tokens.revoke(number)
        except UnknownToken:
            fail(f"There is no token {number}: see `bot staff tokens`.")
    keep(store(), "token_revoke", token=number)
    typer.echo(f"Token {number} opens nothing any more.")


@contextmanager
def _people() -> "Iterator[People]":
    """The staff; what cannot be done is told in a sentence."""
    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.handoff import agents
    from bot.handoff.routing import Routing
    from bot.staff.people import NotDone, People
    from bot.staff.plain import sentences

    engine = connect(installed().database)
    log = Store(engine, desk_rules=Routing())
    try:
        yield People(engine, partial(agents.dismiss, log))
    except NotDone as why:
        if why.why == "unknown":
            fail("There is no account of this name: see `bot staff list`.")
        fail(sentences("en")(f"not_{why.why}"))
    finally:
        engine.dispose()


def _shown(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"
