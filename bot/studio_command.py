"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bot.studio.promotion import Promoter, Run

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")

_Why = Annotated[str, typer.Option(help="Kept in the history; needed where something speaks against it.")]
_Running = Annotated[
    bool, typer.Option("--already-running", help="The other side's engines were started by hand.")
]


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="Name of a trained model, with or without .tar.gz.")],
    why: _Why = "",
    already_running: _Running = False,
) -> None:
    """Put a model in the place of the one that answers, without a pause."""
    _carry_out(lambda promoter, by: promoter.promote(model, by, why, already_running))


@app.command()
def rollback(why: _Why = "", already_running: _Running = False) -> None:
    """Go back to the model that answered before."""
    _carry_out(lambda promoter, by: promoter.roll_back(by, why, already_running))


def _carry_out(begin: "Callable[[Promoter, str], Run]") -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.promotion import SENTENCES, Promoter, Stopped

    said = SENTENCES["en"]
    try:
        run = begin(Promoter(settings, Store(connect(settings.database))), f"cli:{os.getuid()}")
        run.carry_out(lambda step: typer.echo(f"  {said(f'step_{step}')} …"))
    except Stopped as why:
        _fail(said(f"why_{why.code}", **why.values))
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate`, see that it runs.")
    typer.echo(said("done", model=run.model))


def _fail(message: str) -> NoReturn:
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(1)
