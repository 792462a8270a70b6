"""A model is put in the place of the one that answers, and back again, while shoppers go on writing.

There are two sides of engines (bot/live_model.py). The one that does not answer is started with the new
model, warms itself and is tried; then one file says that it answers. The other ends the turns it has begun
and stays for the way back. Until that file is written nothing that answers was touched: whatever fails
before, and a promoter that dies, leaves the old model answering.
"""

import asyncio
import hashlib
import json
import tarfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlalchemy.exc import SQLAlchemyError

from bot import live_model
from bot.conversations import audits
from bot.conversations.engine_client import EngineClient, EngineFailed
from bot.conversations.steps import now
from bot.conversations.store import ClaimedTurn, Store
from bot.live_model import Live, short
from bot.settings import ROOT, Settings
from bot.staff import texts
from bot.supervision import Supervisor, Unreachable, engine_names

from .promotions import FAILED, INTERRUPTED, LIVE, PROMOTE, ROLLBACK, Promotion, Promotions

SENTENCES = texts.load(Path(__file__).parent / "texts" / "promotion.yml")
CANARIES = ROOT / "data" / "canaries.yml"
CHECK, START, READY, CANARY, SWITCH = STEPS = ("check", "start", "ready", "canary", "switch")

READY_WITHIN = 150.0
LOOK_SECONDS = 0.2
# Until then every process that asks engines has seen who answers now (EnginePool.watch).
FOLLOWED_WITHIN = 2.0
_READY = "/webhooks/conversation/ready"
_TRIES = 5

log = structlog.get_logger()

Allowed = Callable[[str], list[str]]
"""What speaks against promoting the model of this file name, each a sentence; nothing: it may be promoted."""


