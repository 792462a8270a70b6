"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import typer

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")
