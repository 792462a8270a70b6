"""The command ``bot``."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.staff_command import app as staff
from bot.studio_command import app as studio
from bot.terminal import fail as _fail
from bot.terminal import keep as _keep
from bot.terminal import operator as _operator
from bot.terminal import store as _store
from bot.wechat_command import app as wechat

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from bot.conversations.store import Store

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
data = typer.Typer(no_args_is_help=True, help="Training data.")
catalogue = typer.Typer(no_args_is_help=True, help="The shop's goods, as the bot knows them.")
shop = typer.Typer(no_args_is_help=True, help="The shop that the bot talks to.")
secrets = typer.Typer(no_args_is_help=True, help="What the processes prove themselves and sign with.")
privacy = typer.Typer(no_args_is_help=True, help="What is kept of a customer or visitor.")
webhooks = typer.Typer(no_args_is_help=True, help="Addresses that are told of conversations and tickets.")
app.add_typer(data, name="data")
app.add_typer(catalogue, name="catalogue")
app.add_typer(shop, name="shop")
app.add_typer(staff, name="staff")
app.add_typer(secrets, name="secrets")
app.add_typer(privacy, name="privacy")
app.add_typer(webhooks, name="webhooks")
app.add_typer(studio, name="studio")
app.add_typer(wechat, name="wechat")


@app.callback()
def guitai() -> None:
    """Guitai (柜台): a Chinese customer-support bot for shops, with a human desk behind it."""


@app.command()
def demo() -> None:
    """Start everything with the sample shop; Ctrl-C stops it."""
    from bot import demo as whole
    from bot.launcher import CannotStart
    from bot.settings import settings

    try:
        whole.run(settings)
    except CannotStart as why:
        _fail(str(why))


@app.command()
def migrate() -> None:
    """Make or upgrade the tables and the first staff accounts, whose passwords are in passwords.json."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot import demo as whole
    from bot.settings import settings

    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole.prepare(settings)
    except SQLAlchemyError as error:
        cause = type(error).__name__
        _fail(f"The database cannot be used ({cause}): see that it runs and GUITAI_DATABASE_URL is right.")


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=_PASSED_ON, add_help_option=False)
def evaluate(context: typer.Context) -> None:
    """Measure how the model reads labelled messages (CASES.tsv…); --help lists the options."""
    _in_engine("bot.engine.evaluation", context.args)


@app.command(context_settings=_PASSED_ON, add_help_option=False)
def evaluate_faq(context: typer.Context) -> None:
    """Print the written answer that each question (CASES.tsv) would get; --help lists the options."""
    _in_engine("bot.engine.evaluation.faq", context.args)


@app.command()
def mood(
    files: Annotated[list[Path], typer.Argument(help="Tables with the columns text and label.")],
) -> None:
    """Measure how the moods of labelled messages are read, and print those that are read wrongly."""
    from bot.handoff.mood_measure import BadCases, figures, read_all

    for path in files:
        try:
            readings = read_all(path)
        except BadCases as why:
            _fail(str(why))
        wrong = [each for each in readings if each.read != each.label]
        right = 1 - len(wrong) / max(len(readings), 1)
        typer.echo(f"{path}: {len(readings)} messages, {right:.3f} read rightly")
        typer.echo("label     count  precision  recall")
        for each in figures(readings):
            typer.echo(f"{each.label:8} {each.count:6} {each.precision:10.3f} {each.recall:7.3f}")
        for reading in wrong:
            typer.echo(f"{reading.label} read as {reading.read}: {reading.text}")
        typer.echo("")


def _in_engine(module: str, arguments: list[str]) -> NoReturn:
    from bot.launcher import ENGINE_PYTHON

    command = [str(ENGINE_PYTHON), "-m", module, *arguments]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603


