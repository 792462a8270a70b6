"""WeChat's servers: all accounts, and who calls them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from .faults import Faults
from .world import Account, Refusal


class WeChat:
    """All accounts of the simulated WeChat, and the client that calls their servers."""

    def __init__(self, accounts: list[Account], http: httpx.AsyncClient | None = None) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.faults = Faults()
        self._doing: set[asyncio.Task[None]] = set()
        self.http = http or httpx.AsyncClient(timeout=None)  # noqa: S113  # each delivery has its own

    def later(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do this beside what goes on: a call that began it does not wait, nor what comes behind it."""
        task = asyncio.create_task(doing)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def of_app(self, app_id: str) -> Account:
        """Raises Refusal."""
        found = next((each for each in self.accounts.values() if each.app_id == app_id), None)
        if found is None:
            raise Refusal(40013)
        return found

    def of_token(self, access_token: str) -> Account:
        """The account whose token this is. Raises Refusal."""
        refusals = []
        for account in self.accounts.values():
            try:
                account.check(access_token)
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return account
        expired = [refusal for refusal in refusals if refusal.code != 40001]
        raise (expired or refusals)[0]
