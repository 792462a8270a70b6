"""Access tokens that several processes share."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.channels.wechat import tokens
from bot.channels.wechat.shelf import DatabaseShelf
from bot.channels.wechat.tokens import NoToken, Token, Tokens
from bot.conversations.steps import now
from bot.conversations.store import Store


class Server:
    """Gives tokens, slowly, and counts them."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.ahead = timedelta()
        self.down = False

    def clock(self) -> datetime:
        return now() + self.ahead

    async def fetch(self, by_force: bool) -> Token:
        self.asked.append(by_force)
        await asyncio.sleep(0.1)
        if self.down:
            raise NoToken("down")
        return Token(f"t{len(self.asked)}", self.clock() + timedelta(hours=2))


def processes(store: Store, server: Server, count: int) -> list[Tokens]:
    return [Tokens("shop", DatabaseShelf(store), server.fetch, server.clock) for _ in range(count)]


async def test_many_processes_fetch_one_token(store: Store) -> None:
    server = Server()
    several = processes(store, server, 4)
    got = await asyncio.gather(*(each.current() for each in several for _ in range(5)))
    assert {token.value for token in got} == {"t1"} and server.asked == [False]
    server.ahead = timedelta(hours=2) - tokens.EARLY
    got = await asyncio.gather(*(each.current() for each in several))
    assert {token.value for token in got} == {"t2"} and server.asked == [False, False]


async def test_a_refused_token_is_replaced_once_by_force(store: Store) -> None:
    server = Server()
    several = processes(store, server, 3)
    refused = await several[0].current()
    got = await asyncio.gather(*(each.instead_of(refused) for each in several))
    assert {token.value for token in got} == {"t2"} and server.asked == [False, True]
    for each in several:
        with pytest.raises(NoToken, match="even new"):
            await each.instead_of(got[0])
    assert server.asked == [False, True]
    server.ahead = tokens.REST + timedelta(seconds=1)
    assert (await several[0].instead_of(got[0])).value == "t3"


async def test_a_server_that_is_down_is_left_in_peace_for_a_while(store: Store) -> None:
    server = Server()
    server.down = True
    (one,) = processes(store, server, 1)
    for _ in range(5):
        with pytest.raises(NoToken):
            await one.current()
    assert len(server.asked) == 1
    server.down, server.ahead = False, tokens.PAUSE + timedelta(seconds=1)
    assert (await one.current()).value == "t2"


async def test_a_process_that_died_while_fetching_holds_nobody_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.wechat.shelf.LEASE", timedelta(seconds=0.5))
    server = Server()
    dead = DatabaseShelf(store)
    assert await asyncio.to_thread(dead._try, "shop")
    (one,) = processes(store, server, 1)
    assert (await one.current()).value == "t1"
    await asyncio.to_thread(dead._end, "shop", Token("stale", now()))
    assert (await one.current()).value == "t1"


async def test_a_barred_account(store: Store) -> None:
    server = Server()
    shelf = DatabaseShelf(store)
    await Tokens("shop", shelf, server.fetch, server.clock).current()
    assert not await shelf.is_barred("shop") and not await shelf.is_barred("other")
    await shelf.bar("shop")
    assert await DatabaseShelf(store).is_barred("shop")