@data.command()
def check(
    apart_from: Annotated[
        list[Path] | None,
        typer.Option(help="Table with a column text or question, of which no row may be data."),
    ] = None,
) -> None:
    """Look for data that cannot work and for examples that repeat themselves, each with file and line."""
    from bot.data_check import examples, problems
    from bot.data_files import Unreadable
    from bot.data_near import measured, repeated
    from bot.handoff import desk_rules
    from bot.settings import ROOT

    try:
        desk_rules.read()
    except desk_rules.Unreadable as why:
        _fail(str(why))
    found = problems(ROOT)
    if not found:
        lines = examples(ROOT)
        try:
            found = [*repeated(lines), *(each for path in apart_from or () for each in measured(lines, path))]
        except Unreadable as error:
            _fail(str(error))
    for problem in found:
        typer.echo(problem)
    if found:
        _fail(f"{len(found)} problem(s) in the training data.")
    typer.echo("The training data is in order.")


@catalogue.command()
def sync() -> None:
    """Fetch the names of all products from the shop, for the next training."""
    from actions.backend.contract import ShopError
    from actions.shop import shop
    from bot.catalogue import FILE, EmptyCatalogue, fetch, replace
    from bot.settings import settings

    try:
        names = fetch(shop())
    except (ShopError, EmptyCatalogue) as error:
        secret = settings.data_dir / "secrets" / "shop-service"
        _fail(
            f"The shop at {settings.shop_api} gave no catalogue: {error}. The old one stays."
            f" See that it runs, that GUITAI_SHOP_URL is its address and it knows the secret in {secret}."
        )
    try:
        added, removed = replace(FILE, names)
    except OSError as error:
        _fail(f"The catalogue cannot be written: {error}. May you write the file, is the disk full?")
    typer.echo(f"{len(names)} products, {added} added, {removed} removed.")
    if added or removed:
        typer.echo("They count once the bot has learned them: run `make train`.")


@shop.command()
def load(
    file: Annotated[Path, typer.Argument(help="YAML as docs/order-backend.md describes it.")],
    replace: Annotated[bool, typer.Option("--replace", help="Empty the sample shop first.")] = False,
) -> None:
    """Put the customers, products and orders of a file into the sample shop, also while it runs."""
    from bot.settings import settings
    from bot.shop.loading import CannotLoad
    from bot.shop.loading import load as put

    try:
        done = put(settings.shop_database, file, replace=replace)
    except CannotLoad as why:
        _fail(str(why))
    typer.echo(
        f"Loaded: {done.customers} customers, {done.products} products, {done.orders} orders,"
        f" {done.promotions} promotions."
    )


@shop.command("check")
def check_shop(
    customer: Annotated[str, typer.Option(help="Id of one of the shop's customers.")],
    order: Annotated[str, typer.Option(help="Number of an order of hers.")],
    url: Annotated[str, typer.Argument(help="Address of the backend; without, the configured shop.")] = "",
    phone_tail: Annotated[
        str, typer.Option(help="Last four digits of the recipient's phone: checks a visitor's way too.")
    ] = "",
    writes: Annotated[
        bool, typer.Option("--writes", help="Also the calls that write, with dry_run=true.")
    ] = False,
) -> None:
    """Make the contract's calls to the shop, and print how each went. Writes nothing."""
    import structlog

    from actions.backend import check
    from actions.backend.choice import connect
    from bot.settings import settings

    # What failed stands in the findings.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    chosen = settings.model_copy(update={"shop_url": url, "shop_adapter": "rest"}) if url else settings
    # Every call is to be tried, whatever became of those before.
    backend = connect(chosen, open_after=1000)
    wrong = 0
    for finding in check.check(backend, customer, order, phone_tail=phone_tail, writes=writes):
        wrong += not finding.ok
        typer.secho(
            f"{'ok   ' if finding.ok else 'WRONG'}  {finding.call:24}  {finding.said}",
            fg=None if finding.ok else "red",
        )
    if wrong:
        _fail(f"{wrong} call(s) went wrong.")
    typer.echo("The shop keeps the contract as far as was checked.")


_Customer = Annotated[str, typer.Option(help="Id of the shop's customer.")]
_Conversation = Annotated[str, typer.Option(help="Id of one conversation: a visitor has no other name.")]


