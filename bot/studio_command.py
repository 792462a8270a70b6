"""The command ``bot studio``: what the studio's pages do, from the terminal."""

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")


@app.command()
def figures(
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, of the shop's.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day; today if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For machines: seconds, shares from 0 to 1.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The same as one table.")] = False,
) -> None:
    """Print the figures of a period, 7 days if nothing is said, beside the period before."""
    from bot.settings import settings
    from bot.studio import figures_command

    try:
        how = figures_command.As.JSON if json else figures_command.As.CSV if csv else figures_command.As.TEXT
        typer.echo(figures_command.printed(settings, first, last, how), nl=False)
    except figures_command.CannotTell as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(1) from None
