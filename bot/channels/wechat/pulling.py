"""Brings the messages of WeCom's customer service: a call only tells that there are some.

The cursor is kept once the messages before it are taken in. So a process that dies loses none; what is pulled
again is known by its id.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.watch import wait

from . import api, inbound, kf, kf_messages
from .accounts import Account
from .bodies import Fields, Unreadable
from .connector import Connector
from .kf import KfApi, NotPulled, State
from .kf_messages import Entered, NotSent
from .pulled import Pull, Pulls
from .wording import say

LOOK_SECONDS = 2.0  # for what other processes were told and did not pull
LONGEST_PAUSE = 60.0  # seconds between two tries
AT_ONCE = 8  # customers
TO_WELCOME = timedelta(seconds=20)

log = structlog.get_logger()


class Puller:
    """One account's messages, as one process pulls them."""

    def __init__(self, account: Account, api: KfApi, pulls: Pulls, connector: Connector) -> None:
        self._account, self._api, self._pulls, self._connector = account, api, pulls, connector
        self._told = asyncio.Event()

    async def called(self, fields: Fields) -> None:
        """Note what a call tells; the messages are pulled apart from it. Raises Unreadable."""
        if fields.get("Event") != "kf_msg_or_event":
            return
        desk, token = fields.get("OpenKfId"), fields.get("Token")
        if not isinstance(desk, str) or not isinstance(token, str) or not kf.is_desk(desk):
            raise Unreadable("Token or OpenKfId is missing or wrong.")
        await asyncio.to_thread(self._pulls.ask, desk, token)
        self._told.set()

    async def run(self) -> None:
        """Pull for ever, and first what came while nobody listened."""
        begun, pause = False, LOOK_SECONDS
        while True:
            try:
                if not begun:
                    await asyncio.to_thread(self._pulls.ask_all)
                    begun = True
                while await self._pulled():
                    pause = LOOK_SECONDS
            except Exception as error:  # whatever it was, what is not pulled is tried again
                why = str(error) if isinstance(error, NotPulled) else type(error).__name__
                log.error("wecom.not_pulled", account=self._account.name, why=why)
                pause = min(2 * pause, LONGEST_PAUSE)
            await wait(self._told, pause)

    async def _pulled(self) -> bool:
        """Pull one desk to its end; whether there was one to pull."""
        pull = await asyncio.to_thread(self._pulls.claim)
        if pull is None:
            return False
        whole = False
        try:
            whole = await self._to_the_end(pull)
        finally:
            await asyncio.to_thread(self._pulls.end if whole else self._pulls.let_go, pull)
        return True

    async def _to_the_end(self, pull: Pull) -> bool:
        cursor, more = pull.cursor, True
        while more:
            page = await self._api.pull(pull.desk, cursor, pull.token)
            cursor, more = page.cursor, page.more
            await self._take_in(page.messages, pull.since)
            if not await asyncio.to_thread(self._pulls.passed, pull, cursor):
                return False  # it took too long, and another process goes on
        return True

    async def _take_in(self, items: list[dict[str, Any]], since: datetime) -> None:
        """Take in each customer's messages in their order, several customers at once."""
        said: dict[str, list[inbound.Inbound]] = defaultdict(list)
        for item in items:
            try:
                message = kf_messages.read(item)
            except Unreadable as error:
                log.warning("wechat.unreadable", account=self._account.name, why=str(error))
                continue
            if message and message.at >= since:
                said[message.openid].append(message)
        room = asyncio.Semaphore(AT_ONCE)

        async def hers(messages: list[inbound.Inbound]) -> None:
            async with room:
                await self._one_customers(messages)

        done = await asyncio.gather(*map(hers, said.values()), return_exceptions=True)
        for failure in filter(None, done):
            raise failure

    async def _one_customers(self, messages: list[inbound.Inbound]) -> None:
        spoken: list[inbound.Inbound] = []
        for message in messages:
            match message:
                case Entered(code=code) if code:
                    await self._welcome(message, code)
                case Entered():
                    pass
                case NotSent(why=why):
                    log.warning("wecom.not_sent", account=self._account.name, why=why)
                case _:
                    spoken.append(message)
        if spoken and await self._is_ours(spoken[0].openid):
            for message in spoken:
                await self._one(message)

    async def _one(self, message: inbound.Inbound) -> None:
        try:
            await self._connector.take(message)
        except SQLAlchemyError:
            raise
        except Exception as error:  # to try it for ever would keep back all that come behind it
            log.error("wecom.message_lost", account=self._account.name, error=type(error).__name__)

    async def _welcome(self, message: inbound.Inbound, code: str) -> None:
        if datetime.now(UTC) - message.at < TO_WELCOME:
            text = api.text(say("welcome_entered"))
            await self._api.welcome(code, text, api.once(message.openid, message.key))

    async def _is_ours(self, openid: str) -> bool:
        """Whether the conversation is with us; a new one is taken."""
        state = await self._api.state(openid)
        if state == State.NEW:
            await self._api.take(openid)
        if state in (State.POOL, State.PERSON):
            log.info("wecom.left_to_people", account=self._account.name)
            return False
        return True
