"""How many shoppers one front carries, and how fast. ``make load``, and --help for the options.

First the front alone: SQLite (or --database), an engine stub that answers in 5 ms, thousands of open streams
and messages at a steady rate. Then the whole stack with the real engine and fewer shoppers. Nothing is
asserted but that no message is lost, doubled or out of order; the figures depend on the machine and on what
else it does, which ``load`` tells.
"""

import argparse
import asyncio
import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import psutil
import uvloop

from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.migrations import upgrade
from bot.settings import ROOT, Settings
from tests.bench.load_shoppers import Calls, Seen, Shopper, connected, converse
from tests.servers import free_port
from tests.stack import running_stack

QUESTIONS = ["退货怎么退", "多久发货", "能开发票吗", "帮我查一下订单", "我的快递到哪了", "有优惠券吗", "你好"]
LENGTHS = (20, 2000)
OPENINGS = 30
PAGE = 50  # what the widget asks for
# All shoppers here have one address.
LIMITS = ("messages_per_minute", "address_messages_per_minute", "sessions_per_minute", "address_streams")


def main() -> None:
    options = _options()
    result: dict[str, Any] = {"cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory() as folder:
        if options.shoppers:
            wanted, options.shoppers = options.shoppers, _files_for(options.shoppers)
            if options.shoppers < wanted:
                print(f"Only {options.shoppers} of {wanted} shoppers: raise the hard limit of open files.")
            result["front alone"] = _front_alone(Path(folder), options)
        if options.stack_shoppers:
            result["whole stack"] = _whole_stack(Path(folder) / "stack", options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    print(json.dumps(result, ensure_ascii=False, indent=2))
    parts = [part for part in result.values() if isinstance(part, dict)]
    if any(part[wrong] for part in parts for wrong in ("lost", "doubled", "out of order", "refused")):
        sys.exit("Messages were refused, lost, doubled or out of order: see above.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shoppers", type=int, default=5000, help="on one front; 0 leaves this part out")
    parser.add_argument("--rate", type=float, default=200, help="messages a second, of all of them")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--database", default="", help="SQLAlchemy URL of an empty database, else SQLite")
    parser.add_argument("--stack-shoppers", type=int, default=300, help="0 leaves this part out")
    parser.add_argument("--stack-rate", type=float, default=10)
    parser.add_argument("--stack-seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "load.json")
    return parser.parse_args()


def _files_for(shoppers: int) -> int:
    """Allow as many open files as the shoppers need; how many shoppers that is."""
    spare = 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = shoppers + spare if hard == resource.RLIM_INFINITY else min(shoppers + spare, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return min(shoppers, max(soft, allowed) - spare)


def _front_alone(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    settings = Settings(
        data_dir=folder,
        database_url=options.database,
        front_port=free_port(),
        engine_url=f"http://127.0.0.1:{free_port()}",
        **dict.fromkeys(LIMITS, 10**6),
    )
    upgrade(settings.database)
    environment = {f"GUITAI_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    log = folder / "front.log"
    with (
        _process(folder / "engine.log", "tests.bench.load_engine", settings.engine_url.rpartition(":")[2]),
        _process(log, "bot.front", **environment) as front,
    ):
        _until_healthy(f"{settings.front}/healthz", log)
        return uvloop.run(_measure_front(settings, front, options))


async def _measure_front(
    settings: Settings, front: psutil.Process, options: argparse.Namespace
) -> dict[str, Any]:
    calls, seen = Calls(settings.front), Seen()
    texts = (f"第 {number} 个问题" for number in itertools.count(1))
    opening = await _openings(calls, Store(connect(settings.database)))
    # What is loaded or made once shall not count as the shoppers'.
    first = await connected(calls, 20, seen, echoed=True)
    await converse(calls, first, 50, 2, texts)
    before = front.memory_info().rss
    began = time.monotonic()
    shoppers = first + await connected(calls, options.shoppers - len(first), seen, echoed=True)
    connecting = time.monotonic() - began
    await asyncio.sleep(2)
    each = (front.memory_info().rss - before) / (len(shoppers) - len(first))
    result = await _talk(calls, shoppers, seen, front, texts, options.rate, options.seconds)
    return {
        "shoppers": len(shoppers),
        "seconds to connect them": round(connecting, 1),
        "MB before": round(before / 2**20, 1),
        "KB per shopper": round(each / 1024, 1),
        "MB at the end": round(front.memory_info().rss / 2**20, 1),
        **result,
        "ms to open": opening,
    }


def _whole_stack(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    os.environ |= {f"GUITAI_{name.upper()}": str(10**6) for name in LIMITS}
    with running_stack(folder) as running:
        return uvloop.run(_measure_stack(running.settings.front, running.process("front"), options))


async def _measure_stack(address: str, front: psutil.Process, options: argparse.Namespace) -> dict[str, Any]:
    calls, seen = Calls(address), Seen()
    texts = itertools.cycle(QUESTIONS)
    shoppers = await connected(calls, options.stack_shoppers, seen, echoed=False)
    await converse(calls, shoppers, 2, 3, texts, one_at_a_time=True)
    rate, seconds = options.stack_rate, options.stack_seconds
    result = await _talk(calls, shoppers, seen, front, texts, rate, seconds, one_at_a_time=True)
    return {"shoppers": len(shoppers), **result}


async def _talk(
    calls: Calls,
    shoppers: list[Shopper],
    seen: Seen,
    front: psutil.Process,
    texts: Iterator[str],
    rate: float,
    seconds: float,
    *,
    one_at_a_time: bool = False,
) -> dict[str, Any]:
    seen.accepted.clear()
    seen.answered.clear()
    busy, own = _cpu(front), time.process_time()
    began = time.monotonic()
    await converse(calls, shoppers, rate, seconds, texts, one_at_a_time=one_at_a_time)
    lasted = time.monotonic() - began
    for shopper in shoppers:
        shopper.close()
    return {
        "messages": len(seen.accepted),
        "messages a second": round(len(seen.accepted) / lasted, 1),
        "ms to accepted": _ms(seen.accepted),
        "ms to answer": _ms(seen.answered),
        "CPU of the front": f"{100 * (_cpu(front) - busy) / lasted:.0f} %",
        "CPU of the shoppers": f"{100 * (time.process_time() - own) / lasted:.0f} %",
        "load": round(os.getloadavg()[0], 1),
        "lost": sum(len(s.unseen) + len(s.unanswered) for s in shoppers),
        "doubled": seen.doubled,
        "out of order": seen.out_of_order,
        "refused": dict(seen.refused),
    }


async def _openings(calls: Calls, store: Store) -> dict[str, Any]:
    """Median milliseconds of what the widget does to open a short and a long conversation."""
    sessions = {}
    for length in LENGTHS:
        session = sessions[length] = await calls.call("POST", "/api/chat/sessions", body={})
        await asyncio.to_thread(_fill, store, session["conversation"], length)
    times: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for length in LENGTHS * OPENINGS:
        token, conversation = sessions[length]["token"], sessions[length]["conversation"]
        began = time.perf_counter()
        session = await calls.call("POST", "/api/chat/sessions", token, {"conversation": conversation})
        assert session["seq"] == length
        path = f"/api/chat/messages?after={length - min(length, PAGE)}&limit={PAGE}"
        history = await calls.call("GET", path, token)
        assert len(history["items"]) == min(length, PAGE)
        shopper = Shopper(session, Seen(), echoed=False)
        await shopper.open(calls)
        times[length].append((time.perf_counter() - began) * 1000)
        shopper.close()
    return {f"{length} messages": round(median(each), 1) for length, each in times.items()}


def _fill(store: Store, conversation: str, length: int) -> None:
    """An agent and a shopper talk until there are so many messages."""
    store.take(conversation, 1, "小王")
    while (seq := store.conversation(conversation).last_seq) < length:
        if seq % 2:
            store.receive(conversation, f"c{seq}", f"第 {seq} 句，讲的是同一件事。")
        else:
            store.say(conversation, 1, "小王", f"好的，第 {seq} 句。", f"a{seq}")


@contextmanager
def _process(log: Path, module: str, *arguments: str, **environment: str) -> Iterator[psutil.Process]:
    with log.open("wb") as errors:
        command = [sys.executable, "-m", module, *arguments]
        started = psutil.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stderr=errors)
    try:
        yield started
    finally:
        started.terminate()
        started.wait()


def _until_healthy(url: str, log: Path) -> None:
    for _ in range(150):
        with suppress(httpx.HTTPError):
            httpx.get(url).raise_for_status()
            return
        time.sleep(0.2)
    sys.exit(f"The front does not answer. Its last words: {log.read_text()[-500:]}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _ms(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {f"p{at}": round(cuts[at - 1] * 1000, 1) for at in (50, 95, 99)}


if __name__ == "__main__":
    main()