class Stopped(Exception):
    """It cannot be done, and the old model goes on; ``why_`` and the code name a sentence of the texts."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(f"{code} {values}")
        self.code, self.values = code, values


@dataclass(frozen=True)
class Overview:
    """What answers now, what stands by, and what was done before."""

    serves: str | None
    """The model that answers; None where no engine says so."""
    since: datetime | None
    """Since when it answers; None where it was never promoted."""
    stands_by: str | None
    """The model of the other side, where that is ready to answer."""
    way_back: str | None
    """What a way back leads to; None where nothing was promoted yet."""
    left: dict[str, Promotion]
    """The models that were gone back from and not promoted again, each with the way back."""
    under_way: Promotion | None
    history: list[Promotion]


class Promoter:
    """Promotes models of one installation. Several may exist, in any processes: one at a time is let in."""

    def __init__(self, settings: Settings, store: Store, allowed: Allowed = lambda _: []) -> None:
        self._settings, self._store, self._allowed = settings, store, allowed
        self._models = settings.models_dir.absolute()
        self.history = Promotions(store)

    def promote(self, model: str, by: str, why: str = "", started: bool = False) -> "Run":
        """Begin to promote ``model``; ``carry_out`` goes on.

        ``why``: what an admin says against reasons not to; ``started``: the other side's engines were
        started by hand. Raises Stopped, and SQLAlchemyError where the database is away.
        """
        return self._begin(PROMOTE, lambda live: model, by, why, started)

    def roll_back(self, by: str, why: str = "", started: bool = False) -> "Run":
        """Begin to go back to the model that answered before; as ``promote``."""

        def former(live: Live) -> str:
            last = self.history.last_live()
            if last is None:
                raise Stopped("no_way_back")
            return last.from_model

        return self._begin(ROLLBACK, former, by, why, started)

    def overview(self) -> Overview:
        """How things stand. Raises SQLAlchemyError, live_model.Unreadable, OSError."""
        live = live_model.read(self._models)
        side = live.live if live else live_model.BLUE
        rows, under_way = self._rows()
        named = live and live.model(live.live)
        standing = live and live.model(live.other)
        there = standing and self._answering(live.other) == {short(standing)} if live else False
        last = next((row for row in rows if row.outcome == LIVE), None) or self.history.last_live()
        answering = self._answering(side)
        serves = short(named) if named else (answering.pop() if len(answering) == 1 else None)
        # The first promotion writes the file as it begins: since when the other answered, nobody knows.
        first = bool(rows) and last is None and all(row.to_model != serves for row in rows)
        return Overview(
            serves=serves,
            since=datetime.fromisoformat(live.since) if live and not first else None,
            stands_by=short(standing) if standing and there else None,
            way_back=last.from_model if last else None,
            left=self.history.left() if last else {},
            under_way=under_way,
            history=[row for row in rows if row is not under_way],
        )

    def _rows(self) -> tuple[list[Promotion], Promotion | None]:
        """The history, and what of it is under way."""
        rows = self.history.latest()
        if not (rows and rows[0].outcome is None):
            return rows, None
        with live_model.alone(self._models) as nobody:
            if not nobody:
                return rows, rows[0]
        # It has ended since, and said how; or it never will.
        return self.history.latest(), None

    def serving(self) -> str | None:
        """The model that answers, without ``.tar.gz``; None where no engine says so. Raises as overview."""
        if live := live_model.read(self._models):
            return short(live.model(live.live) or "")
        models = self._answering(live_model.BLUE)
        return models.pop() if len(models) == 1 else None

    def cool(self) -> bool:
        """Stop the former model's engines when they have stood by for ``warm_hours``; whether they were."""
        hours = self._settings.warm_hours
        with live_model.alone(self._models) as nobody:
            live = live_model.read(self._models)
            if not (hours and nobody and live and live.model(live.other)):
                return False
            if now() - datetime.fromisoformat(live.since) < timedelta(hours=hours):
                return False
            Supervisor(self._settings.data_dir).stop(engine_names(live.other, self._settings.engines))
            live_model.write(self._models, live.with_model(live.other, None))
        return True

    async def keep_cool(self, pause: float = 60) -> None:
        """``cool`` again and again, for ever."""
        while self._settings.warm_hours:
            try:
                if await asyncio.to_thread(self.cool):
                    log.info("promotion.cooled")
            except (OSError, live_model.Unreadable, Unreachable) as error:
                log.error("promotion.not_cooled", error=str(error))
            await asyncio.sleep(pause)

    def _begin(self, kind: str, choose: Callable[[Live], str], by: str, why: str, started: bool) -> "Run":
        with ExitStack() as held:
            try:
                self._enter(held)
                live = self._live()
                self.history.settle(short(live.model(live.live) or ""), (SWITCH,))
                archive = live_model.archive(self._models, choose(live))
            except live_model.NoModel as error:
                raise Stopped("unknown_model", why=str(error)) from error
            except (live_model.Unreadable, OSError) as error:
                raise Stopped("file", why=str(error)) from error
            if archive.name == live.model(live.live):
                raise Stopped("is_live", model=short(archive.name))
            if not self._settings.sides[live.other]:
                raise Stopped("one_side", side=live.other)
            # What answered before may always answer again.
            against = self._allowed(archive.name) if kind == PROMOTE else []
            if against and not why.strip():
                raise Stopped("against", model=short(archive.name), reasons="\n".join(against))
            number = self.history.begin(
                by=by,
                kind=kind,
                from_model=short(live.model(live.live) or ""),
                to_model=short(archive.name),
                why=why.strip() or None,
                against=against,
                step=CHECK,
            )
            audits.note(self._store, by, kind, promotion=number, model=short(archive.name))
            return Run(self._settings, self.history, held.pop_all(), number, kind, live, archive, started)
        raise AssertionError

    def _enter(self, held: ExitStack) -> None:
        # Who merely looks whether somebody is inside is there for a moment.
        for _ in range(_TRIES):
            with ExitStack() as trying:
                if trying.enter_context(live_model.alone(self._models)):
                    held.push(trying.pop_all())
                    return
            time.sleep(LOOK_SECONDS / 2)
        raise Stopped("busy")

    def _live(self) -> Live:
        """What the file says; where there is none, what it would say."""
        if live := live_model.read(self._models):
            return live
        models = self._answering(live_model.BLUE)
        if len(models) != 1:
            raise Stopped("engine_away")
        archive = live_model.archive(self._models, models.pop())
        return Live(live_model.BLUE, archive.name, None, now().isoformat())

    def _answering(self, side: str) -> set[str]:
        """The models of a side's engines; empty where one does not answer."""
        found = [ready(url, timeout=1) for url in self._settings.sides[side]]
        return {model for model in found if model} if all(found) else set()


