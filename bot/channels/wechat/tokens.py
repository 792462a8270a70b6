"""Access tokens: fetched by one, used by all processes.

Source: https://developers.weixin.qq.com/doc/subscription/api/base/api_getstableaccesstoken.html: the same
token is given as long as it is valid, at most 7200 s; ``force_refresh`` revokes it, at most 20 times a day.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

EARLY = timedelta(seconds=300)  # before a token's end a new one is fetched
REST = timedelta(minutes=10)  # after a forced token that did not help
PAUSE = timedelta(seconds=5)  # after a fetch that failed


@dataclass(frozen=True)
class Token:
    value: str
    until: datetime
    forced_at: datetime | None = None
    """When it was last fetched by force."""


class NoToken(Exception):
    """No access token is to be had now; the text says why, and holds no secret."""


class Shelf(Protocol):
    """Keeps the token of each account for all processes, and lets one of them fetch at a time."""

    async def read(self, account: str) -> Token | None: ...

    async def renewed(self, account: str, fetch: "Renew") -> Token:
        """Call ``fetch`` with the token there is and keep what it gives, while no other process does.

        Where it gives the token that there is, nothing is written. Raises NoToken.
        """
        ...


Renew = Callable[[Token | None], Awaitable[Token]]
Fetch = Callable[[bool], Awaitable[Token]]
"""Asks WeChat for a token, by force or not. Raises NoToken."""


class Tokens:
    """The access token of one account."""

    def __init__(self, account: str, shelf: Shelf, fetch: Fetch, clock: Callable[[], datetime]) -> None:
        self._account, self._shelf, self._ask, self._clock = account, shelf, fetch, clock
        self._failed_at: datetime | None = None

    async def current(self) -> Token:
        """Return a token that is valid for a while. Raises NoToken."""
        token = await self._shelf.read(self._account)
        if token and self._lasts(token):
            return token

        async def fetch(there: Token | None) -> Token:
            if there and self._lasts(there):
                return there  # another process was faster
            return await self._fetch(False)

        return await self._shelf.renewed(self._account, fetch)

    async def instead_of(self, refused: Token) -> Token:
        """Return another token than the one that WeChat has refused.

        Raises:
            NoToken: the refused one was itself fetched because one was refused; nobody tries for a while.
        """

        async def fetch(there: Token | None) -> Token:
            if there and there.value != refused.value:
                return there
            last = there.forced_at if there else None
            if last and self._clock() - last < REST:
                raise NoToken("WeChat refuses even new tokens: look at the account's app secret and IP list.")
            token = await self._fetch(True)
            return Token(token.value, token.until, self._clock())

        return await self._shelf.renewed(self._account, fetch)

    async def _fetch(self, by_force: bool) -> Token:
        if self._failed_at and self._clock() - self._failed_at < PAUSE:
            raise NoToken("None was given a moment ago.")
        try:
            token = await self._ask(by_force)
        except NoToken:
            self._failed_at = self._clock()
            raise
        self._failed_at = None
        return token

    def _lasts(self, token: Token) -> bool:
        return token.until - EARLY > self._clock()
