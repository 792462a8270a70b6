"""``make demo``: the whole product on one machine, with the sample shop and its customers."""

import errno
import json
import os
import signal
from collections.abc import Callable

import typer
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.wechat.accounts import WrongAccounts, ensure_simulated
from bot.conversations.database import connect
from bot.launcher import CannotStart, Stack, write_private
from bot.migrations import upgrade
from bot.settings import Settings
from bot.shop.seed import customer_token, customers_for_demo
from bot.staff.store import Accounts, ensure_accounts


def run(settings: Settings, say: Callable[[str], None] = typer.echo) -> None:
    """Prepare, start, print where everything is, and serve until Ctrl-C. Raises CannotStart."""
    stack = Stack(settings, say)
    os.umask(0o077)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        stack.check()
        say("Training data and model")
        stack.train()
        users = prepare(settings)
        say("Starting the processes (the engine takes longest)")
        stack.start()
    except OSError as error:
        stack.stop()
        if error.errno == errno.ENOSPC:
            raise CannotStart(f"The disk is full: make room at {settings.data_dir}.") from None
        raise CannotStart(f"{error.strerror or error}: {error.filename or settings.data_dir}.") from None
    except SQLAlchemyError as error:
        stack.stop()
        raise CannotStart(
            f"The database cannot be used ({type(error).__name__}): {settings.database}."
        ) from None
    except KeyboardInterrupt:
        stack.stop()
        raise CannotStart("Stopped before everything was up.") from None
    try:
        write_private(settings.data_dir / "demo.json", addresses(settings, users))
        _print_where(settings, users, say)
        stack.wait()
        raise CannotStart(f"The processes have ended: see {settings.data_dir / 'logs'}.")
    except KeyboardInterrupt:
        say("\nStopping …")
    finally:
        # An impatient second Ctrl-C must not leave processes behind.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()
        (settings.data_dir / "demo.json").unlink(missing_ok=True)


def prepare(settings: Settings) -> list[dict[str, str]]:
    """Make the database, the staff and a simulated WeChat account.

    Gives ``{role, name, display_name, password}`` of each member of staff. Raises CannotStart.
    """
    upgrade(settings.database)
    kept = settings.data_dir / "passwords.json"
    users = json.loads(kept.read_text()) if kept.exists() else []
    made = ensure_accounts(Accounts(connect(settings.database)))
    users = [u for u in users if u["name"] not in {m["name"] for m in made}] + made
    write_private(kept, users)
    try:
        sign_in = f"{settings.shop}/wechat-sign-in"
        ensure_simulated(settings.data_dir, settings.wechat_simulator, sign_in)
    except WrongAccounts as error:
        raise CannotStart(str(error)) from None
    return users


def addresses(settings: Settings, users: list[dict[str, str]]) -> dict[str, object]:
    """What scripts need to use the demo: addresses, staff logins, customers with their tokens."""
    return {
        "front": settings.front,
        "office": settings.office,
        "desk": f"{settings.office}/desk",
        "studio": f"{settings.office}/studio",
        "shop": settings.shop,
        "wechat": settings.wechat_simulator,
        "users": users,
        "customers": [
            {**customer, "customer_token": customer_token(settings, customer["id"])}
            for customer in customers_for_demo()
        ],
    }


def _print_where(settings: Settings, users: list[dict[str, str]], say: Callable[[str], None]) -> None:
    say(f"\n  Guitai (柜台) is open:  {typer.style(settings.shop, bold=True)}\n")
    say("  The page above is the sample shop with the chat widget; it links to")
    say(f"    desk    {settings.office}/desk")
    say(f"    studio  {settings.office}/studio")
    say(f"    wechat  {settings.wechat_simulator}  (a simulated phone)\n")
    for user in users:
        say(f"    {user['role']:11} {user['name']:11} {user['password']}")
    say("\n  At the desk press 开始接待 (start the shift): then conversations come to you.")
    say(f"\n  The same for scripts: {settings.data_dir / 'demo.json'}    Ctrl-C stops everything.\n")