class Run:
    """One promotion under way, which alone may touch the sides until ``carry_out`` has returned."""

    def __init__(
        self,
        settings: Settings,
        history: Promotions,
        held: ExitStack,
        number: int,
        kind: str,
        live: Live,
        archive: Path,
        started: bool,
    ) -> None:
        self.number, self._kind, self._started = number, kind, started
        self._settings, self._history, self._held = settings, history, held
        self._models, self._live, self._archive = archive.parent, live, archive
        self.model = short(archive.name)
        self._side = live.other
        self._engines = engine_names(self._side, settings.engines)
        self._urls = settings.sides[self._side]
        self._supervisor = Supervisor(settings.data_dir)
        self._pids: list[int] = []
        self._by_hand = self._switched = False
        self._first = live_model.read(self._models) is None

    def carry_out(self, say: Callable[[str], None] = lambda step: None) -> None:
        """Go through the steps, each told to ``say``. Raises Stopped: the old model goes on answering."""
        began = time.monotonic()
        outcome, problem = INTERRUPTED, None
        try:
            try:
                self._go(say)
                outcome = LIVE
            except Stopped as why:
                outcome, problem = FAILED, {"code": why.code, "values": why.values}
                raise
            except (OSError, SQLAlchemyError) as error:
                outcome, problem = FAILED, {"code": "failed", "values": {"error": type(error).__name__}}
                raise Stopped("failed", error=type(error).__name__) from error
            finally:
                if self._switched:
                    outcome = LIVE
                else:
                    self._abandon()
                with self._told():
                    seconds = round(time.monotonic() - began, 1)
                    self._history.change(self.number, outcome=outcome, problem=problem, seconds=seconds)
        finally:
            self._held.close()

    def _go(self, say: Callable[[str], None]) -> None:
        def step(name: str) -> None:
            say(name)
            self._history.change(self.number, step=name)

        step(CHECK)
        self._history.change(self.number, sha256=checked(self._archive))
        if not (self._kind == ROLLBACK and self._stands_by()):
            step(START)
            self._start()
            step(READY)
            self._wait_until_ready()
            step(CANARY)
            for url in self._urls:
                answer_canaries(url, self._settings, canaries())
            self._look_after()
        step(SWITCH)
        now_live = Live(self._side, self._live.blue, self._live.green, now().isoformat())
        live_model.write(self._models, now_live.with_model(self._side, self._archive.name))
        self._switched = True

    def _stands_by(self) -> bool:
        """Whether the other side has the model already, and answers."""
        names = {ready(url, timeout=1) for url in self._urls}
        return self._live.model(self._side) == self._archive.name and names == {short(self._archive.name)}

    def _start(self) -> None:
        """Start the other side with the model; what it had before has no turns any more."""
        wanted = self._live.with_model(self._side, self._archive.name)
        if self._started:
            self._by_hand = True
            live_model.write(self._models, wanted)
            return
        self._wait_until_drained()
        try:
            self._supervisor.stop(self._engines)
            live_model.write(self._models, wanted)
            self._supervisor.start(self._engines)
            self._pids = [process.pid for process in self._supervisor.processes(self._engines)]
        except Unreachable as error:
            # Whoever starts the side by hand finds there what it shall load.
            self._by_hand = True
            live_model.write(self._models, wanted)
            raise Stopped(
                "no_supervisor", why=str(error), side=self._side, model=short(self._archive.name)
            ) from error

    def _wait_until_drained(self) -> None:
        """The turns that the side had begun when it was left have ended."""
        drains = FOLLOWED_WITHIN + self._settings.turn_seconds
        passed = (now() - datetime.fromisoformat(self._live.since)).total_seconds()
        if not self._first and 0 <= passed < drains:
            time.sleep(drains - passed)

    def _wait_until_ready(self) -> None:
        wanted, waiting = short(self._archive.name), list(self._urls)
        deadline = time.monotonic() + READY_WITHIN
        while waiting:
            self._look_after()
            found = ready(waiting[0], timeout=5)
            if found == wanted:
                waiting.pop(0)
                continue
            if found:
                raise Stopped("other_model", url=waiting[0], found=found, model=wanted)
            if time.monotonic() > deadline:
                raise Stopped("not_ready", url=waiting[0], seconds=f"{READY_WITHIN:.0f}")
            time.sleep(LOOK_SECONDS)

    def _look_after(self) -> None:
        """A new engine that has ended, even if it was started again, is not to be trusted."""
        if not self._pids:
            return
        try:
            processes = self._supervisor.processes(self._engines)
        except Unreachable as error:
            raise Stopped("supervisor_gone", why=str(error)) from error
        for process, pid in zip(processes, self._pids, strict=True):
            if not process.runs or process.pid != pid:
                raise Stopped("died", engine=process.name, words=self._supervisor.last_words(process.name))

    def _abandon(self) -> None:
        """Let the new engines end. What was written for them is taken back, and nothing else."""
        if self._by_hand or not self._pids:
            return
        try:
            self._supervisor.stop(self._engines)
            if self._first:
                live_model.remove(self._models)
            else:
                live_model.write(self._models, self._live.with_model(self._side, None))
        except (Unreachable, OSError) as error:
            log.error("promotion.not_abandoned", error=str(error))

    def _told(self) -> "suppress":
        """The file says what answers; that the history can't be written changes nothing of it."""
        return suppress(SQLAlchemyError)


