"""What the commands have in common: the installation they work on, who works, and how they fail."""

import os
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from bot.conversations.store import Store
    from bot.settings import Settings


def store() -> "Store":
    """The log of this installation."""
    from bot.conversations.database import connect
    from bot.conversations.store import Store

    return Store(connect(installed().database))


def installed() -> "Settings":
    """The settings, once it is sure that their database is as this version needs it."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot import migrations
    from bot.conversations import snapshots
    from bot.settings import settings

    try:
        if not snapshots.is_there(settings.database):
            fail(f"There is nothing in {settings.data_dir} yet: run `bot migrate`, or set GUITAI_DATA_DIR.")
        found = migrations.revision(settings.database)
    except snapshots.Failed as why:
        fail(f"{why}: see that it runs and GUITAI_DATABASE_URL is right.")
    except SQLAlchemyError as error:
        cause = type(error).__name__
        fail(f"The database cannot be used ({cause}): see that it runs and GUITAI_DATABASE_URL is right.")
    if found is not None and not migrations.is_known(found):
        fail("The database is of a newer version: use that version of Guitai, or restore a backup.")
    if found != migrations.newest():
        fail("The database is of an older version: run `bot migrate`.")
    return settings


def operator() -> str:
    """Who it was, without a name."""
    return f"cli:{os.getuid()}"


def keep(store: "Store", action: str, **ids: int) -> None:
    """Note in the audit what was done here."""
    from bot.conversations import audits

    audits.note(store, operator(), action, **ids)


def fail(message: str) -> NoReturn:
    """End the command with a sentence."""
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(1)
