"""The command ``bot studio faq``: the FAQ topics from the terminal."""

import json
import logging
import sys
import unicodedata
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.studio.files import Draft, Repository
    from bot.studio.files.language import Topic, Variation
    from bot.studio.sheets import Plan

app = typer.Typer(
    no_args_is_help=True, help="FAQ topics: list, change, and exchange them with Excel as a sheet."
)

DAYS = ["%Y-%m-%d"]
UNWRITTEN = "Nothing was written: "
TOLD = 200
"""Problems that are printed."""

_Topic = Annotated[str, typer.Argument(help="Its name, as return_days or faq/return_days.")]
_As = Annotated[str, typer.Option("--as", help="Who makes the change.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.callback()
def begin() -> None:
    """Keep the log out of what is printed."""
    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@app.command("list")
def list_topics(
    search: Annotated[str, typer.Argument(help="Only topics with this in name, questions or answer.")] = "",
    area: Annotated[str, typer.Option(help="Only those of this file, as returns.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of topics.")] = False,
) -> None:
    """List the topics: name, area, number of questions, first question."""
    from bot.studio.sheets import short
    from bot.studio.sheets.columns import area as area_of

    wanted = search.casefold()
    found = [
        each
        for each in _topics()
        if area in ("", area_of(each))
        and any(
            wanted in text.casefold()
            for text in (each.name, *(q.plain for q in each.questions), *(a.text for a in each.answers))
        )
    ]
    if as_json:
        typer.echo(json.dumps([_data(each) for each in found], ensure_ascii=False, indent=2))
        return
    for each in found:
        title = each.questions[0].plain if each.questions else ""
        typer.echo(f"{short(each.name):28}  {area_of(each):12}  {len(each.questions):4}  {_one_line(title)}")
    if not found:
        typer.secho("There is no such topic.", err=True)


@app.command()
def show(
    topic: _Topic,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show a topic: what it counts as, its answers, its questions."""
    from bot.studio.sheets.columns import area as area_of

    found = _topic(topic)
    if as_json:
        typer.echo(json.dumps(_data(found), ensure_ascii=False, indent=2))
        return
    typer.echo(f"{found.name}  ({area_of(found)}, {found.path}:{found.line})")
    typer.echo(f"counts as  {found.intent}")
    for answer in found.answers:
        typer.echo(f"answer     {_clean(answer.text)}{_terms(answer)}")
    for question in found.questions:
        typer.echo(f"question   {_one_line(question.text)}")


@app.command()
def add(
    topic: _Topic,
    area: Annotated[str, typer.Option(help="The file of data/nlu/faq that it lies in, as returns.")],
    intent: Annotated[str, typer.Option(help="The intent that it counts as.")],
    question: Annotated[list[str], typer.Option(help="A question; the first names the topic.")],
    answer: Annotated[str, typer.Option(help="What the bot answers.")],
    account: _As = "admin",
) -> None:
    """Add a topic."""
    from bot.studio.files import language
    from bot.studio.sheets import full

    name = full(topic)

    def change(draft: "Draft") -> None:
        path = f"{language.FAQ}/{area}.yml"
        language.add_topic(draft, path, name, intent, [language.as_line(each) for each in question], [answer])

    _edit(account, f"Topic added: {name}", change)


@app.command()
def answer(
    topic: _Topic,
    text: Annotated[str, typer.Argument(help="What the bot answers from now on.")],
    channel: Annotated[str, typer.Option(help="The one channel it is for, as wechat.")] = "",
    since: Annotated[datetime | None, typer.Option("--from", formats=DAYS, help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAYS, help="The last day.")] = None,
    account: _As = "admin",
) -> None:
    """Let a topic's answer be another, in the place of the one for the same channel and days."""
    from bot.studio.files import language
    from bot.studio.files.language import Variation

    found = _topic(topic)
    fresh = Variation(text, channel, since.date() if since else None, until.date() if until else None)

    terms = [(each.channel, each.since, each.until) for each in found.answers]
    mine = (fresh.channel, fresh.since, fresh.until)
    place = terms.index(mine) if mine in terms else len(terms)
    wanted = [*found.answers[:place], fresh, *found.answers[place + 1 :]]
    _edit(account, f"Answer of {found.name}", lambda draft: language.set_answer(draft, found.name, wanted))


@app.command()
def question(
    topic: _Topic,
    text: Annotated[list[str], typer.Argument(help="The questions, each in quotes.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away instead.")] = False,
    account: _As = "admin",
) -> None:
    """Add questions to a topic; it knows them once the bot is trained."""
    from bot.studio.files import language

    found = _topic(topic)

    def change(draft: "Draft") -> None:
        for each in text:
            if remove:
                language.remove_example(draft, found.name, each)
            else:
                language.add_example(draft, found.name, language.as_line(each))

    kind = "removed from" if remove else "added to"
    _edit(account, f"Questions {kind} {found.name}: {len(text)}", change)


@app.command()
def remove(topic: _Topic, yes: _Yes = False, account: _As = "admin") -> None:
    """Remove a topic with its questions and answers."""
    from bot.studio.files import language

    found = _topic(topic)
    _sure(f"Remove {found.name} with {len(found.questions)} questions?", yes)
    _edit(account, f"Topic removed: {found.name}", lambda draft: language.remove_topic(draft, found.name))


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="An .xlsx or .csv; by default one named after the commit.")
    ] = None,
    chinese: Annotated[bool, typer.Option("--zh/--en", help="The language of the headings.")] = True,
) -> None:
    """Write the topics as a sheet for Excel."""
    from bot.studio import sheets
    from bot.studio.files import language

    with _told():
        snapshot = _files().look()
        topics = language.topics(snapshot)
    file = file or Path(sheets.name_of("xlsx", snapshot.commit))
    t = sheets.SENTENCES["zh" if chinese else "en"]
    match file.suffix.lower():
        case ".xlsx":
            content = sheets.xlsx_of(topics, t, snapshot.commit)
        case ".csv":
            content = sheets.csv_of(topics, t)
        case _:
            _fail(f"{file}: name it .xlsx or .csv.")
    try:
        file.write_bytes(content)
    except OSError as error:
        _fail(f"{file} cannot be written: {error.strerror}.")
    typer.echo(f"{file}: {len(topics)} topics")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An .xlsx or .csv with the columns of the export.")],
    questions: Annotated[
        bool, typer.Option("--remove-questions", help="Questions that the sheet lacks go.")
    ] = False,
    topics: Annotated[bool, typer.Option("--remove-topics", help="Topics that the sheet lacks go.")] = False,
    yes: _Yes = False,
    account: _As = "admin",
) -> None:
    """Read a sheet back: tell what is wrong, row by row, or what would change, and write it."""
    from bot.studio import sheets
    from bot.studio.files import Author

    files, t = _audited(), sheets.SENTENCES["en"]
    try:
        with file.open("rb") as opened:
            # One byte more tells that there is more.
            content = opened.read(sheets.LARGEST + 1)
    except OSError as error:
        _fail(f"{file} cannot be read: {error.strerror}.")
    with _told():
        plan = sheets.compared(files, content, file.name, sheets.Options(questions, topics))
    for each in plan.faults[:TOLD]:
        typer.echo(_one_line(sheets.told(t, each)), err=True)
    if plan.faults:
        _fail(f"{UNWRITTEN}{t('faults', count=len(plan.faults))}.")
    for warned in plan.warnings[:TOLD]:
        typer.echo(_one_line(sheets.told(t, warned)), err=True)
    _print(plan)
    if plan.empty:
        return
    _sure("Write this?", yes)
    with _told(UNWRITTEN):
        made = sheets.make(files, Author(account, account), sheets.summary(t, plan), plan)
    typer.echo(f"Written: {made[:10]}." if made else t("nothing_done"))


