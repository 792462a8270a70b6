"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import typer

from bot.review_command import app as review

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")
app.add_typer(review, name="review")
