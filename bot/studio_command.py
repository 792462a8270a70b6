"""The command ``bot studio``: what the studio's pages do, from the terminal."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.faq_command import app as faq
from bot.review_command import app as review

if TYPE_CHECKING:
    from bot.studio.promotion import Promoter, Run

app = typer.Typer(no_args_is_help=True, help="Teach the bot: review, train, compare, promote, go back.")
app.add_typer(review, name="review")
app.add_typer(faq, name="faq")

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 15.0


@app.command()
def train(
    wait: Annotated[
        bool, typer.Option("--wait", help="Show its steps until it ends; 1 unless there is a model.")
    ] = False,
) -> None:
    """Ask for a model of the data as it is committed now; the worker trains it."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.files import Repository, Trouble
    from bot.studio.training import queue
    from bot.studio.training.models import DONE, OPEN
    from bot.studio.training.refusals import reason
    from bot.studio.training.sentences import failure, sentences
    from bot.studio.training.sentences import time as told_time

    t = sentences("en")
    store, files = Store(connect(settings.database)), Repository(settings.bot_dir)
    try:
        asked = queue.ask(store, files.head(), queue.By(f"cli:{os.getuid()}"))
        training = asked.training
        typer.echo(f"Training {training.id} of {training.commit_id[:7]}: {t(f'asked_{asked.how}')}")
        began, said = time.monotonic(), ""
        while wait and training.state in OPEN:
            if training.step and training.step != said:
                said = training.step
                left = training.seconds_left
                share = "" if training.share is None else f"{training.share:4.0%}  "
                typer.echo(f"  {share}{said}{'' if left is None else f', {told_time(t, left)} left'}")
            elif not training.began_at and time.monotonic() - began > PATIENCE_SECONDS:
                typer.secho("Nothing happens yet: does the worker run?", err=True)
                began = float("inf")
            time.sleep(LOOK_SECONDS)
            training = queue.found(store, training.id) or training
    except Trouble as why:
        _fail(str(why))
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate` first.")
    if not wait:
        return
    if training.state == DONE:
        typer.echo(f"{training.model}{'' if training.fresh else ': it was there already'}")
        return
    because = reason(t, training, files)
    told = (t(f"state_{training.state}"), failure(t, training), because.said, because.words)
    _fail("\n".join(filter(None, told)))


@app.command()
def models() -> None:
    """List the trained models, newest first: what serves, when and by whom it was trained, and from what."""
    from bot.settings import settings
    from bot.studio.models import Models
    from bot.studio.serving import serving

    serve = serving(settings)
    for model in Models(settings.models_dir).listed():
        marks = [word for word, holds in (("serves", model.name in serve), ("kept", model.pinned)) if holds]
        rows = "  ".join(f"{count} {name}" for name, count in model.rows.items())
        facts = (
            f"{model.trained_at:%Y-%m-%d %H:%M}Z",
            model.by,
            model.commit and model.commit[:7],
            rows,
            model.seconds and f"{model.seconds} s",
            f"{model.size / 1e6:.1f} MB",
            model.sha256 and model.sha256[:12],
            ", ".join(marks),
        )
        typer.echo("  ".join((model.name, *(str(fact) for fact in facts if fact))))


@app.command()
def uses(
    name: Annotated[
        str, typer.Argument(help="An intent, entity, slot, response, action, form, topic or policy.")
    ],
) -> None:
    """Tell which rules, stories, forms, code, examples and settings use what is called so."""
    from bot.settings import settings
    from bot.studio import uses as used
    from bot.studio.files import Repository, Trouble

    try:
        things = used.uses(Repository(settings.bot_dir).look()).called(name)
    except Trouble as why:
        _fail(str(why))
    if not things:
        _fail(f"Nothing is called {name!r}.")
    for thing in things:
        typer.echo(f"{thing.kind} {thing.name}  ({thing.path}:{thing.line})")
        for use in thing.uses:
            lines = f", lines: {use.count}" if use.by == "examples" else ""
            typer.echo(
                f"  {use.by}  {use.name}  ({use.path}:{use.line}{lines}{', maybe' if use.maybe else ''})"
            )


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
    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.audit.keeping import audited_files
    from bot.studio.files import Author, Trouble

    store = Store(connect(settings.database))
    files = audited_files(settings.bot_dir, store, by=f"cli:{os.getuid()}")
    try:
        made = files.revert(change, Author(account, account))
    except Trouble as why:
        _fail(str(why))
    typer.echo(f"Taken back: {made[:10]}." if made else "Nothing of it is left.")


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
    from bot.studio.proof import Comparisons

    said = SENTENCES["en"]
    try:
        store = Store(connect(settings.database))
        against = partial(Comparisons(store, settings).against, language="en")
        run = begin(Promoter(settings, store, against), f"cli:{os.getuid()}")
        run.carry_out(lambda step: typer.echo(f"  {said(f'step_{step}')} …"))
    except Stopped as why:
        _fail(said(f"why_{why.code}", **why.values))
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate`, see that it runs.")
    typer.echo(said("done", model=run.model))


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
        _fail(str(why))


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

    from bot.conversations import audits
    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.files import Repository
    from bot.studio.proof import Comparisons, causes, text
    from bot.studio.proof.comparisons import SUFFIX, Refused, verdict_of

    store = Store(connect(settings.database))
    comparisons = Comparisons(store, settings)
    try:
        serves = current or comparisons.current()
        if not serves:
            _fail("No model has answered yet: name one with --current.")
        names = [Path(name).name.removesuffix(SUFFIX) for name in (candidate, serves)]
        id = comparisons.compare(names[0], names[1], by="terminal")
        audits.note(store, f"cli:{os.getuid()}", "compare", comparison=id, model=names[0])
        typer.secho(f"Comparing {names[0]} with {names[1]}, about a minute …", err=True)
        asyncio.run(comparisons.perform(id))
        found = comparisons.comparison(id)
    except Refused as refused:
        _fail(refused.say("en"))
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate` first.")
    verdict = verdict_of(found, "en")
    if as_json:
        said = {"id": id, "passed": verdict.passed, "reasons": verdict.reasons, "report": found.report}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        why = causes.causes(store, settings.models_dir, Repository(settings.bot_dir), found)
        typer.echo(text.table(found, verdict, why))
    sys.exit(0 if verdict.passed else 1)


@app.command()
def check() -> None:
    """Look for rules and stories that contradict each other, without a training; ends with 1 if there are."""
    from bot.settings import settings
    from bot.studio.files import Repository, Trouble
    from bot.studio.stories import checking, sentences

    say = sentences.SENTENCES["en"]

    async def checked() -> checking.Outcome:
        outcome = checking.Outcome()
        async for each in checking.check(Repository(settings.bot_dir).look()):
            if isinstance(each, checking.Step):
                typer.secho(f"  {say(f'check_{each.name}')}", err=True)
            else:
                outcome = each
        return outcome

    try:
        outcome = asyncio.run(checked())
    except Trouble as why:
        _fail(str(why))
    if outcome.failed:
        _fail(say("check_failed", why=outcome.failed))
    for found in outcome.found:
        typer.echo(sentences.plain(sentences.told(say, found)))
    if outcome.found:
        sys.exit(1)
    typer.echo(say("check_clean"))


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    sys.exit(1)