def _print(plan: "Plan") -> None:
    """What a plan would change, a line for each."""
    from bot.studio import sheets

    t = sheets.SENTENCES["en"]
    if plan.empty:
        typer.echo(t("unchanged"))
    for each in plan.changes:
        typer.echo(f"{each.name}  ({t('new')})" if each.new else each.name)
        if each.intent:
            typer.echo(f"  counts as {each.intent[1]}")
        for sign, answers in zip("-+", each.answers or ((), ()), strict=True):
            for said in answers:
                typer.echo(f"  {sign} answer {_one_line(said.text)}{_terms(said)}")
        for pair in each.reworded:
            typer.echo(f"  - {_one_line(pair.old)}\n  + {_one_line(pair.new)}")
        for line in each.added:
            typer.echo(f"  + {_one_line(line.text)}")
        for text in each.removed:
            typer.echo(f"  - {_one_line(text)}")
    if plan.lacking:
        typer.secho(f"{plan.lacking} questions stay that the sheet lacks: see --remove-questions.", err=True)
    for topic in plan.gone:
        if plan.options.topics:
            typer.echo(f"{topic.name}  ({t('gone')})")
    if plan.gone and not plan.options.topics:
        typer.secho(f"{len(plan.gone)} topics stay that the sheet lacks: see --remove-topics.", err=True)