def ready(url: str, timeout: float) -> str | None:
    """The model of the engine at ``url``; None where it is not ready to answer within ``timeout`` seconds."""
    try:
        with httpx.Client(timeout=timeout, trust_env=False) as http:
            return str(http.get(url + _READY).raise_for_status().json()["model"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def checked(archive: Path) -> str:
    """The archive's SHA-256, once it was read to its end and is what was trained. Raises Stopped."""
    digest = hashlib.sha256()
    try:
        with archive.open("rb") as content:
            while chunk := content.read(1 << 20):
                digest.update(chunk)
        with tarfile.open(archive) as members:
            members.getmembers()
    except (OSError, EOFError, tarfile.TarError) as error:
        raise Stopped("torn", model=short(archive.name), error=str(error)) from error
    kept = archive.with_name(short(archive.name) + ".json")
    with suppress(OSError, ValueError, AttributeError):
        recorded = json.loads(kept.read_text(encoding="utf-8")).get("sha256")
        if recorded and recorded != digest.hexdigest():
            raise Stopped("changed", model=short(archive.name))
    return digest.hexdigest()


def canaries() -> list[str]:
    """What a new model is asked before it may answer. Raises Stopped."""
    try:
        said = YAML(typ="safe").load(CANARIES)["canaries"]
    except (OSError, YAMLError, TypeError, KeyError) as error:
        raise Stopped("canaries_file", file=str(CANARIES)) from error
    if not (isinstance(said, list) and said and all(isinstance(each, str) for each in said)):
        raise Stopped("canaries_file", file=str(CANARIES))
    return said


def answer_canaries(url: str, settings: Settings, said: list[str]) -> None:
    """Have the engine at ``url`` answer each, in conversations that it forgets. Raises Stopped."""
    asyncio.run(_answer_canaries(url, settings, said))


async def _answer_canaries(url: str, settings: Settings, said: list[str]) -> None:
    client = EngineClient(url, settings.internal_secret, settings.turn_seconds)
    turns = [_turn(number, text) for number, text in enumerate(said, 1)]
    try:
        # A promoter that died may have left some.
        await _forget(client, turns)
        for turn in turns:
            try:
                answer = await client.answer(turn)
            except EngineFailed as error:
                raise Stopped("canary", text=turn.text, error=str(error)) from error
            if not (answer.replies or answer.handoff):
                raise Stopped("canary", text=turn.text, error="empty")
    finally:
        await _forget(client, turns)
        await client.close()


async def _forget(client: EngineClient, turns: list[ClaimedTurn]) -> None:
    for turn in turns:
        for _ in range(_TRIES):
            try:
                await client.forget(turn.conversation_id)
                break
            except EngineFailed as error:
                log.warning("promotion.canary_not_forgotten", error=str(error))
                await asyncio.sleep(LOOK_SECONDS)


def _turn(number: int, text: str) -> ClaimedTurn:
    return ClaimedTurn(
        id=0,
        lease_by="",
        conversation_id=f"canary-{number}",
        seq=1,
        epoch=1,
        owner="bot",
        channel="web",
        customer=None,
        text=text,
        payload=None,
        attachment=None,
        settled=None,
        service=0,
        anew=False,
        mood=None,
        tickets=[],
    )