@privacy.command()
def export(
    customer: _Customer = "",
    conversation: _Conversation = "",
    out: Annotated[Path, typer.Option(help="Where to write the zip archive.")] = Path("privacy-export.zip"),
) -> None:
    """Write all that is kept of a customer to an archive, for her and for machines to read."""
    from bot.conversations.export import NothingKept
    from bot.conversations.export import export as write

    with _kept(customer, conversation) as (store, data_dir, which):
        try:
            counts = write(store, data_dir, which, out, by=_operator())
        except NothingKept:
            _fail("Nothing is kept of whom you named.")
        except FileExistsError:
            _fail(f"{out} is there already: choose another name with --out.")
        except OSError as error:
            _fail(f"{out} cannot be written ({error.strerror}): may you write there, is the disk full?")
    typer.echo(f"Written to {out}: {_listed(counts)}.")


@privacy.command()
def erase(
    customer: _Customer = "",
    conversation: _Conversation = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that is kept of a customer, for ever."""
    from bot.conversations.privacy import Privacy

    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete all that is kept of {customer or conversation} for ever?", abort=True)
    with _kept(customer, conversation) as (store, data_dir, which):
        counts = Privacy(store, data_dir).erase(which, by=_operator())
    if not counts:
        typer.echo("Nothing is kept of whom you named.")
        return
    typer.echo(f"Erased: {_listed(counts)}.")
    typer.echo("The engine forgets them within seconds; if it does not run, as soon as it does.")


@contextmanager
def _kept(customer: str, conversation: str) -> Iterator[tuple["Store", Path, "ColumnElement[bool]"]]:
    """The log, the data folder, and the choice of whom is asked for."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.conversations import snapshots
    from bot.conversations.database import connect
    from bot.conversations.privacy import of_customer, of_id
    from bot.conversations.store import Store
    from bot.settings import settings

    if bool(customer) == bool(conversation):
        _fail("Give either --customer or --conversation.")
    try:
        if not snapshots.is_there(settings.database):
            _fail(f"There is nothing in {settings.data_dir}: is GUITAI_DATA_DIR right?")
        which = of_customer(customer) if customer else of_id(conversation)
        yield Store(connect(settings.database)), settings.data_dir, which
    except snapshots.Failed as why:
        _fail(f"{why}.")
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): is GUITAI_DATA_DIR right?")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}(s)" for name, count in sorted(counts.items()))


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to be made, a tar.gz.")]) -> None:
    """Copy everything that is kept into one archive, while everything runs."""
    from bot.backup import CannotBackUp, back_up
    from bot.settings import settings

    try:
        back_up(settings, file)
    except CannotBackUp as why:
        _fail(str(why))
    typer.echo(f"Backed up to {file} ({file.stat().st_size / 1e6:.1f} MB). It holds secrets: keep it safe.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="An archive made by `bot backup`.")],
    force: Annotated[bool, typer.Option("--force", help="Where data is, move it aside.")] = False,
) -> None:
    """Put back what an archive holds. The processes must not run on that data meanwhile."""
    from bot import backup
    from bot.settings import settings

    try:
        done = backup.restore(settings, file, force)
    except backup.CannotRestore as why:
        _fail(str(why))
    typer.echo(f"Restored to {settings.data_dir} as it was at {done.made_at}.")
    if done.aside:
        typer.echo(f"The former data lies in {done.aside}: delete it once all is well.")
    if done.erased:
        typer.echo(f"What was erased since was erased again ({done.erased} rows).")


class Secret(str, Enum):
    """What a secret is for (docs/decisions/0013)."""

    CHAT = "chat"
    CUSTOMER = "customer"
    SHOP_SERVICE = "shop-service"
    OFFICE = "office"
    INTERNAL = "internal"


