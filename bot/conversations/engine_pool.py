"""Which engine answers a conversation: always the same one, as long as it is there and has room.

Each conversation has an order of its own in which it prefers the engines (rendezvous hashing), so that only
the conversations of an engine that is gone move, and come back with it. All engines share one memory: to
move, or to go elsewhere while the preferred one is full, may cost a little time and is never wrong.

A call that broke off is asked of the next engine at once. That is safe: a turn is stored whole or not at all,
a message that was answered is answered the same by any engine, and every write to the shop is made once by
its message id. A call that took too long is not asked again, as no time would be left for another answer.

The engines stand on two sides, of which one is asked (bot/live_model.py). When the other one is, a call under
way ends where it began, and whatever is asked from then on goes there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

import structlog

from bot import live_model

from .engine_client import Answer, EngineClient, EngineFailed, EngineGone
from .store import ClaimedTurn

# Calls of one process in one engine, docs/decisions/0017.
AT_ONE_ENGINE = 32
# An engine that was not heard of for so long is asked whether it is there; one that is out, at each look.
SILENT_SECONDS = 5.0
LOOK_SECONDS = 0.5
PROBE_TIMEOUT = 1.0
# A message over which so many engines ended is not given to another.
ENDED_OVER = 2

T = TypeVar("T")

log = structlog.get_logger()


class EngineBusy(EngineFailed):
    """No engine had room while the call could wait; it may be asked again later."""


@dataclass(eq=False)
class _Engine:
    """One engine as this process sees it; ``heard``: when it last answered."""

    client: EngineClient
    probe: EngineClient
    calls: int = 0
    out: bool = False
    heard: float = 0.0

    @property
    def has_room(self) -> bool:
        return self.calls < AT_ONE_ENGINE


def preference(url: str, conversation_id: str) -> bytes:
    """How much the conversation prefers this engine: the greatest comes first, the same in every process."""
    return blake2b(f"{url} {conversation_id}".encode(), digest_size=8).digest()


class EnginePool:
    """The engines at ``urls``, called with the secret of our processes.

    ``green`` are those of the second side; ``side`` tells which side is to be asked and may raise
    ``live_model.Unreadable``, which changes nothing.

    A call ends within ``seconds`` of its beginning, however many engines are asked, and before it begins
    waits at most ``patience`` seconds for room.
    """

    def __init__(
        self,
        urls: Sequence[str],
        secret: str,
        seconds: float,
        patience: float = 1.0,
        green: Sequence[str] = (),
        side: Callable[[], str] = lambda: live_model.BLUE,
    ) -> None:
        self._sides = {
            name: [
                _Engine(EngineClient(url, secret, seconds), EngineClient(url, secret, PROBE_TIMEOUT))
                for url in each
            ]
            for name, each in ((live_model.BLUE, urls), (live_model.GREEN, green))
        }
        self._side = side
        self._live, self._told = live_model.BLUE, ""
        self._seconds, self._patience = seconds, patience
        self._line = asyncio.Lock()
        self._changed = asyncio.Event()
        self._follow()

    async def answer(self, turn: ClaimedTurn) -> Answer:
        """The answer to the turn's message; asking again gives the same answer.

        Raises:
            EngineBusy: no engine had room; EngineFailed: none has answered.
        """
        return await self._ask(turn.conversation_id, lambda engine: engine.answer(turn))

    async def forget(self, conversation_id: str) -> None:
        """The engines keep nothing of the conversation any more. Raises as ``answer``."""
        await self._ask(conversation_id, lambda engine: engine.forget(conversation_id))

    @property
    def has_room(self) -> bool:
        """Whether one more call would begin at once."""
        return any(engine.has_room for engine in self._there(()))

    async def room(self) -> None:
        """Wait until one more call would begin at once."""
        while not self.has_room:
            await self._change()

    async def watch(self) -> None:
        """Look after the engines' health and which side is asked, for ever."""
        while True:
            self._follow()
            due = [e for e in self._engines if e.out or _clock() - e.heard > SILENT_SECONDS]
            await asyncio.gather(*(self._probe(engine) for engine in due))
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        for engine in (engine for side in self._sides.values() for engine in side):
            await engine.client.close()
            await engine.probe.close()

    async def _ask(self, conversation_id: str, call: Callable[[EngineClient], Awaitable[T]]) -> T:
        tried: list[_Engine] = []
        ended_over = 0
        deadline = None
        while True:
            waits_until = min(_clock() + self._patience, deadline or float("inf"))
            async with self._place(conversation_id, tried, waits_until) as engine:
                deadline = deadline or _clock() + self._seconds
                try:
                    async with asyncio.timeout_at(deadline):
                        result = await call(engine.client)
                    self._found(engine)
                    return result
                except TimeoutError as error:
                    raise EngineFailed(f"no answer within {self._seconds:g} s") from error
                except EngineGone as gone:
                    self._lost(engine, gone)
                    tried.append(engine)
                    ended_over += gone.midway
                    # Its side may have been left since this was last looked at, and have ended.
                    self._follow()
                    if ended_over == ENDED_OVER or not self._there(tried):
                        raise

    @asynccontextmanager
    async def _place(
        self, conversation_id: str, tried: Sequence[_Engine], until: float
    ) -> AsyncIterator[_Engine]:
        """A place at the engine that the conversation prefers of those with room, first come first served."""
        try:
            async with asyncio.timeout_at(until), self._line:
                while not (there := [e for e in self._there(tried) if e.has_room]):
                    await self._change()
        except TimeoutError as error:
            raise EngineBusy("no engine has room") from error
        engine = max(there, key=lambda e: preference(e.client.url, conversation_id))
        engine.calls += 1
        try:
            yield engine
        finally:
            engine.calls -= 1
            self._changed.set()

    def _there(self, tried: Sequence[_Engine]) -> list[_Engine]:
        """Who may be asked: while all seem to be gone, each is worth a try."""
        left = [engine for engine in self._engines if engine not in tried]
        return [engine for engine in left if not engine.out] or left

    @property
    def _engines(self) -> list[_Engine]:
        """Those of the side that is asked."""
        return self._sides[self._live]

    def _follow(self) -> None:
        """Ask the side that shall be asked now."""
        try:
            side = self._side()
        except live_model.Unreadable as error:
            self._complain(str(error))
            return
        if side == self._live:
            return
        if not self._sides[side]:
            self._complain(f"{side} answers, and no engine of it is known here: set GUITAI_GREEN_ENGINE_URL")
            return
        log.info("engine.side", side=side)
        self._live, self._told = side, ""
        for engine in self._engines:
            engine.out, engine.heard = False, 0.0
        self._changed.set()

    def _complain(self, why: str) -> None:
        """Say once that it cannot be followed."""
        if why != self._told:
            log.error("engine.side_unknown", why=why)
        self._told = why

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _probe(self, engine: _Engine) -> None:
        began = _clock()
        try:
            await engine.probe.ready()
            self._found(engine)
        except EngineFailed as error:
            if engine.heard < began:
                self._lost(engine, error)

    def _lost(self, engine: _Engine, why: EngineFailed) -> None:
        if not engine.out:
            log.warning("engine.gone", engine=engine.client.url, error=str(why))
        engine.out = True

    def _found(self, engine: _Engine) -> None:
        if engine.out:
            log.info("engine.back", engine=engine.client.url)
        engine.out, engine.heard = False, _clock()
        self._changed.set()


def _clock() -> float:
    return asyncio.get_running_loop().time()
