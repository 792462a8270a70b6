"""What the studio itself keeps in the audit: changes of the files, and looks at what customers said."""

import threading
import time
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership
from bot.conversations.store import Store
from bot.staff import Accounts
from bot.staff.sessions import Staff
from bot.studio.files import Author, Draft, Repository

# The same look again within so long is the same look.
VIEW_SECONDS = 900.0
VIEWS = 10_000
PATHS = 5  # of a change, that are named

log = structlog.get_logger()


class Views:
    """Keeps who looked at what, once in ``VIEW_SECONDS``. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._viewed: dict[object, float] = {}
        self._lock = threading.Lock()

    def note(self, staff: Staff, action: str, **ids: Any) -> None:
        """Keep the look, before anything is shown. Raises SQLAlchemyError: nothing may be shown."""
        key, at = (staff.id, action, *sorted(ids.items())), time.monotonic()
        with self._lock:
            if at - self._viewed.get(key, -VIEW_SECONDS) < VIEW_SECONDS:
                return
        audits.note(self._store, ownership.agent(staff.id), action, **ids)
        with self._lock:
            if len(self._viewed) >= VIEWS:
                self._viewed.clear()
            self._viewed[key] = at


def audited_files(
    root: Path, store: Store, accounts: Accounts | None = None, by: str | None = None
) -> Repository:
    """The bot's files, each change of which is kept in the audit: by its author's account, or ``by`` whom."""

    def made(author: Author, draft: Draft, action: str) -> None:
        paths = sorted(draft.changes)
        try:
            who = by or _account(accounts, author)
            audits.note(store, who, action, commit=draft.commit, files=paths[:PATHS], number=len(paths))
        except SQLAlchemyError as error:
            # The change is made, and stands in the history with its author.
            log.error("audit.change_not_kept", commit=draft.commit, error=type(error).__name__)

    return Repository(root, made=made)


def _account(accounts: Accounts | None, author: Author) -> str:
    if accounts is not None:
        known = accounts.named(author.account)
        if known is not None:
            return ownership.agent(known.id)
    return author.account
