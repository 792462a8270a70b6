"""The accounts' access tokens in the database: every process finds them, and one at a time renews them."""

import asyncio
import os
import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.conversations.steps import now
from bot.conversations.store import Store

from .models import Standing
from .tokens import NoToken, Renew, Token

LEASE = timedelta(seconds=15)  # longer than a fetch may take
BARRED = timedelta(hours=1)
LOOK_SECONDS = 0.05
_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class DatabaseShelf:
    """``tokens.Shelf`` on the log's database; it also keeps which accounts WeChat lets send nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = f"{os.getpid()}:{secrets.token_hex(8)}"
        # Within a process they wait in line instead of looking again and again.
        self._lines: dict[str, asyncio.Lock] = {}

    async def read(self, account: str) -> Token | None:
        return await asyncio.to_thread(self._read, account)

    async def renewed(self, account: str, fetch: Renew) -> Token:
        async with self._lines.setdefault(account, asyncio.Lock()):
            await self._lease(account)
            token: Token | None = None
            try:
                before = await self.read(account)
                token = await fetch(before)
                return token
            finally:
                await asyncio.to_thread(self._end, account, token)

    async def bar(self, account: str) -> None:
        """WeChat refuses the account the customer-service API: nobody calls it for a while."""
        await asyncio.to_thread(self._bar, account)

    async def is_barred(self, account: str) -> bool:
        return await asyncio.to_thread(self._is_barred, account)

    def _bar(self, account: str) -> None:
        bar = update(Standing).where(Standing.account == account).values(barred_until=now() + BARRED)
        with self._store.writing() as session:
            session.execute(bar)

    def _is_barred(self, account: str) -> bool:
        with self._store.reading() as session:
            until = session.scalar(select(Standing.barred_until).where(Standing.account == account))
        return until is not None and until > now()

    async def _lease(self, account: str) -> None:
        deadline = now() + 2 * LEASE
        while not await asyncio.to_thread(self._try, account):
            if now() > deadline:
                raise NoToken("Another process has been fetching one for too long.")
            await asyncio.sleep(LOOK_SECONDS)

    def _read(self, account: str) -> Token | None:
        with self._store.reading() as session:
            row = session.get(Standing, account)
        return Token(row.value, row.until, row.forced_at) if row and row.value else None

    def _try(self, account: str) -> bool:
        free = or_(
            Standing.lease_until.is_(None),
            Standing.lease_until < now(),
            Standing.lease_until > now() + 2 * LEASE,  # written by a clock that was ahead
        )
        take = update(Standing).where(Standing.account == account, free)
        try:
            with self._store.writing() as session:
                if session.get(Standing, account) is None:
                    session.add(Standing(account=account, value="", until=_LONG_AGO))
                    session.flush()
                taken = session.execute(take.values(lease_by=self._name, lease_until=now() + LEASE))
                return bool(taken.rowcount)  # type: ignore[attr-defined]
        except IntegrityError:
            return False  # another process has just added the row

    def _end(self, account: str, token: Token | None) -> None:
        values: dict[str, object] = {"lease_by": None, "lease_until": None}
        if token:
            values |= {"value": token.value, "until": token.until, "forced_at": token.forced_at}
        mine = (Standing.account == account) & (Standing.lease_by == self._name)
        with self._store.writing() as session:
            session.execute(update(Standing).where(mine).values(values))
