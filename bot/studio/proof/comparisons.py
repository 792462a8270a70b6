"""The comparisons of an installation: asked for, performed in the worker, judged, and what follows."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, defer

from bot import live_model
from bot.conversations.models import Message
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.problems import Problem
from bot.settings import ROOT, Settings
from bot.studio.serving import serving

from . import replay, rules
from .models import Comparison, Judgement
from .rules import Verdict

SUFFIX = ".tar.gz"
NICE = "15"
LOOK_SECONDS = 1.0
BEAT_SECONDS = 1.0
# A process that compares is not heard of for so long: it was killed.
SILENT = timedelta(seconds=30)
LONGEST = timedelta(minutes=15)
STOPS_WITHIN = 5.0
ENDED = ("done", "failed", "cancelled")

Judged = Literal["better", "worse", "same"]

log = structlog.get_logger()


class Refused(Problem):
    """What was asked for cannot be; ``say`` tells why in a language."""

    def __init__(self, status: int, slug: str, key: str, **values: object) -> None:
        self._key, self._values = key, values
        super().__init__(status, slug, self.say("zh"))

    def say(self, language: str) -> str:
        return rules.said(self._key, language, **self._values)


class Failed(Exception):
    """A comparison came to no report; the text is a sentence, or the name of one in texts/proof.yml."""


class Cancelled(Exception):
    """An admin has cancelled the comparison."""


class Comparisons:
    """What the studio's page, the worker and the command line do with comparisons.

    Models are named as their archives in the models folder, without the suffix.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    # -- asking and looking ---------------------------------------------------------------------------

    def models(self) -> list[str]:
        """The models there are, the newest first."""
        archives = self._settings.models_dir.glob(f"*{SUFFIX}")
        newest = sorted(archives, key=lambda path: path.stat().st_mtime, reverse=True)
        return [path.name.removesuffix(SUFFIX) for path in newest]

    def current(self) -> str | None:
        """The model that serves; where that cannot be told now, the one that answered last, if any did."""
        if len(serve := serving(self._settings)) == 1:
            return serve.pop()
        query = select(Message.model).where(Message.model.is_not(None)).order_by(Message.id.desc())
        with self._store.reading() as session:
            return session.scalar(query.limit(1))

    def compare(self, candidate: str, current: str, by: str) -> int:
        """Ask for a comparison; its id. The worker performs it, or whoever calls ``perform``.

        Raises:
            Refused: there is no such model, or another comparison waits or runs.
        """
        sums = {side: _sha256(self._archive(name)) for side, name in (("a", candidate), ("b", current))}
        with self._store.writing() as session:
            _end_interrupted(session)
            if session.scalar(select(Comparison.id).where(Comparison.state.in_(("waiting", "running")))):
                raise Refused(409, "comparison-under-way", "already")
            asked = Comparison(
                candidate=candidate,
                current=current,
                candidate_sha256=sums["a"],
                current_sha256=sums["b"],
                state="waiting",
                by=by,
                at=now(),
                cancel=False,
            )
            session.add(asked)
            session.flush()
            return asked.id

    def comparison(self, id: int) -> Comparison:
        """A comparison with its report. Raises Refused: there is none."""
        with self._store.reading() as session:
            found = session.get(Comparison, id)
        if found is None:
            raise Refused(404, "no-comparison", "unknown")
        return found

    def latest(self, limit: int = 30) -> list[Comparison]:
        """The newest comparisons first, without their reports."""
        query = select(Comparison).options(defer(Comparison.report, raiseload=True))
        with self._store.reading() as session:
            return list(session.scalars(query.order_by(Comparison.id.desc()).limit(limit)))

    def cancel(self, id: int) -> None:
        """End a comparison that waits or runs."""
        with self._store.writing() as session:
            waiting = (Comparison.id == id) & (Comparison.state == "waiting")
            session.execute(update(Comparison).where(waiting).values(state="cancelled", ended_at=now()))
            running = (Comparison.id == id) & (Comparison.state == "running")
            session.execute(update(Comparison).where(running).values(cancel=True))
            _end_interrupted(session)

    # -- judging --------------------------------------------------------------------------------------

    def judgements(self, id: int) -> dict[str, str]:
        """better, worse or same, by the key of the change."""
        with self._store.reading() as session:
            return _judged(session, id)

    def judge(self, id: int, key: str, judged: Judged | None, by: str) -> bool:
        """Note what ``by`` thinks of a change (None: nothing any more); whether the candidate passes now.

        Raises:
            Refused: there is no such comparison, or no such change in it.
        """
        allowed = rules.margins()
        with self._store.writing() as session:
            found = session.get(Comparison, id, with_for_update=True)
            if found is None or found.report is None:
                raise Refused(404, "no-comparison", "unknown")
            if all(each["key"] != key for each in found.report["replay"]["changed"]):
                raise Refused(404, "not-changed", "not_changed")
            before = session.get(Judgement, (id, key))
            if before is not None:
                session.delete(before)
                session.flush()
            if judged:
                session.add(Judgement(comparison_id=id, key=key, judged=judged, by=by, at=now()))
                session.flush()
            found.reasons = list(rules.reasons(found.report, _judged(session, id), allowed))
            found.verdict = not found.reasons
            return found.verdict

    def verdict(self, candidate: str, current: str, language: str = "zh") -> Verdict:
        """Whether ``candidate`` may take the place of ``current``, by their newest comparison."""
        query = (
            select(Comparison)
            .options(defer(Comparison.report, raiseload=True))
            .where(Comparison.candidate == candidate, Comparison.current == current)
            .order_by(Comparison.id.desc())
        )
        with self._store.reading() as session:
            newest = session.scalars(query.limit(1)).first()
        if newest is None:
            return Verdict(False, [rules.said("not_compared", language)])
        try:
            sums = [_sha256(self._archive(name)) for name in (candidate, current)]
        except Refused as gone:
            return Verdict(False, [gone.say(language)], newest.id)
        if sums != [newest.candidate_sha256, newest.current_sha256]:
            return Verdict(False, [rules.said("other_archive", language)], newest.id)
        return verdict_of(newest, language)

    def against(self, candidate: str, language: str = "zh") -> list[str]:
        """What speaks against letting ``candidate`` answer in place of the model that does."""
        current = self.current()
        return self.verdict(live_model.short(candidate), current, language).reasons if current else []

    # -- performing -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Perform what is asked for, one after the other, for ever."""
        while True:
            try:
                id = await asyncio.to_thread(self._next)
                if id is not None:
                    log.info("comparison.begins", id=id)
                    await self.perform(id)
                    log.info("comparison.ended", id=id)
            except SQLAlchemyError as error:
                log.error("comparison.not_stored", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def perform(self, id: int) -> None:
        """Compare here and now, unless another process does; its outcome stands in the table afterwards."""
        begun = await asyncio.to_thread(self._begin, id)
        if begun is None:
            return
        try:
            report = await self._report(begun)
            await asyncio.to_thread(self._done, id, report)
        except Cancelled:
            await asyncio.to_thread(self._end, id, "cancelled", None)
        except (Failed, rules.CannotRead, Refused, OSError) as error:
            await asyncio.to_thread(self._end, id, "failed", str(getattr(error, "detail", "") or error))
        except asyncio.CancelledError:
            self._end(id, "failed", "interrupted")
            raise

    async def _report(self, begun: Comparison) -> dict[str, Any]:
        allowed = rules.margins()
        candidate, current = self._archive(begun.candidate), self._archive(begun.current)
        words = await asyncio.to_thread(replay.recent, self._store, allowed.replay_days, allowed.replay_texts)
        folder = self._settings.data_dir / "comparing"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as temporary:
            work = Path(temporary)
            turns, out = work / "turns.jsonl", work / "report.json"
            replay.write(turns, words)
            command = [sys.executable, "-m", "bot.comparing", "--tests", self._settings.bot_dir / "tests"]
            command += ["--candidate", candidate, "--current", current]
            command += ["--turns", turns, "--out", out, "--work", work]
            await self._await(begun.id, list(map(str, command)), work / "stderr")
            report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        by_key = {each.key: each for each in words}
        for changed in report["replay"]["changed"]:
            known = by_key[changed["key"]]
            changed |= {"ids": known.ids, "count": known.count}
        report["replay"] |= {"turns": sum(each.count for each in words), "days": allowed.replay_days}
        return report

    async def _await(self, id: int, command: list[str], errors: Path) -> None:
        """Run the process to its end, telling the table how far it is.

        Raises:
            Cancelled: somebody wants its end; Failed: it ended badly or too late.
        """
        with errors.open("wb") as told:
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", NICE),
                *command,
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,  # its end tells the process that this one is gone
                stdout=asyncio.subprocess.PIPE,
                stderr=told,
                start_new_session=True,
            )
        progress: dict[str, Any] = {}
        reading = asyncio.create_task(_read(process, progress))
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                while not (await asyncio.wait({reading}, timeout=BEAT_SECONDS))[0]:
                    if await asyncio.to_thread(self._beat, id, dict(progress)):
                        raise Cancelled
                await process.wait()
        except TimeoutError:
            raise Failed("took_too_long") from None
        finally:
            reading.cancel()
            await _stop(process)
        if process.returncode:
            raise Failed(await asyncio.to_thread(_last_line, errors) or f"exit {process.returncode}")

    def _next(self) -> int | None:
        with self._store.writing() as session:
            _end_interrupted(session)
            query = select(Comparison.id).where(Comparison.state == "waiting").order_by(Comparison.id)
            return session.scalar(query.limit(1))

    def _begin(self, id: int) -> Comparison | None:
        with self._store.writing() as session:
            found = session.get(Comparison, id, with_for_update=True)
            if found is None or found.state != "waiting":
                return None
            found.state, found.started_at, found.seen_at = "running", now(), now()
            return found

    def _beat(self, id: int, progress: dict[str, Any]) -> bool:
        """Tell that it is alive and how far; whether it shall end."""
        with self._store.writing() as session:
            found = session.get(Comparison, id, options=[defer(Comparison.report)])
            if found is None or found.state != "running":
                return True
            found.seen_at, found.progress = now(), progress or None
            return found.cancel

    def _done(self, id: int, report: dict[str, Any]) -> None:
        against = rules.reasons(report, {}, rules.margins())
        values = {"report": report, "reasons": list(against), "verdict": not against}
        self._end(id, "done", None, **values)

    def _end(self, id: int, state: str, problem: str | None, **values: Any) -> None:
        with self._store.writing() as session:
            running = (Comparison.id == id) & (Comparison.state == "running")
            values |= {"state": state, "problem": problem, "ended_at": now(), "progress": None}
            session.execute(update(Comparison).where(running).values(**values))

    def _archive(self, name: str) -> Path:
        path = self._settings.models_dir / f"{name}{SUFFIX}"
        if Path(name).name != name or not path.is_file():
            raise Refused(404, "no-model", "no_model", name=name[:128])
        return path.resolve()