@secrets.command()
def rotate(
    secret: Secret,
    at_once: Annotated[bool, typer.Option("--at-once", help="The former one ends now: it is known.")] = False,
) -> None:
    """Make a secret anew. What chat and customer have signed counts until it runs out, unless at once."""
    from bot.channels.web.tokens import CUSTOMER_TOKEN_LASTS
    from bot.secret_files import rotate as renew
    from bot.settings import settings

    lasts = {
        Secret.CHAT: settings.session_days * 86400,
        Secret.CUSTOMER: CUSTOMER_TOKEN_LASTS.total_seconds(),
    }
    try:
        renew(settings.data_dir, secret.value, 0 if at_once else lasts.get(secret, 0))
    except OSError as error:
        _fail(f"The secret cannot be written: {error}.")
    path = settings.data_dir / "secrets" / secret.value
    todo = {
        Secret.CHAT: "The fronts use it from now on.",
        Secret.CUSTOMER: f"The fronts accept it from now on: give the shop the first line of {path}.",
        Secret.SHOP_SERVICE: f"Give the shop the content of {path}, then restart shop, actions and office.",
        Secret.OFFICE: "Restart the office: all staff sign in anew.",
        Secret.INTERNAL: "Restart engine, actions, front and worker together.",
    }
    typer.echo(todo[secret])


@webhooks.command("add")
def add_webhook(
    url: str,
    events: Annotated[
        str, typer.Option(help="Names or patterns, separated by commas: conversation.*,ticket.opened")
    ] = "*",
    internal: Annotated[
        bool, typer.Option("--internal", help="It may lie in your own network, and do without https.")
    ] = False,
) -> None:
    """Tell an address of what happens from now on, and print the secret that signs it, this once."""
    from bot.handoff.webhooks import endpoints
    from bot.settings import settings

    store = _store()
    try:
        made = endpoints.add(store, url, [each.strip() for each in events.split(",")], internal)
    except (endpoints.WrongAddress, endpoints.UnknownEvents) as why:
        _fail(f"{why}.")
    _keep(store, "webhook_add", webhook=made.id)
    typer.echo(endpoints.secret(settings.webhook_secret, made))
    typer.secho(f"This is webhook {made.id}; `bot webhooks remove {made.id}` ends it.", err=True)


@webhooks.command("list")
def list_webhooks() -> None:
    """List the webhooks: number, state, what is owed, events, address."""
    from bot.handoff.webhooks import endpoints

    store = _store()
    owed = endpoints.owed(store)
    for each in endpoints.listed(store):
        failing = f"failing since {each.failing_since:%Y-%m-%d %H:%M}" if each.failing_since else "well"
        state = "disabled" if each.disabled_at else failing
        typer.echo(
            "  ".join((str(each.id), state, str(owed.get(each.id, 0)), ",".join(each.events), each.url))
        )


_Number = Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="As `bot webhooks list` shows it.")]


@webhooks.command("remove")
def remove_webhook(number: _Number) -> None:
    """Tell an address nothing more."""
    from bot.handoff.webhooks import endpoints

    _change_webhook(number, "webhook_remove", endpoints.remove)
    typer.echo(f"Webhook {number} is told nothing more.")


@webhooks.command("enable")
def enable_webhook(number: _Number) -> None:
    """Tell an address again that was disabled because it took nothing for long."""
    from bot.handoff.webhooks import endpoints

    _change_webhook(number, "webhook_enable", endpoints.enable)
    typer.echo(f"Webhook {number} is told of what happens from now on.")


def _change_webhook(number: int, action: str, change: Callable[["Store", int], None]) -> None:
    from bot.handoff.webhooks.endpoints import UnknownWebhook

    store = _store()
    try:
        change(store, number)
    except UnknownWebhook:
        _fail(f"There is no webhook {number}: see `bot webhooks list`.")
    _keep(store, action, webhook=number)


def main() -> None:
    """Run the command; a wrong setting is one sentence."""
    from actions.backend.choice import WrongShop

    try:
        app()
    except WrongShop as why:
        typer.secho(str(why), err=True, fg="red")
        sys.exit(1)


if __name__ == "__main__":
    main()
