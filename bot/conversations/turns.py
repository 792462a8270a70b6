"""Answers turns: takes each by lease, asks the engine, appends what it says."""

import asyncio
import os
import secrets
import socket

import structlog
from sqlalchemy.exc import SQLAlchemyError

from . import notices, ownership
from .engine_client import Answer, EngineFailed
from .engine_pool import EngineBusy, EnginePool
from .steps import Reply, UnknownConversation
from .store import ANYBODY, UNSURE, ClaimedTurn, Store
from .watch import Watcher, wait

LOOK_SECONDS = 0.5

log = structlog.get_logger()


class TurnRunner:
    """Answers whatever turns lie open, many conversations at once, each in its order.

    Any number of processes may run one: a turn is answered by the process that holds its lease, and the lease
    of a process that died runs out.
    """

    def __init__(
        self, store: Store, engines: EnginePool, watcher: Watcher, lease_seconds: float, at_once: int
    ) -> None:
        self._store = store
        self._engines = engines
        self._watcher = watcher
        self._lease_seconds = lease_seconds
        self._free = asyncio.Semaphore(at_once)
        # Set whenever a turn may be left that nobody answers.
        self._left = asyncio.Event()
        # While turns lie open, whoever comes is answered behind them.
        self._behind = False
        self._name = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._running: set[asyncio.Task[None]] = set()

    async def receive(
        self,
        conversation_id: str,
        client_id: str,
        text: str | None = None,
        payload: str | None = None,
        attachment: str | None = None,
        customer_id: str | None = ANYBODY,
    ) -> int:
        """``Store.receive_and_claim``, and begin with the answer at once where there is room."""
        said = conversation_id, client_id, text, payload, attachment
        room = not (self._behind or self._free.locked()) and self._engines.has_room
        if room:
            await self._free.acquire()
        else:
            self._behind = True
        turn = None
        try:
            lease = self._name if room else None, self._lease_seconds
            receive = self._store.receive_and_claim
            seq, turn = await asyncio.to_thread(receive, *said, *lease, customer_id)
        finally:
            if room:
                self._begin(turn)
        if turn is None:
            self._left.set()
        self._watcher.hint(conversation_id)
        return seq

    async def run(self) -> None:
        """Answer turns for ever: those that were not begun when they came, and other processes'."""
        while True:
            await self._engines.room()
            await self._free.acquire()
            turn = await self._claim()
            self._behind = turn is not None
            self._begin(turn)
            if turn is None:
                await wait(self._left, LOOK_SECONDS)

    def _begin(self, turn: ClaimedTurn | None) -> None:
        """Answer the turn in the place that was taken for it; without a turn the place is free again."""
        if turn is None:
            self._free.release()
            return
        task = asyncio.create_task(self._answer(turn))
        self._running.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.release()
        self._left.set()

    async def _claim(self) -> ClaimedTurn | None:
        try:
            return await asyncio.to_thread(self._store.claim_turn, self._name, self._lease_seconds)
        except SQLAlchemyError as error:
            log.error("turn.claim_failed", error=type(error).__name__)
            return None

    async def _answer(self, turn: ClaimedTurn) -> None:
        try:
            answer = await self._engines.answer(turn)
        except EngineBusy:
            await self._put_back(turn)
            return
        except EngineFailed as error:
            log.error("turn.engine_failed", message_id=turn.message_id, error=str(error))
            answer = Answer([Reply(notices.text("failed"), notices.buttons(notices.HUMAN))])
        if turn.owner == ownership.QUEUE:
            answer = await self._while_waiting(turn, answer)
        try:
            spoken = await asyncio.to_thread(
                self._store.finish_turn,
                turn,
                answer.replies,
                answer.understanding or None,
                answer.model,
                answer.handoff,
            )
        except SQLAlchemyError as error:
            log.error("turn.not_stored", message_id=turn.message_id, error=type(error).__name__)
            return
        log.info(
            "turn.done", message_id=turn.message_id, spoken=spoken, intent=answer.understanding.get("intent")
        )
        self._watcher.hint(turn.conversation_id)

    async def _put_back(self, turn: ClaimedTurn) -> None:
        """An engine was lost since the turn was claimed: it waits where it does not run out of time."""
        self._behind = True
        try:
            await asyncio.to_thread(self._store.release_turn, turn)
        except SQLAlchemyError as error:
            log.error("turn.not_put_back", message_id=turn.message_id, error=type(error).__name__)

    async def _while_waiting(self, turn: ClaimedTurn, answer: Answer) -> Answer:
        """In the queue the bot says only what it is sure of; the rest waits for the agent."""
        sure = answer.understanding and answer.understanding.get("intent") not in UNSURE
        if sure and not answer.handoff:
            return answer
        try:
            reply = await asyncio.to_thread(self._store.waiting_reply, turn.conversation_id)
        except UnknownConversation:
            return answer  # erased meanwhile: nothing of it will be said
        return Answer([reply], answer.understanding, None, answer.model)
