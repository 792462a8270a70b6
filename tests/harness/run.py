"""One run of the harness: shoppers, agents and faults together, then quiet, then the checks."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import notices
from bot.conversations.database import connect
from bot.conversations.models import Message, Turn
from bot.conversations.store import Store, public
from tests.stack import Running

from . import checks, faults, jobs
from .checks import Breaches
from .proxy import CuttingProxy
from .shoppers import Shopper, chat

SETTLES_WITHIN = 180.0
ENDS_WITHIN = 600.0
JOBS_AT_ONCE = 8
PAGE = 1000


@dataclass(frozen=True)
class Plan:
    """How much of what; times in seconds, ``seconds`` those after which nothing more is begun."""

    messages: int
    shoppers: int
    jobs: int
    seed: int
    seconds: float
    pause: float = 0.2
    between_jobs: float = 6.0
    """Of each of those who do them one after the other."""
    between_faults: tuple[float, float] = (0.5, 2.5)
    cut_share: float = 0.004
    faults: Collection[str] = ()
    """The names of those that shall happen; none: all."""


@dataclass
class Report:
    """What happened and what was found."""

    seed: int
    breaches: Breaches = field(default_factory=Breaches)
    facts: dict[str, Any] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        return {"seed": self.seed, **self.breaches.figures(), **self.facts}


async def run(
    running: Running, plan: Plan, *, volume: Path | None = None, clock: faults.Clock | None = None
) -> Report:
    """Let it all happen and check what came of it.

    Args:
        volume: the small volume that the database lies on, to be filled up.
        clock: what the stack was started under, to be set.

    Raises:
        TimeoutError: a part did not come back, or the end did not come.
    """
    chance = random.Random(plan.seed)
    report = Report(plan.seed)
    began = time.monotonic()
    async with asyncio.timeout(plan.seconds + ENDS_WITHIN), AsyncExitStack() as around:
        proxy = CuttingProxy(running.settings.front_port, random.Random(chance.random()), plan.cut_share)
        await around.enter_async_context(proxy.listening())
        http = await around.enter_async_context(
            httpx.AsyncClient(
                base_url=proxy.address,
                timeout=httpx.Timeout(20, pool=None),
                limits=httpx.Limits(max_connections=None),
                trust_env=False,
            )
        )
        desk = faults.desk(running, chance.random())
        around.callback(faults.resumed, running)
        around.callback(desk.stop)

        def accepted() -> int:
            return sum(bool(sent.seqs) for shopper in everybody for sent in shopper.sent)

        def tell(what: str) -> None:
            print(f"{time.monotonic() - began:6.1f} s  {accepted():6} accepted  {what}", flush=True)

        troubles = faults.Faults(running, desk, proxy, random.Random(chance.random()), tell, volume, clock)
        shoppers = [Shopper(http, None, random.Random(chance.random())) for _ in range(plan.shoppers)]
        work = jobs.prepare(running, http, plan.jobs, chance)
        everybody = [*shoppers, *(job.shopper for job in work)]
        readers = await around.enter_async_context(_tasks())

        async def begin(shopper: Shopper) -> None:
            await shopper.begin()
            for _ in range(shopper.chance.choice([1, 1, 2])):
                readers(shopper.follow())

        harm = asyncio.create_task(
            troubles.happen(
                enough=lambda: accepted() >= plan.messages,
                late=lambda: time.monotonic() - began > plan.seconds,
                pause=plan.between_faults,
                only=plan.faults,
            )
        )
        around.callback(harm.cancel)

        def goes_on() -> bool:
            return not harm.done()

        async def talk(shopper: Shopper) -> None:
            await begin(shopper)
            await chat(shopper, goes_on, plan.pause)

        desk.start()
        queue = iter(work)
        async with asyncio.TaskGroup() as talks:
            for shopper in shoppers:
                talks.create_task(talk(shopper))
            for _ in range(JOBS_AT_ONCE):
                talks.create_task(jobs.work_off(queue, begin, goes_on, plan.between_jobs))
        await harm
        desk.stop()
        report.facts["seconds"] = round(time.monotonic() - began)
        engine = connect(running.settings.database)
        around.callback(engine.dispose)
        everybody = [shopper for shopper in everybody if shopper.conversation]
        with suppress(TimeoutError):  # what is still missing then is lost
            await _rest(engine, proxy, everybody)
        _judge(running, engine, desk, everybody, [job for job in work if job.confirmed], report)
        await troubles.all_up()
        report.facts |= {
            "messages": accepted(),
            "connections_cut": proxy.cuts,
            "faults": dict(sorted(troubles.happened.items())),
        }
    return report


@asynccontextmanager
async def _tasks() -> AsyncIterator[Callable[[Any], None]]:
    """Begins coroutines that run until the block ends."""
    begun: list[asyncio.Task[None]] = []
    try:
        yield lambda coroutine: begun.append(asyncio.create_task(coroutine))
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def _rest(engine: Engine, proxy: CuttingProxy, everybody: Iterable[Shopper]) -> None:
    """Wait until no answer is owed and every reader has read to the end."""
    proxy.share = 0
    store = Store(engine)

    def unread() -> bool:
        for shopper in everybody:
            last = store.conversation(shopper.conversation).last_seq
            if last and any(not seen or seen[-1]["seq"] < last for seen in shopper.tabs):
                return True
        return False

    async with asyncio.timeout(SETTLES_WITHIN):
        for unsettled in (lambda: _owed(engine), unread):
            while await asyncio.to_thread(unsettled):  # noqa: ASYNC110
                await asyncio.sleep(0.3)


def _owed(engine: Engine) -> int:
    try:
        with engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(Turn)) or 0)
    except SQLAlchemyError:
        return 1


def _judge(
    running: Running,
    engine: Engine,
    desk: faults.Desk,
    everybody: Iterable[Shopper],
    work: Collection[jobs.Job],
    report: Report,
) -> None:
    store, breaches = Store(engine), report.breaches
    logs = {s.conversation: whole_log(store, s.conversation) for s in everybody}
    counts: dict[str, int] = dict.fromkeys(("answers", "failed_answers", "takeovers", "agents_messages"), 0)
    report.facts["refused_posts"] = Counter()
    for shopper in everybody:
        log, conversation = logs[shopper.conversation], shopper.conversation
        checks.check_log(conversation, log, breaches)
        moves = [event.move for event in store.events(conversation)]
        checks.check_events(conversation, log, moves, breaches)
        for sent in shopper.sent:
            stands = [m.seq for m in log if m.client_id == sent.client_id]
            checks.check_accepted(conversation, sent.client_id, stands, sent.seqs, breaches)
        for seen in shopper.tabs:
            checks.check_seen(conversation, log, seen, breaches)
        for what in shopper.unclean:
            breaches.add("unclean", conversation, what)
        counts["answers"] += len({m.reply_to for m in log} - {None})
        counts["failed_answers"] += sum(m.text == notices.text("failed") for m in log)
        report.facts["refused_posts"] += shopper.refused
        counts["takeovers"] += moves.count("take")
    for line in desk.written.read_text().splitlines():
        said = json.loads(line)
        log = logs.get(said["conversation"]) or whole_log(store, said["conversation"])
        stands = [m.seq for m in log if m.sender == "agent" and m.text == said["text"]]
        checks.check_accepted(said["conversation"], said["text"], stands, {said["seq"]}, breaches)
        counts["agents_messages"] += 1
    done = 0
    for job in work:
        job.close()
        times = jobs.records(running, job)
        done += times
        if times > 1:
            breaches.add("doubled", job.shopper.conversation, f"done {times} times in the shop")
        if job.told and not times:
            breaches.add("lost", job.shopper.conversation, "told to be done, but not in the shop")
    report.facts |= counts | {
        "jobs_confirmed": len(work),
        "jobs_done_in_shop": done,
    }


def whole_log(store: Store, conversation: str) -> list[Message]:
    """All messages of the conversation."""
    log: list[Message] = []
    while page := store.messages(conversation, after=log[-1].seq if log else 0, limit=PAGE):
        log += page
    return log


def transcript(log: Iterable[Message]) -> str:
    """The log for a person to read."""
    lines = [json.dumps({**public(m), "reply_to": m.reply_to}, ensure_ascii=False, default=str) for m in log]
    return "\n".join(lines)
