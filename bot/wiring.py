"""What the processes have in common: the heart put together, and background tasks that may not die alone."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from bot import live_model, logs
from bot.channels.wechat.accounts import Account, WrongAccounts, load
from bot.connections import Guarded
from bot.conversations.database import connect
from bot.conversations.engine_pool import EnginePool
from bot.conversations.hints import Hints
from bot.conversations.silence import Silence
from bot.conversations.store import Store
from bot.conversations.turns import TurnRunner
from bot.conversations.watch import Watcher
from bot.handoff.routing import Routing
from bot.settings import Settings

log = structlog.get_logger()


def serve(app: FastAPI, process: str, settings: Settings, port: int, **options: Any) -> None:
    """Serve a process's application until told to stop; ``options`` go to uvicorn."""
    logs.configure(process)
    _collect_rarely()
    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        log_level="warning",
        access_log=False,
        http=Guarded,
        timeout_graceful_shutdown=3,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        **options,
    )


def _collect_rarely() -> None:
    """Thousands of connections are millions of objects: to walk over them often takes most of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 200)


class Heart:
    """The conversations of one installation, as one process sees them."""

    def __init__(self, settings: Settings) -> None:
        self.database = connect(settings.database)
        self.store = Store(self.database, timedelta(hours=settings.reopen_hours), Routing())
        self.watcher = Watcher(self.store, Hints(settings.redis_url) if settings.redis_url else None)
        # Half of what a lease leaves beside a turn is to wait for room, the other half to store the answer.
        patience = max(settings.lease_seconds - settings.turn_seconds, 0) / 2
        self.engines = EnginePool(
            settings.engine_urls,
            settings.internal_secret,
            settings.turn_seconds,
            patience,
            settings.green_engine_urls,
            partial(live_model.side, settings.models_dir),
        )
        self._settings = settings

    def turn_runner(self, at_once: int) -> TurnRunner:
        """Answers turns in this process."""
        return TurnRunner(self.store, self.engines, self.watcher, self._settings.lease_seconds, at_once)

    def wechat_accounts(self) -> dict[str, Account]:
        """The WeChat accounts of this installation; ends the process where their file is wrong."""
        try:
            return load(self._settings.data_dir)
        except WrongAccounts as error:
            sys.exit(str(error))

    def silence(self) -> Silence:
        """What follows when shoppers say nothing."""
        minutes = (
            self._settings.remind_minutes,
            self._settings.close_minutes,
            self._settings.bot_close_minutes,
        )
        return Silence(*(timedelta(minutes=each) for each in minutes))


@asynccontextmanager
async def background(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the coroutines beside the body; should one fail, the process ends, to be started anew."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception():
            log.error("background.failed", exc_info=task.exception())
            os.kill(os.getpid(), signal.SIGTERM)

    tasks = [asyncio.create_task(c) for c in coroutines]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