def verdict_of(found: Comparison, language: str = "zh") -> Verdict:
    """What follows from one comparison."""
    if found.state not in ENDED:
        return Verdict(False, [rules.said("under_way", language)], found.id)
    if found.verdict is None:
        why = problem_of(found, language)
        return Verdict(False, [rules.said("not_done", language, problem=why)], found.id)
    against = [rules.sentence(reason, language) for reason in found.reasons or ()]
    return Verdict(found.verdict, against, found.id)


def problem_of(found: Comparison, language: str = "zh") -> str:
    """Why a comparison has no report."""
    if found.state == "cancelled":
        return rules.said("cancelled", language)
    if found.problem == "took_too_long":
        return rules.said("took_too_long", language, minutes=LONGEST.total_seconds() / 60)
    if found.problem == "interrupted":
        return rules.said("interrupted", language)
    return found.problem or ""


def _judged(session: Session, id: int) -> dict[str, str]:
    query = select(Judgement.key, Judgement.judged).where(Judgement.comparison_id == id)
    return {key: judged for key, judged in session.execute(query)}


def _end_interrupted(session: Session) -> None:
    """What runs in a process that was killed has ended."""
    silent = (Comparison.state == "running") & (Comparison.seen_at < now() - SILENT)
    values = {"state": "failed", "problem": "interrupted", "ended_at": now(), "progress": None}
    session.execute(update(Comparison).where(silent).values(**values))


def _sha256(archive: Path) -> str:
    status = archive.stat()
    return _digest(archive, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest(archive: Path, _size: int, _changed: int) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    """Delete what a process that was killed has left, shoppers' words among it."""
    oldest = (now() - 2 * LONGEST).timestamp()
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)


def _last_line(said: Path) -> str:
    lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""


async def _read(process: asyncio.subprocess.Process, progress: dict[str, Any]) -> None:
    """Keep the newest line of progress until the process closes its output."""
    assert process.stdout  # noqa: S101
    async for line in process.stdout:
        with suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict):
                progress.update(said)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the process and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOPS_WITHIN)
