"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")


@app.command()
def compare(
    candidate: Annotated[str, typer.Argument(help="The model that may take the place; its name or archive.")],
    current: Annotated[
        str, typer.Option(help="The model that serves; default: that which answered last.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print verdict and report as JSON.")] = False,
) -> None:
    """Compare a candidate with the model that serves; ends with 1 if it may not take its place."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.proof import Comparisons, text
    from bot.studio.proof.comparisons import SUFFIX, Refused, verdict_of

    comparisons = Comparisons(Store(connect(settings.database)), settings)
    try:
        serves = current or comparisons.current()
        if not serves:
            typer.secho("No model has answered yet: name one with --current.", fg="red", err=True)
            sys.exit(1)
        names = [Path(name).name.removesuffix(SUFFIX) for name in (candidate, serves)]
        id = comparisons.compare(names[0], names[1], by="terminal")
        typer.secho(f"Comparing {names[0]} with {names[1]}, about a minute …", err=True)
        asyncio.run(comparisons.perform(id))
        found = comparisons.comparison(id)
    except Refused as refused:
        typer.secho(refused.say("en"), fg="red", err=True)
        sys.exit(1)
    except SQLAlchemyError as error:
        cause = type(error).__name__
        typer.secho(f"The database cannot be used ({cause}): run `bot migrate` first.", fg="red", err=True)
        sys.exit(1)
    verdict = verdict_of(found, "en")
    if as_json:
        said = {"id": id, "passed": verdict.passed, "reasons": verdict.reasons, "report": found.report}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        typer.echo(text.table(found, verdict))
    sys.exit(0 if verdict.passed else 1)
