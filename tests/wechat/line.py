"""A WeChat account with its phones, connected to conversations over real HTTP on both sides."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from bot import problems
from bot.channels.wechat import kf
from bot.channels.wechat.accounts import Account as Configured
from bot.channels.wechat.book import Book, Shopper
from bot.channels.wechat.channel import WeChat as Channel
from bot.channels.wechat.simulator.delivery import Delivery as How
from bot.channels.wechat.simulator.delivery import say
from bot.channels.wechat.simulator.faults import Fault
from bot.channels.wechat.simulator.kf import Corp
from bot.channels.wechat.simulator.servers import WeChat
from bot.channels.wechat.simulator.world import Account, Follower, Shown
from bot.conversations.attachments import Attachments
from bot.conversations.engine_pool import EnginePool
from bot.conversations.models import Delivery, Message
from bot.conversations.privacy import Privacy
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.settings import Settings
from tests.heart.conftest import beside

from .simulated import AES_KEY, SECRET, an_account, beside_us, served

SEND = "/cgi-bin/message/custom/send"


@dataclass
class Line:
    """What a test sees: the simulated side, and our log."""

    store: Store
    world: WeChat
    account: Account
    fronts: list[str]
    simulator: str
    shoppers: list[Follower] = field(default_factory=list)

    def phone(self, name: str = "小红") -> Follower:
        """A follower."""
        self.shoppers.append(self.account.join(name))
        return self.shoppers[-1]

    def fail(self, path: str = SEND, **fault: Any) -> None:
        self.world.faults.add(Fault(path=path, **fault))

    async def write(self, shopper: Follower, text: str, how: How | None = None, **fields: Any) -> None:
        """The shopper sends a text, or taps a menu; returns when WeChat has delivered it."""
        self.account.acted(shopper, "event" if "bizmsgmenuid" in fields else "message")
        await self.deliver(shopper, {"MsgType": "text", "Content": text, **fields}, how)

    async def deliver(self, shopper: Follower, fields: dict[str, Any], how: How | None = None) -> None:
        await say(self.world.http, self.account, shopper, fields, how)

    def screen(self, shopper: Follower) -> list[str]:
        """What the account said on this phone."""
        return [_said(bubble) for bubble in shopper.screen if not bubble.mine]

    async def until(self, shopper: Follower, *expected: str, seconds: float = 30) -> None:
        """Until the phone shows exactly this."""
        await self.shown(shopper, lambda screen: screen == list(expected), seconds)

    async def shown(
        self, shopper: Follower, right: Callable[[list[str]], bool], seconds: float = 30
    ) -> list[str]:
        """What the phone shows, once that is right."""
        deadline = time.monotonic() + seconds
        while not right(self.screen(shopper)):
            assert time.monotonic() < deadline, self.screen(shopper)
            await asyncio.sleep(0.02)
        return self.screen(shopper)

    async def settled(self, shopper: Follower) -> None:
        """Until nothing is due to her, be it delivered or parked."""
        mine = Delivery.conversation_id == self.conversation(shopper)
        due = select(Delivery.id).where(mine, Delivery.next_at.is_not(None) | Delivery.lease_by.is_not(None))
        deadline = time.monotonic() + 15
        while True:
            with self.store.reading() as session:
                if session.scalar(due) is None:
                    return
            assert time.monotonic() < deadline, "it is still due"
            await asyncio.sleep(0.02)

    def log(self, shopper: Follower) -> list[Message]:
        """Our log of this shopper's conversation."""
        known = self._known(shopper)
        return self.store.messages(known.conversation_id) if known else []

    def conversation(self, shopper: Follower) -> str:
        known = self._known(shopper)
        assert known
        return known.conversation_id

    def _known(self, shopper: Follower) -> Shopper | None:
        openid = shopper.openid
        if isinstance(self.account, Corp):
            openid = kf.address(openid, self.account.desk) or ""
        return Book(self.store).known("shop", openid)


def _said(bubble: Shown) -> str:
    message = bubble.message
    if message["msgtype"] == "text":
        return str(message["text"]["content"])
    if message["msgtype"] == "msgmenu":
        items = "|".join(item["content"] for item in message["msgmenu"]["list"])
        return f"{message['msgmenu']['head_content']} [{items}]"
    return str(message["msgtype"])


@asynccontextmanager
async def connected(
    store: Store,
    engine_url: str,
    data_dir: Path,
    *,
    fronts: int = 1,
    verified: bool = True,
    turn_seconds: float = 6.0,
    per_minute: int = 1000,
    account: Account | None = None,
    **options: Any,
) -> AsyncIterator[Line]:
    """So many fronts and a worker on the store, an account that WeChat delivers to them in turn."""
    account = account or an_account(verified=verified)
    world = WeChat([account])
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(served(world))
        configured = {
            "shop": Configured(
                name="shop",
                app_id=account.app_id,
                app_secret=SECRET,
                token=account.token,
                aes_key=AES_KEY,
                verified=verified,
                base_url=base,
                **{"kind": account.kind, **options},
            )
        }
        kept = Attachments(store, data_dir)
        addresses = []
        for _ in range(fronts):
            watcher = Watcher(store, poll_seconds=0.02)
            pool = EnginePool([engine_url], "secret", turn_seconds)
            turns = TurnRunner(store, pool, watcher, lease_seconds=turn_seconds + 3, at_once=32)
            channel = Channel(configured, store, kept)
            app, listener = FastAPI(), socket.create_server(("127.0.0.1", 0))
            addresses.append(f"http://127.0.0.1:{listener.getsockname()[1]}")
            settings = Settings(
                data_dir=data_dir, front_public_url=addresses[-1], messages_per_minute=per_minute
            )
            problems.install(app)
            app.include_router(channel.router(watcher, turns, Privacy(store, data_dir), settings))
            await stack.enter_async_context(channel.open())
            await stack.enter_async_context(beside(watcher.run(), turns.run()))
            await stack.enter_async_context(beside_us(app, listener))
        worker = Channel(configured, store, kept)
        await stack.enter_async_context(worker.open())
        watcher = Watcher(store, poll_seconds=0.02)
        await stack.enter_async_context(beside(watcher.run(), worker.deliver(watcher)))
        line = Line(store, world, account, [f"{address}/wechat/shop" for address in addresses], base)
        account.callback = line.fronts[0]
        yield line
