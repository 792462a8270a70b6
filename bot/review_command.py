"""The command ``bot studio review``: the inbox from the terminal."""

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bot.conversations.store import Store
    from bot.staff.sessions import Staff
    from bot.studio.files import Repository
    from bot.studio.review.known import Known

app = typer.Typer(help="Turns from which the bot can learn: list the groups, decide on one, take it back.")

SENTENCES = {
    "gone": "Nothing of the group is open: see `bot studio review`.",
    "undone": "There is no such decision, or it was taken back already.",
    "by_files": "The sentence stands in the files: take it out there, and it is open again.",
    "unknown": "There is no intent or topic {name}.",
    "no_sentence": "“{text}” is no sentence: decide on this group in the studio.",
    "too_long": "“{text}…” has more than {most} characters: decide on this group in the studio.",
}


@app.callback(invoke_without_command=True)
def groups(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of groups.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Groups.")] = 20,
) -> None:
    """List the groups, the most frequent first: number, messages, why, and what was said last."""
    if context.invoked_subcommand:
        return
    from sqlalchemy.exc import SQLAlchemyError

    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.studio.review import inbox

    try:
        listed, _ = inbox.groups(Store(connect(settings.database)), limit=limit)
    except SQLAlchemyError as error:
        _no_database(error)
    if as_json:
        shown = [{**vars(each), "at": each.at.isoformat()} for each in listed]
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for each in listed:
        typer.echo(f"{each.id:6} {each.count:5}  {', '.join(each.why)}  {each.text}")
    if not listed:
        typer.secho("Nothing to review.", err=True)


@app.command()
def decide(
    group: Annotated[int, typer.Argument(help="Its number, as listed.")],
    intent: Annotated[str, typer.Option(help="The intent that its texts become examples of.")] = "",
    faq: Annotated[str, typer.Option(help="The FAQ topic that its texts become questions of.")] = "",
    out_of_scope: Annotated[bool, typer.Option("--out-of-scope", help="The bot shall not answer.")] = False,
    ignore: Annotated[bool, typer.Option("--ignore", help="There is nothing to learn.")] = False,
) -> None:
    """Decide on all texts of a group; exactly one of the four options."""
    from bot.studio.review.decisions import Kind, Wish
    from bot.studio.review.decisions import decide as decide_on

    given: list[tuple[object, Kind, str | None]] = [
        (intent, "intent", intent),
        (faq, "topic", f"faq/{faq.removeprefix('faq/')}"),
        (out_of_scope, "out_of_scope", None),
        (ignore, "ignore", None),
    ]
    chosen = [(kind, target) for option, kind, target in given if option]
    if len(chosen) != 1:
        _fail("Give one of --intent, --faq, --out-of-scope and --ignore.")
    store, repository, known, by = _services()
    with _Told():
        made = decide_on(store, repository, known, by, Wish(group, *chosen[0]))
    for sentence in made.written:
        typer.echo(f"{made.target}  {sentence}")
    typer.secho(
        f"Decision {made.id}: messages {made.turns}, sentences written {len(made.written)}.", err=True
    )


@app.command()
def undo(decision: Annotated[int, typer.Argument(help="Its number, as `decide` told it.")]) -> None:
    """Take a decision back: what it wrote goes, and its messages are open again."""
    from bot.studio.review.decisions import undo as take_back

    store, repository, _, by = _services()
    with _Told():
        undone = take_back(store, repository, by, decision)
    typer.secho(f"Decision {decision} was taken back; group {undone.group_id} is open again.", err=True)


def _services() -> "tuple[Store, Repository, Known, Staff]":
    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings
    from bot.staff.sessions import Staff
    from bot.studio.audit.keeping import audited_files
    from bot.studio.review.known import Known

    who = f"cli:{os.getuid()}"
    root = settings.bot_dir
    store = Store(connect(settings.database))
    return store, audited_files(root, store, by=who), Known(root), Staff(0, who, who, "admin")


class _Told:
    """What goes wrong inside is told in a sentence, and the command fails."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        from bot.studio.files import Trouble
        from bot.studio.review.decisions import CannotDecide

        match error:
            case CannotDecide():
                _fail(SENTENCES.get(error.why, error.why).format(**error.values))
            case Trouble():
                _fail(f"Nothing was written: {error}")
            case SQLAlchemyError():
                _no_database(error)


def _no_database(error: Exception) -> NoReturn:
    _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate` first.")


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    sys.exit(1)
