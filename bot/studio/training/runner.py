"""Makes the trainings that were asked for, one at a time; runs in the worker."""

import asyncio
import errno
import secrets
import shutil
import signal
from collections.abc import Callable, Collection
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.settings import ROOT
from bot.studio.models import Models

from . import queue
from .models import CANCELLED, DONE, FAILED, Training
from .process import Trainer
from .queue import End

ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"
LOOK_SECONDS = 1.0
NOTE_SECONDS = 1.0
# The log of conversations may lie on the same disk: a training begins only where there is room for both.
FREE_BYTES = 200 << 20
SCRATCH = ".studio-"
FULL = (errno.ENOSPC, errno.EDQUOT)

Export = Callable[[str, Path], None]
"""Writes the data of a commit into a folder. Raises OSError, or what has a sentence for people."""

log = structlog.get_logger()


class Runner:
    """One worker's trainings."""

    def __init__(
        self,
        store: Store,
        models: Models,
        export: Export,
        *,
        kept: int,
        in_use: Callable[[], Collection[str] | None],
        python: Path = ENGINE_PYTHON,
    ) -> None:
        """Nothing is done yet.

        Args:
            kept: so many of the newest models are kept.
            in_use: names of models that must stay; None where that cannot be told now.
            python: the engine environment's.
        """
        self._store, self._models, self._export, self._python = store, models, export, python
        self._kept, self._in_use = kept, in_use
        self._name = secrets.token_hex(8)

    async def run(self) -> None:
        """Train for ever."""
        while True:
            try:
                training = await asyncio.to_thread(queue.claim, self._store, self._name)
                if training:
                    await self._train(training)
                    continue
            except SQLAlchemyError as error:
                log.error("training.not_read", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _train(self, training: Training) -> None:
        # Nobody else trains: what other trainings left was left by workers that were killed.
        await asyncio.to_thread(self._sweep)
        scratch = self._models.folder / f"{SCRATCH}{training.id}-{self._name}"
        log.info("training.begins", training=training.id, commit=training.commit_id)
        try:
            end, said = await self._made(training, scratch)
        except asyncio.CancelledError:
            await asyncio.to_thread(queue.release, self._store, training)
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if end is None:
            log.warning("training.lost", training=training.id)
            return
        await asyncio.to_thread(queue.end, self._store, training, end, said)
        log.info("training.ended", training=training.id, state=end.state, failure=end.failure)
        if end.state == DONE:
            await asyncio.to_thread(self._prune, end.model)

    async def _made(self, training: Training, scratch: Path) -> tuple[End | None, str | None]:
        """How it ended, with its log; None where it is another worker's by now."""
        if not self._python.exists():
            return End(FAILED, failure="no_engine"), None
        snapshot = scratch / "snapshot"
        try:
            snapshot.mkdir(parents=True)
            if shutil.disk_usage(scratch).free < FREE_BYTES:
                return End(FAILED, failure="disk_full"), None
            await asyncio.to_thread(self._export, training.commit_id, snapshot)
        except OSError as error:
            if error.errno in FULL:
                return End(FAILED, failure="disk_full"), None
            return End(FAILED, failure="no_folder", detail=error.strerror), None
        except Exception as error:
            # Whatever the repository cannot do is told, and the worker goes on.
            log.error("training.not_exported", training=training.id, error=type(error).__name__)
            return End(FAILED, failure="no_data", detail=str(error)), None
        arguments = ["--root", str(snapshot), "--out", str(self._models.folder)]
        arguments += ["--commit", training.commit_id, "--by", training.by]
        try:
            trainer = await Trainer.start(self._python, arguments, scratch)
        except OSError as error:
            return End(FAILED, failure="no_engine", detail=error.strerror), None
        try:
            return await self._followed(training, trainer), trainer.log
        finally:
            await trainer.kill()

    async def _followed(self, training: Training, trainer: Trainer) -> End | None:
        """Wait for the trainer's end, writing down how far it is."""
        safe_until = now() + queue.LEASE
        while (status := await trainer.ended(NOTE_SECONDS)) is None:
            try:
                told = {name: trainer.told.get(name) for name in ("step", "share", "seconds_left")}
                order = await asyncio.to_thread(queue.note, self._store, training, **told, log=trainer.log)
                safe_until = now() + queue.LEASE
            except SQLAlchemyError as error:
                log.error("training.not_noted", training=training.id, error=type(error).__name__)
                order = "on" if now() < safe_until else "lost"
            if order == "lost":
                return None
            if order == "cancel":
                return End(CANCELLED)
        return self._outcome(status, trainer)

    def _outcome(self, status: int, trainer: Trainer) -> End:
        said = trainer.end
        if status == 0 and said.get("model"):
            name = Path(said["model"]).name.removesuffix(".tar.gz")
            return End(DONE, model=name, fresh=bool(said.get("trained")))
        if "failed" in said:
            failure = "disk_full" if said.get("kind") == "disk" else "refused"
            return End(FAILED, failure=failure, detail=_whole(said.get("faults") or [str(said["failed"])]))
        if status < 0:
            return End(FAILED, failure="killed", detail=signal.Signals(-status).name)
        lines = trainer.log.strip().splitlines()
        return End(FAILED, failure="broken", detail=lines[-1] if lines else None)

    def _sweep(self) -> None:
        for left in self._models.folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)

    def _prune(self, made: str | None) -> None:
        in_use = self._in_use()
        if in_use is None:
            return
        deleted = self._models.prune({*in_use, *([made] if made else [])}, self._kept)
        if deleted:
            log.info("models.deleted", models=",".join(deleted))


def _whole(lines: list[str]) -> str:
    """As many lines as are kept; a fault that is cut cannot be read."""
    while len(lines) > 1 and sum(map(len, lines)) + len(lines) > queue.DETAIL_LIMIT:
        lines = lines[:-1]
    return "\n".join(lines)
