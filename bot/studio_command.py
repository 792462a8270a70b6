"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import sys
from typing import Annotated, NoReturn

import typer

from bot.review_command import app as review

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")
app.add_typer(review, name="review")


@app.command()
def history(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    path: Annotated[str | None, typer.Option(help="Only changes of this file, as data/policies.yml.")] = None,
) -> None:
    """List what was changed in the bot's files, the newest first."""
    from bot.settings import settings
    from bot.studio.files import Repository, Trouble

    files = Repository(settings.bot_dir)
    try:
        waiting = files.pending()
        changes = files.history(limit, path=path)
    except Trouble as why:
        _fail(str(why))
    for each in changes:
        count = f"+{each.additions} -{each.deletions}"
        what = each.paths[0] if len(each.paths) == 1 else f"{len(each.paths)} files"
        typer.echo(
            f"{each.id[:10]}  {each.at.astimezone():%Y-%m-%d %H:%M}  {each.author.name}  {each.summary}  "
            f"({what}, {count})"
        )
    if waiting:
        typer.secho("Edited by hand, but not passing the check, and so not counting yet:", fg="red", err=True)
        for problem in waiting.problems:
            typer.echo(problem, err=True)


@app.command()
def revert(
    change: Annotated[str, typer.Argument(help="As `bot studio history` lists it.")],
    account: Annotated[str, typer.Option("--as", help="Who takes it back.")] = "admin",
) -> None:
    """Take a change of the bot's files back; what was changed after it stays."""
    from bot.settings import settings
    from bot.studio.files import Author, Repository, Trouble

    files = Repository(settings.bot_dir)
    try:
        made = files.revert(change, Author(account, account))
    except Trouble as why:
        _fail(str(why))
    typer.echo(f"Taken back: {made[:10]}." if made else "Nothing of it is left.")


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    sys.exit(1)
