"""Browsers on their way from WeChat by the shop to a binding.

A sign-in is begun, its openid is asked for and then known, and it is done: each step once. It belongs to the
browser that began it, by a cookie: so nobody can end in his browser what began in another's, nor bring
another to end what he began.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from bot.conversations.steps import now
from bot.conversations.store import Store

from .models import SignIn

LASTS = timedelta(minutes=10)
BEGUN, ASKED, KNOWN, DONE = "begun", "asked", "known", "done"


def new_secret() -> str:
    """For a state or a browser: letters and digits, as WeChat wants a state."""
    return secrets.token_hex(32)


class SignIns:
    """Those of all accounts. Every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, account: str, browser: str) -> str:
        """A new sign-in of this browser; its state. All that have run out are forgotten."""
        state = new_secret()
        row = SignIn(
            state=_digest(state),
            browser=_digest(browser),
            account=account,
            step=BEGUN,
            until=now() + LASTS,
        )
        with self._store.writing() as session:
            session.execute(delete(SignIn).where(SignIn.until < now()))
            session.add(row)
        return state

    def open(self, account: str, state: str) -> SignIn | None:
        """The sign-in with this state, whoever brings it."""
        with self._store.reading() as session:
            found = session.get(SignIn, _digest(state))
        return found if found and found.account == account and found.until > now() else None

    def of_browser(self, account: str, state: str, browser: str) -> SignIn | None:
        """The sign-in with this state, if it was begun by this browser."""
        found = self.open(account, state)
        return found if found and hmac.compare_digest(found.browser, _digest(browser)) else None

    def step(self, sign_in: SignIn, before: str, after: str, openid: str | None = None) -> bool:
        """Go from one step to another; whether nobody was faster."""
        here = (SignIn.state == sign_in.state) & (SignIn.step == before)
        values: dict[str, Any] = {"step": after} | ({"openid": openid} if openid else {})
        with self._store.writing() as session:
            stepped = session.execute(update(SignIn).where(here).values(values))
            return bool(stepped.rowcount)  # type: ignore[attr-defined]

    def forget(self, account: str, openid: str) -> None:
        """The shopper has left."""
        with self._store.writing() as session:
            session.execute(delete(SignIn).where(SignIn.account == account, SignIn.openid == openid))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
