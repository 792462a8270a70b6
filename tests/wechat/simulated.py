"""The simulated WeChat of the tests: a real server on loopback."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

import uvicorn
from fastapi import FastAPI

from bot.channels.wechat.simulator.app import create_app
from bot.channels.wechat.simulator.servers import WeChat
from bot.channels.wechat.simulator.world import Account, Clock
from bot.channels.wechat.tokens import Token

SECRET = "geheimnis-des-kontos"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")


def an_account(
    callback: str = "http://127.0.0.1:9/",
    *,
    verified: bool = True,
    menus: bool = True,
    kind: type[Account] = Account,
) -> Account:
    return kind(
        "gh_test",
        "ww0123456789abcdef" if kind.kind == "wecom" else "wx0123456789abcdef",
        SECRET,
        "geheim",
        AES_KEY,
        callback,
        verified=verified,
        takes_menus=menus,
        clock=Clock(),
    )


def served(world: WeChat) -> AbstractAsyncContextManager[str]:
    """Run the simulator; its address."""
    return beside_us(create_app(world))


@asynccontextmanager
async def beside_us(app: FastAPI, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve in this event loop, where ``listener`` listens or on any port; the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    running = asyncio.create_task(server.serve([listener] if listener else None))
    while not server.started:  # noqa: ASYNC110  # uvicorn tells it by nothing else
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


class InMemory:
    """A shelf for one process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._tokens: dict[str, Token] = {}
        self._one = asyncio.Lock()

    async def read(self, account: str) -> Token | None:
        return self._tokens.get(account)

    async def renewed(self, account: str, fetch: Callable[[Token | None], Awaitable[Token]]) -> Token:
        async with self._one:
            self._tokens[account] = await fetch(self._tokens.get(account))
            return self._tokens[account]