# ---- what the commands share ----


def _files() -> "Repository":
    from bot.settings import settings
    from bot.studio.files import Repository

    return Repository(settings.bot_dir)


def _audited() -> "Repository":
    """The files, each change of which is kept in the audit of the installation, where there is one."""
    from bot.conversations import snapshots
    from bot.settings import settings
    from bot.studio.audit.keeping import audited_files

    if not snapshots.is_there(settings.database):
        return _files()
    return audited_files(settings.bot_dir, terminal.store(), by=terminal.operator())


def _topics() -> "list[Topic]":
    from bot.studio.files import language

    with _told():
        return language.topics(_files().look())


def _topic(name: str) -> "Topic":
    from bot.studio.sheets import full

    found = next((each for each in _topics() if each.name == full(name)), None)
    if found is None:
        _fail(f"There is no topic {full(name)}: see `bot studio faq list`.")
    return found


def _edit(account: str, summary: str, change: "Callable[[Draft], None]") -> None:
    from bot.studio.files import Author

    with _told(UNWRITTEN), _audited().edit(Author(account, account), summary) as draft:
        change(draft)
    typer.echo(f"Written: {draft.commit[:10]}." if draft.commit else "That is so already.")


def _sure(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        _fail(f"{UNWRITTEN}give --yes where nobody can be asked.")
    typer.confirm(question, abort=True)


def _data(topic: "Topic") -> dict[str, object]:
    from bot.studio.sheets.columns import area

    return {
        "name": topic.name,
        "area": area(topic),
        "intent": topic.intent,
        "answers": [
            {
                "text": each.text,
                "channel": each.channel or None,
                "since": each.since and each.since.isoformat(),
                "until": each.until and each.until.isoformat(),
            }
            for each in topic.answers
        ],
        "questions": [each.text for each in topic.questions],
    }


def _terms(answer: "Variation") -> str:
    terms = [
        answer.channel and f"on {answer.channel}",
        answer.since and f"from {answer.since}",
        answer.until and f"until {answer.until}",
    ]
    told = ", ".join(str(each) for each in terms if each)
    return f"  ({told})" if told else ""


def _clean(text: str) -> str:
    """What people wrote must not steer the terminal."""
    return "".join(sign if sign == "\n" or unicodedata.category(sign)[0] != "C" else " " for sign in text)


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


@contextmanager
def _told(before: str = "") -> "Iterator[None]":
    """What goes wrong with the files inside is told in a sentence, and the command fails."""
    from bot.studio.files import Trouble

    try:
        yield
    except Trouble as why:
        _fail(f"{before}{why}")


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    sys.exit(1)
